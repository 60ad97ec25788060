"""How the story is printed: chapters, a line a move, quiet lines, tables; 100 columns, with a terminal or without."""

from __future__ import annotations

import sys
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 100
MARGIN = 15
"""Columns before the words of a line: the day and the product."""
ZONE = ZoneInfo("Europe/Moscow")


def console() -> Console:
    """Wide enough to be read in a file too."""
    made = Console(highlight=False)
    wide = made.width if sys.stdout.isatty() else WIDTH
    return Console(highlight=False, width=min(WIDTH, wide))


def local(text: str) -> datetime:
    """A local moment written as `2026-01-12 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def moment(text: str) -> datetime:
    """A moment as the API writes it, in local time."""
    return datetime.fromisoformat(text).astimezone(ZONE)


def day(at: datetime) -> str:
    """12 Jan"""
    return f"{at.astimezone(ZONE).day:2d} {at.astimezone(ZONE):%b}"


def due(text: str, now: datetime) -> str:
    """The last day of a term; the hour too where it does not end with a day, and the year where it is another one."""
    at = moment(text)
    whole = at.time() == time()
    last = at - timedelta(days=1) if whole else at
    year = "" if last.year == now.year else f" {last.year}"
    return f"{last:%a} {last.day} {last:%b}{year}" + ("" if whole else f" {last:%H:%M}")


class Narrator:
    """Prints; what happens is not its affair."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._chapter = 0

    def title(self, text: str) -> None:
        """The head of the story."""
        self._flow(Text(text, style="bold"))

    def chapter(self, title: str, when: str, *words: str) -> None:
        """A new chapter with what it is about."""
        self._chapter += 1
        self._out.print()
        self._out.print(Rule(Text(f"{self._chapter}. {title} · {when}", style="bold cyan"), align="left", style="cyan"))
        if words:
            self._flow(Text(" ".join(words), style="italic"))
            self._out.print()

    def move(self, at: datetime, what: str, says: str, then: str = "") -> None:
        """Who does what, and where that leads."""
        words = Text(says)
        if then:
            words.append(f" → {then}", style="green")
        self._line(day(at), what, words)

    def refused(self, at: datetime, what: str, says: str, status: int, detail: str) -> None:
        """What was not allowed, in the words of the API."""
        words = Text.assemble(says, (f" ✗ {status}: ", "bold red"), (detail, "red"))
        self._line(day(at), what, words)

    def quiet(self, at: datetime, what: str, says: str) -> None:
        """What happened by itself."""
        self._line(day(at), what, Text(says, style="dim"), style="dim")

    def note(self, text: str) -> None:
        """A word aside."""
        self._line("", "", Text(text, style="italic"))

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str | Text]], *, indent: bool = True) -> None:
        """A table, under the words of a line or at the margin."""
        made = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), width=None)
        for heading in headings:
            made.add_column(heading, overflow="fold")
        for row in rows:
            made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        with self._out.capture() as printed:
            self._out.print(made)
        for line in printed.get().rstrip().splitlines():
            shown = Text.from_ansi(line)
            shown.rstrip()
            self._out.print(Text(" " * MARGIN) + shown if indent else shown, soft_wrap=True)

    def _flow(self, words: Text) -> None:
        for line in words.wrap(self._out, self._out.width):
            line.rstrip()
            self._out.print(line, soft_wrap=True)

    def words(self, text: str) -> None:
        """A paragraph."""
        self._flow(Text(text))

    def plain(self, text: str = "", style: str = "") -> None:
        """Text as it is, its lines not broken: it may be copied."""
        self._out.print(Text(text, style=style), soft_wrap=True)

    def _line(self, when: str, what: str, words: Text, style: str = "") -> None:
        room = max(30, self._out.width - MARGIN)
        for number, line in enumerate(words.wrap(self._out, room)):
            line.rstrip()
            head = (
                (f"{when:6} ", style or "dim"),
                (f"{'' if what == 'campaign' else what.partition('/')[0]:7} ", style or "bold"),
            )
            self._out.print(Text.assemble(*(head if number == 0 else (" " * MARGIN,)), line), soft_wrap=True)
