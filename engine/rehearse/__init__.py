"""Scenarios run by the real services on SQLite in memory, with a manual clock and mocked calls."""
