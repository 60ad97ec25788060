"""The head of a message template: its subject, and under it what else there is to say of how it is sent."""

from __future__ import annotations

from dataclasses import dataclass

SUBJECT = "Subject:"
HEAD = 4_000
"""Characters in which a head ends."""
HEADERS = {"Digest": ("daily",)}
"""Headers that a template may have, and what they may say."""


class BadHead(ValueError):
    """A head that cannot be read; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


@dataclass(frozen=True, slots=True)
class Head:
    """`subject` as it is written, `daily` whether the letter waits for the day's digest, `length` in lines."""

    subject: str
    daily: bool
    length: int


def read_head(lines: list[str]) -> Head:
    """The head of a template, up to its blank line. Raises BadHead."""
    first = lines[0] if lines else ""
    if not first.startswith(SUBJECT) or not first.removeprefix(SUBJECT).strip():
        raise BadHead(1, f"begin with the line '{SUBJECT} …' and a blank line")
    said: dict[str, str] = {}
    length = 1
    for line in lines[1:]:
        if not line.strip():
            break
        length += 1
        name, value = _header(line, length)
        if name in said:
            raise BadHead(length, f"'{name}:' is there twice; say it once")
        said[name] = value
    return Head(first.removeprefix(SUBJECT), said.get("Digest") == "daily", length)


def is_daily(source: str) -> bool:
    """Whether letters of this template wait for the day's digest; not where its head cannot be read."""
    try:
        return read_head(source[:HEAD].splitlines()).daily
    except BadHead:
        return False


def _header(line: str, number: int) -> tuple[str, str]:
    name, colon, value = (part.strip() for part in line.partition(":"))
    known = ", ".join(f"'{header}: {' | '.join(values)}'" for header, values in HEADERS.items())
    if not colon or name not in HEADERS:
        raise BadHead(number, f"under '{SUBJECT} …' comes a blank line, or {known}")
    if value not in HEADERS[name]:
        raise BadHead(number, f"'{name}:' may be {' or '.join(HEADERS[name])}, not '{value[:40]}'")
    return name, value
