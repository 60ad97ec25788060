"""Signatures of certificates (PAdES): making them, and reading those of files that somebody brings."""
