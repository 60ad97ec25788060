"""The pure core: definitions, expressions, calendars, cases and the step; no I/O, no clock, no SQL, no threads."""
