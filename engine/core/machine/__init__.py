"""Compiled regions and the step; the only importer of transitions."""
