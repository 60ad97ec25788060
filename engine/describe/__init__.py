"""Words and pictures from a definition or a case."""
