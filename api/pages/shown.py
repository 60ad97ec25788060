"""Entries as pages show them: the lines of a list, and what each revision changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.pages.facts import Row, Shown
from engine.service.known_facts import VALID_UNTIL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from api.pages.facts import Telling
    from engine.service.public import EntryPage
    from engine.service.views import EntryView

TITLES = ("designation", "product", "product_name", "name")
"""Facts by which people know a product, the best first."""
IN_A_LIST = ("tax_id", "code", VALID_UNTIL)
TONES = {
    "listed": "good",
    "valid": "good",
    "suspended": "held",
    "early": "held",
    "not_yet": "held",
    "void": "held",
    "partly": "held",
}
"""How a status looks; all others have ended."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in a list."""

    entry_no: str
    title: str
    holder: str
    status: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that a revision changed."""

    label: str
    was: Shown
    now: Shown


@dataclass(frozen=True, slots=True)
class Past:
    """A revision in an entry's history; `today` it is the one that holds."""

    revision: int
    status: str
    reason: str
    counts: str
    recorded: str
    today: bool
    changes: tuple[Change, ...]


def tone(status: str) -> str:
    """good, held or ended."""
    return TONES.get(status, "ended")


def title_of(facts: Mapping[str, Any], entry_no: str) -> str:
    """What an entry is known by."""
    return next((str(facts[name]) for name in TITLES if facts.get(name)), entry_no)


def line_of(entry: EntryView, stands: str, telling: Telling) -> Line:
    """An entry in a list, as it stands on the day that is looked for."""
    facts = {name: entry.facts[name] for name in IN_A_LIST if name in entry.facts}
    return Line(
        entry.entry_no,
        title_of(entry.facts, entry.entry_no),
        str(entry.facts.get("holder") or ""),
        stands,
        telling.rows(facts),
    )


def past_of(page: EntryPage, telling: Telling) -> tuple[Past, ...]:
    """All revisions, the last one first."""
    return tuple(reversed(list(_past(page, telling))))


def _past(page: EntryPage, telling: Telling) -> Iterator[Past]:
    before: EntryView | None = None
    for one in page.revisions:
        reasons: Mapping[str, str] = telling.words["reason"]
        yield Past(
            one.revision,
            one.status,
            reasons.get(one.reason, one.reason),
            telling.moment(one.effective_from),
            telling.moment(one.recorded_at),
            today=page.today is not None and page.today.revision == one.revision,
            changes=() if before is None else tuple(_changes(before, one, telling)),
        )
        before = one


def _changes(before: EntryView, after: EntryView, telling: Telling) -> Iterator[Change]:
    was, now = ({row.name: row for row in telling.rows(view.facts)} for view in (before, after))
    for name in {**was, **now}:
        old, new = was.get(name), now.get(name)
        if (old and old.value) != (new and new.value):
            label = (new or was[name]).label
            yield Change(label, old.value if old else Shown(), new.value if new else Shown())
