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


def due(text: str) -> str:
    """The last day of a term; the hour too where it does not end with a day."""
    at = moment(text)
    if at.time() == time():
        return f"{at - timedelta(days=1):%a %-d %b}"
    return f"{at:%a %-d %b %H:%M}"


class Narrator:
    """Prints; what happens is not its affair."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._chapter = 0

    def title(self, text: str) -> None:
        """The head of the story."""
        self._out.print(Text(text, style="bold"))

    def chapter(self, title: str, when: str, *words: str) -> None:
        """A new chapter with what it is about."""
        self._chapter += 1
        self._out.print()
        self._out.print(Rule(Text(f"{self._chapter}. {title} · {when}", style="bold cyan"), align="left", style="cyan"))
        for paragraph in words:
            self._out.print(Text(paragraph, style="italic"))

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

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str = "") -> None:
        """A table."""
        made = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for heading in headings:
            made.add_column(heading, overflow="fold")
        for row in rows:
            made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        self._out.print(made)

    def plain(self, text: str = "", style: str = "") -> None:
        """Text as it is, its lines not broken: it may be copied."""
        self._out.print(Text(text, style=style), soft_wrap=True)

    def _line(self, when: str, what: str, words: Text, style: str = "") -> None:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=6, style=style or "dim")
        grid.add_column(width=6, style=style or "bold", no_wrap=True)
        grid.add_column(width=max(20, self._out.width - 15))
        grid.add_row(when, what, words)
        self._out.print(grid)
