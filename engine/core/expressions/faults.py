"""A static error at a place in an expression; how it becomes a diagnostic of a file is left to the loader.

Codes: WF030 syntax · WF031 unknown field or name · WF032 types that do not fit · WF033 wrong function or arguments ·
WF034 too long, too deep or too costly · WF035 not available here.
"""

from __future__ import annotations

SYNTAX = "WF030"
UNKNOWN = "WF031"
MISMATCH = "WF032"
FUNCTION = "WF033"
TOO_MUCH = "WF034"
UNAVAILABLE = "WF035"


class ExpressionFault(Exception):
    """A static error; `offset` and `length` count characters of the source, `hint` says what would be right."""

    def __init__(self, code: str, message: str, *, offset: int, length: int, hint: str | None = None) -> None:
        self.code, self.message = code, message
        self.offset, self.length, self.hint = offset, length, hint
        super().__init__(f"{code} {message}")

    def with_hint(self, hint: str) -> ExpressionFault:
        """The same fault with a better hint."""
        return ExpressionFault(self.code, self.message, offset=self.offset, length=self.length, hint=hint)
