"""Facts of a workflow as people read them: labels, dates and numbers in their language, and bounds for what is endless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.core.calendars.in_words import day_in_words, moment_in_words
from engine.core.plain import one_line, plain

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from engine.core.naming import Field, Text

MOST_TEXT = 2000
MOST_ITEMS = 100
MOST_DEEP = 4
MOST_LABEL = 120


@dataclass(frozen=True, slots=True)
class Shown:
    """A value to be shown: a text that is somebody's (`theirs`) or ours, or items, or rows with labels."""

    text: str = ""
    theirs: bool = False
    items: tuple[Shown, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A label, and what stands beside it; `name` is the fact's own."""

    label: str
    value: Shown
    name: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """Says values in one language and zone; `fields` are the workflow's own for facts that are a field of it."""

    words: Mapping[str, Any]
    language: str
    zone: ZoneInfo
    fields: Mapping[str, Field] = field(default_factory=dict)

    def rows(self, facts: Mapping[str, Any], *, without: tuple[str, ...] = ()) -> tuple[Row, ...]:
        """Facts with their labels, the usual ones first and in their usual order."""
        order = {name: place for place, name in enumerate(self.words["facts"])}
        names = sorted((n for n in facts if n not in without), key=lambda n: (order.get(n, len(order)), n))
        found = tuple(
            Row(self.label(name), self.value(facts[name], self.fields.get(name)), name) for name in names[:MOST_ITEMS]
        )
        return tuple(row for row in found if row.value != Shown())

    def label(self, name: str) -> str:
        """The workflow's title where it has one for this reader, else the usual words, else the name."""
        own, usual = self.fields.get(name), self.words["facts"].get(name)
        if own is not None and own.title is not None and (usual is None or self._speaks(own.title)):
            return one_line(own.title.say(self.language), limit=MOST_LABEL)
        return usual or one_line(name.replace("_", " "), limit=MOST_LABEL).capitalize()

    def value(self, value: object, own: Field | None = None, depth: int = 0) -> Shown:
        """A value, whatever it is; nothing where it says nothing."""
        if value is None or value in ("", (), {}):
            return Shown()
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, list | tuple):
            return self._items(value, own, depth)
        if isinstance(value, str):
            option = None if own is None else own.options.get(value)
            return Shown(self._cut(option.say(self.language) if option is not None else value), theirs=True)
        return Shown(self._plain(value))

    def day(self, day: date) -> str:
        """A day, or the local day of a moment."""
        local = day.astimezone(self.zone).date() if isinstance(day, datetime) else day
        return _together(day_in_words(local, locale=self.language, zone=self.zone))

    def moment(self, moment: datetime) -> str:
        """A moment, to the minute."""
        return _together(moment_in_words(moment, locale=self.language, zone=self.zone))

    def count(self, number: int) -> str:
        """How many, in groups of three digits."""
        return f"{number:,}".replace(",", str(self.words["site"]["thousands"]))

    def _plain(self, value: object) -> str:
        if isinstance(value, bool):
            return str(self.words["site"]["yes" if value else "no"])
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, int | Decimal):
            return self._number(value)
        return self._cut(str(value))

    def _number(self, value: int | Decimal) -> str:
        site = self.words["site"]
        return (
            f"{value:,f}".translate({ord(","): site["thousands"], ord("."): site["decimal"]})
            if (isinstance(value, Decimal))
            else str(value)
        )

    def _mapping(self, value: Mapping[str, Any], depth: int) -> Shown:
        if value.keys() == {"amount", "currency"}:
            return Shown(f"{self._plain(value['amount'])} {self._cut(str(value['currency']))}")
        if depth >= MOST_DEEP:
            return Shown("…")
        rows = tuple(
            Row(self.words["facts"].get(name) or one_line(name.replace("_", " "), limit=MOST_LABEL).capitalize(), shown)
            for name, inner in list(value.items())[:MOST_ITEMS]
            if (shown := self.value(inner, None, depth + 1)) != Shown()
        )
        return Shown(rows=rows)

    def _items(self, value: list[Any] | tuple[Any, ...], own: Field | None, depth: int) -> Shown:
        if depth >= MOST_DEEP:
            return Shown("…")
        item = own.item if own is not None else None
        items = [self.value(inner, item, depth + 1) for inner in value[:MOST_ITEMS]]
        if len(value) > MOST_ITEMS:
            items.append(Shown(self.words["site"]["more"].format(count=len(value) - MOST_ITEMS)))
        return items[0] if len(items) == 1 else Shown(items=tuple(items))

    def _cut(self, text: str) -> str:
        if len(text) <= MOST_TEXT:
            return plain(text).strip()
        return plain(text[:MOST_TEXT]).strip() + str(self.words["site"]["cut"].format(count=len(text)))

    def _speaks(self, title: Text) -> bool:
        return any(name == self.language for name, _ in title.values)


def _together(words: str) -> str:
    """A day that no line ends in the middle of: its month stays with it, and in Russian the year with its word."""
    return words.replace(" ", "\u00a0", 1).replace(" г.", "\u00a0г.")
