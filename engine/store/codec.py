"""Case ⇄ rows without loss; which statements carry the rows is left to outgoing.py.

Data lies by group, memory, opener and parent as one text each, positions and timers as rows with a place each.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from engine.core.case import Actor, Case, Memory, Parent, Position, Timer
from engine.core.naming import group_of
from engine.core.values import as_restored, parse_instant, plain_text, read_text, restore
from engine.store.packing import pack, unpack
from engine.store.records import CaseSummary
from engine.store.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from datetime import datetime

K = TypeVar("K")
V = TypeVar("V")

TURN = "@turn"
ASSIGNEE = "@assignee"
WORD = "@word"
_WORD = re.compile(r"\w+")
_WORDS_AT_MOST = 32
_LONGEST = 200


POSITION_COLUMNS = ("place", "state", "entry", "entered_at", "finished")
TIMER_COLUMNS = ("place", "key", "state", "entry", "deadline", "kind", "rung", "due")
"""In which a case's positions and timers are read beside it."""


class Held(NamedTuple):
    """A case and how it lies in the database: the value and what is compared when it is written.

    `search` None: none of its index rows is there yet. A tuple, as every step makes three of them.
    """

    row: int
    case: Case
    version_id: int
    hash: str
    unique_key: str | None
    search: Mapping[str, str] | None
    places: Mapping[str, int]
    timer_places: Mapping[str, int]
    received_at: datetime

    def received(self, at: datetime) -> Held:
        """Locked anew, at a moment."""
        return Held(*self[:8], at)

    def stepped(self, case: Case, digest: str, unique_key: str | None, search: Mapping[str, str] | None) -> Held:
        """After a step."""
        return Held(self.row, case, self.version_id, digest, unique_key, search, *self[6:])

    def laid(self, places: Mapping[str, int], timer_places: Mapping[str, int]) -> Held:
        """As it lies in the database once it is written."""
        return Held(*self[:6], places, timer_places, self.received_at)


def sections(data: Mapping[str, Any], wanted: Container[str]) -> dict[str, dict[str, Any]]:
    """Data by group, of the groups wanted."""
    found: dict[str, dict[str, Any]] = {}
    for path, value in data.items():
        group = group_of(path)
        if group in wanted:
            found.setdefault(group, {})[path] = value
    return found


def changed_sections(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The groups in which a value differs, by identity first."""
    if after is before:
        return set()
    changed = {group_of(path) for path in before.keys() - after.keys()}
    for path, value in after.items():
        old = before.get(path)
        if old is not value and (old != value or type(old) is not type(value)):
            changed.add(group_of(path))
    return changed


def arrange(
    places: Mapping[K, int], before: Mapping[K, V], after: Sequence[tuple[K, V]]
) -> tuple[dict[K, int], list[K], list[tuple[int, V]]]:
    """New places, keys that are gone, and (place, value) to put, so that place gives the order and few rows are touched."""
    kept: dict[K, int] = {}
    written: list[tuple[int, V]] = []
    alive = {key for key, _ in after}
    dropped = [key for key in before if key not in alive]
    last = -1
    for key, value in after:
        place = places.get(key, -1)
        if place <= last or before.get(key) != value:
            place = max(place, last + 1)
            written.append((place, value))
        kept[key] = last = place
    return kept, dropped, written


def as_read(held: Held, before: Held | None) -> Held:
    """With its data in the order in which they are read back: by group, then by path; `before`: as it was read before."""
    data = held.case.data
    known: Mapping[str, Any] = {} if before is None else before.case.data
    if data is known or isinstance(data, Unread):  # the latter is as it was read
        return held
    paths = known if known.keys() == data.keys() else sorted(data, key=lambda path: (group_of(path), path))
    ordered = {path: data[path] if known.get(path) is data[path] else as_restored(data[path]) for path in paths}
    return Held(held.row, replace(held.case, data=ordered), *held[2:])


def case_columns(case: Case) -> dict[str, Any]:
    """The columns of the case's own row that a step may change, but for those by which it is listed."""
    return {
        "last_at": case.last_at,
        "seq": case.seq,
        "revision": case.revision,
        "leaves": plain_text(case.leaves),
        "turn": plain_text(case.turn),
        "memory": pack(case.memory),
    }


def listed_columns(case: Case) -> dict[str, Any]:
    """The columns that indexes have: SQLite writes their entries anew wherever they are set, changed or not."""
    return {
        "number": case.number,
        "closed_at": case.closed_at,
        "outcome": case.outcome,
        "next_due": min([t.due for t in case.timers if t.kind == "due"], default=None),
        "overdue_since": overdue_since(case),
    }


def opening_columns(case: Case) -> dict[str, Any]:
    """The columns of the case's own row that never change."""
    return {
        "public_id": case.id,
        "workflow": case.workflow,
        "opened_at": case.opened_at,
        "opened_by": pack(case.opened_by),
        "parent": None if case.parent is None else pack(case.parent),
    }


def overdue_since(case: Case) -> datetime | None:
    """The first due moment that has fired in a state the case is still in and that no later one follows."""
    fired = [(key, track.fired) for key, track in case.memory.tracks.items() if track.fired is not None]
    if not fired:
        return None
    ahead = {f"{t.state}#{t.entry}:{t.deadline}" for t in case.timers if t.kind == "due"}
    active = {f"{p.state}#{p.entry}" for p in case.positions if not p.finished}
    return min((at for key, at in fired if key not in ahead and key.rpartition(":")[0] in active), default=None)


def held_in(row: Any) -> Held:
    """The case of a row that has beside it what other tables have of the case: texts of its data, positions and timers."""
    positions, timers = _in_place(row.positions), _in_place(row.timers)
    case = _case_of(
        row,
        tuple([Position(state, n, parse_instant(at), bool(finished)) for _, state, n, at, finished in positions]),
        tuple(
            [Timer(state, n, name, kind, rung, parse_instant(due)) for *_, state, n, name, kind, rung, due in timers]
        ),
    )
    return Held(
        row.id,
        case,
        row.version_id,
        row.hash,
        row.unique_key,
        Unread(row.search, restore),
        {state: place for place, state, *_ in positions},
        {key: place for place, key, *_ in timers},
        row.last_at,
    )


def _in_place(texts: str | None) -> list[list[Any]]:
    """The rows of a table, their places first; plain texts and small numbers, which are what JSON says."""
    return read_text(f"[{texts}]", sorted) if texts else []


def _case_of(row: Any, positions: tuple[Position, ...], timers: tuple[Timer, ...]) -> Case:
    return Case(
        id=row.public_id,
        workflow=row.workflow,
        number=row.number,
        opened_at=row.opened_at,
        opened_by=_actor_of(row.opened_by),
        last_at=row.last_at,
        data=Unread(row.data, _data_of) if row.data else {},
        positions=positions,
        timers=timers,
        memory=unpack(Memory, row.memory),
        parent=None if row.parent is None else unpack(Parent, row.parent),
        seq=row.seq,
        revision=row.revision,
        closed_at=row.closed_at,
        outcome=row.outcome,
        turn=_turn_of(row.turn),
    )


def _data_of(texts: str) -> dict[str, Any]:
    """Of the texts of its groups."""
    values: dict[str, Any] = {}
    for section in restore(f"[{texts}]"):
        values.update(section)
    return values


@lru_cache(maxsize=1024)
def _turn_of(text: str) -> tuple[str, ...]:
    """Remembered, as most cases wait for the same few roles."""
    turn: tuple[str, ...] = restore(text)
    return turn


@lru_cache(maxsize=1024)
def _actor_of(text: str) -> Actor:
    """Remembered, as a few people open most cases."""
    return unpack(Actor, text)


def index_of(row: Any) -> Mapping[str, str]:
    """The searchable fields in the case's own row."""
    index: Mapping[str, str] = restore(row.search)
    return index


def summary_of(row: Any) -> CaseSummary:
    """The line of a list."""
    return CaseSummary(
        row=row.id,
        id=row.public_id,
        number=row.number,
        workflow=row.workflow,
        version_id=row.version_id,
        leaves=restore(row.leaves),
        turn=restore(row.turn),
        opened_at=row.opened_at,
        last_at=row.last_at,
        closed_at=row.closed_at,
        outcome=row.outcome,
        parent_id=None if row.parent is None else restore(row.parent)["id"],
        next_due=row.next_due,
        overdue_since=row.overdue_since,
        seq=row.seq,
        revision=row.revision,
        index=index_of(row),
    )


def words(texts: Iterable[str]) -> set[str]:
    """The single words of texts, in one case, not too many."""
    found: dict[str, None] = {}
    for text in texts:
        found.update(dict.fromkeys(word[:_LONGEST] for word in _WORD.findall(text.casefold())))
        if len(found) >= _WORDS_AT_MOST:
            break
    return set(list(found)[:_WORDS_AT_MOST])


def search_rows(number: str | None, index: Mapping[str, str]) -> set[tuple[str, str]]:
    """What a case is found by beside its turn, as (path, value): its searchable fields, and single words of all that is text."""
    rows = {(path, search_value(value)) for path, value in index.items()}
    rows.update((WORD, word) for word in words([*([number] if number else []), *index.values()]))
    return rows


def work_rows(case: Case) -> set[tuple[str, str]]:
    """Whose move it is, and who has work or is offered it, as (path, value)."""
    rows = {(TURN, search_value(who)) for who in case.turn}
    for one in case.memory.assigned.values():
        people = one.offered if one.claimed is None else (one.claimed,)
        rows.update((ASSIGNEE, search_value(person)) for person in people)
    return rows


def search_text(index: Mapping[str, str]) -> str:
    """The searchable fields as they lie in the case's own row."""
    return plain_text(dict(index))


def search_value(text: str) -> str:
    """A text as it lies in the index: long ones are cut."""
    return text[:_LONGEST]
