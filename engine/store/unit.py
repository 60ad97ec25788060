"""What a transaction has changed of cases and not yet written: several commands may share one, each whole or not at all.

Rows are written as late as they can be: a case that took many steps is written once, rows of one table go out together
(DESIGN §3). What the database holds is `base`, what is true inside the transaction is `held`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen
from engine.core.values import canonical
from engine.store.codec import (
    arrange,
    case_columns,
    changed_sections,
    listed_columns,
    search_rows,
    search_text,
    sections,
    work_rows,
)
from engine.store.news import News
from engine.store.outgoing import (
    DELETE_INDEX,
    DELETE_POSITION,
    DELETE_SECTION,
    DELETE_TIMER,
    INSERT_EFFECT,
    INSERT_INDEX,
    INSERT_STEP,
    ORDER,
    PUT_POSITION,
    PUT_SECTION,
    PUT_TIMER,
    UPDATE_CASE,
    UPDATE_LISTED_CASE,
    UPDATE_SEARCH,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from engine.core.case import Position, Timer
    from engine.store.codec import Held
    from engine.store.link import Link
    from engine.store.writes import Write

    Add = Callable[[Write, Sequence[dict[str, Any]]], None]

Rows = dict["Write", list[dict[str, Any]]]
CASE_TABLES = frozenset({"case", "case_section", "position", "timer", "case_index"})


@frozen
class Mark:
    """A unit as it was before a command."""

    base: Mapping[str, Held]
    held: Mapping[str, Held]
    touched: Mapping[str, None]
    known: Mapping[tuple[str, ...], Any]
    lengths: Mapping[Write, int]
    changes: int


class Unit:
    """One transaction on one connection. `kept` gives cases as earlier transactions left them."""

    def __init__(self, link: Link, kept: Callable[[str], Held | None]) -> None:
        self.link, self.kept = link, kept
        self.base: dict[str, Held] = {}
        self.held: dict[str, Held] = {}
        self.known: dict[tuple[str, ...], Any] = {}  # answers to questions whose rows wait: by kind and name
        self.news: News | None = None  # what others will want to hear of when it is committed
        self.repeated = False  # the work has run before
        self.expected: tuple[str, ...] = ()  # cases that this command and the next ones lock
        self.read_ahead: dict[str, Held] = {}  # of those: as the database has them
        self.gone: set[str] = set()  # cases that are no cases any more
        self.shared = False  # with commands of other cases, so that locks are taken in an order that is not one case's
        self._touched: dict[str, None] = {}
        self._rows: Rows = {}
        link.waiting.clear()
        link.write_out = self.write_out

    def mark(self) -> Mark:
        """Where to come back to."""
        lengths = {write: len(rows) for write, rows in self._rows.items()}
        return Mark(dict(self.base), dict(self.held), dict(self._touched), dict(self.known), lengths, self.link.changes)

    def undo(self, mark: Mark) -> bool:
        """Forgets what came after the mark; False where some of it is in the database already."""
        if self.link.changes != mark.changes:
            return False
        self.base, self.held = dict(mark.base), dict(mark.held)
        self._touched, self.known = dict(mark.touched), dict(mark.known)
        for write, rows in self._rows.items():
            del rows[mark.lengths.get(write, 0) :]
        return True

    def found(self, held: Held) -> None:
        """A locked case, as the database has it."""
        self.base[held.case.id] = self.held[held.case.id] = held

    def change(self, held: Held) -> None:
        """A locked case, as it is from now on."""
        self.held[held.case.id] = held
        self._touched[held.case.id] = None
        self.link.waiting |= CASE_TABLES

    def next_cases(self, case_id: str, most: int) -> list[str]:
        """This one, and those that will be locked after it and are not known here."""
        place = self.expected.index(case_id) if case_id in self.expected else 0
        after = self.expected[place + 1 : place + most]
        return [case_id, *(one for one in after if one not in self.held and self.kept(one) is None)]

    def forget(self, case_id: str) -> None:
        """A locked case that was pruned: nobody starts from it any more."""
        self.base.pop(case_id, None)
        self.held.pop(case_id, None)
        self.gone.add(case_id)

    def add(self, write: Write, **row: Any) -> None:
        """A row to be inserted."""
        self._rows.setdefault(write, []).append(row)
        self.link.waiting |= write.tables
        if write is INSERT_EFFECT:
            self.tell(News.EFFECTS)
        elif write is INSERT_STEP:
            self.tell(News.STEPS)

    def tell(self, news: News) -> None:
        """Others will want to hear of this; effects say more than steps."""
        self.news = news if self.news is None or news is News.EFFECTS else self.news

    def drop(self) -> None:
        """Forgets everything: the transaction was rolled back."""
        self._rows, self._touched = {}, {}
        self.link.waiting.clear()

    def write_out(self) -> None:
        """Everything that waits, a table at a time."""
        if not self.link.waiting:
            return
        self.link.waiting.clear()
        rows, self._rows = self._rows, {}
        for case_id in self._touched:
            held = _changed(self.base[case_id], self.held[case_id], rows)
            self.base[case_id] = self.held[case_id] = held
        self._touched.clear()
        self.link.write([(write, rows[write]) for write in sorted(rows, key=ORDER.__getitem__) if rows[write]])


def _changed(base: Held, held: Held, rows: Rows) -> Held:
    """Adds the rows between a case as it lies in the database and as it is now; returns it as it lies there then."""

    def add(write: Write, found: Sequence[dict[str, Any]]) -> None:
        if found:
            rows.setdefault(write, []).extend(found)

    row, case = base.row, held.case
    _sections(base, held, add)
    places = _positions(base, case.positions, add)
    timer_places = _timers(base, case.timers, add)
    old, new = _found_by(base, held)
    add(DELETE_INDEX, [{"row": row, "path": p, "value": v} for p, v in sorted(old - new)])
    add(INSERT_INDEX, [{"case_id": row, "path": p, "value": v} for p, v in sorted(new - old)])
    if held.hash != base.hash:
        listed = listed_columns(case)
        columns = {"row": row, "hash": held.hash, **case_columns(case)}
        if base.search is not None and listed == listed_columns(base.case):
            add(UPDATE_CASE, [columns])
        else:  # also of a case that was opened here: its row says what it was then
            add(UPDATE_LISTED_CASE, [columns | listed])
    if (held.unique_key, held.search) != (base.unique_key, base.search) and base.search is not None:
        add(UPDATE_SEARCH, [{"row": row, "unique_key": held.unique_key, "search": search_text(held.search or {})}])
    return held.laid(places, timer_places)


def _found_by(base: Held, held: Held) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The index rows before and after, as far as they can differ."""
    old: set[tuple[str, str]] = set()
    new: set[tuple[str, str]] = set()
    fresh = base.search is None
    was, now = base.case, held.case
    if fresh or was.turn != now.turn or was.memory.assigned is not now.memory.assigned:
        old |= set() if fresh else work_rows(was)
        new |= work_rows(now)
    if base.search is None or (base.case.number, base.search) != (held.case.number, held.search):
        old |= set() if base.search is None else search_rows(base.case.number, base.search)
        new |= search_rows(held.case.number, held.search or {})
    return old, new


def _sections(base: Held, held: Held, add: Add) -> None:
    changed = changed_sections(base.case.data, held.case.data)
    if not changed:
        return
    new = sections(held.case.data, changed)
    add(PUT_SECTION, [{"case_id": base.row, "section": key, "data": canonical(new[key])} for key in sorted(new)])
    add(DELETE_SECTION, [{"row": base.row, "key": key} for key in sorted(changed - new.keys())])


def _positions(base: Held, positions: tuple[Position, ...], add: Add) -> Mapping[str, int]:
    if base.case.positions == positions:
        return base.places
    places, dropped, written = arrange(
        base.places, {p.state: p for p in base.case.positions}, [(p.state, p) for p in positions]
    )
    add(DELETE_POSITION, [{"row": base.row, "key": key} for key in dropped])
    rows = [
        {
            "case_id": base.row,
            "place": place,
            "state": p.state,
            "entry": p.entry,
            "entered_at": p.entered_at,
            "finished": p.finished,
        }
        for place, p in written
    ]
    add(PUT_POSITION, rows)
    return places


def _timers(base: Held, timers: tuple[Timer, ...], add: Add) -> Mapping[str, int]:
    if base.case.timers == timers:
        return base.timer_places
    places, dropped, written = arrange(
        base.timer_places, {t.key: t for t in base.case.timers}, [(t.key, t) for t in timers]
    )
    add(DELETE_TIMER, [{"row": base.row, "key": key} for key in dropped])
    rows = [
        {
            "case_id": base.row,
            "place": place,
            "key": t.key,
            "state": t.state,
            "entry": t.entry,
            "deadline": t.deadline,
            "kind": t.kind,
            "rung": t.rung,
            "due": t.due,
            "workflow": base.case.workflow,
        }
        for place, t in written
    ]
    add(PUT_TIMER, rows)
    return places
