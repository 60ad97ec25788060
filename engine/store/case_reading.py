"""Reading cases: whole ones, lists, timers that are due; changing them is left to case_writing.py."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, or_, select, true, tuple_

from engine.store.bounded import bounded
from engine.store.codec import (
    ASSIGNEE,
    POSITION_COLUMNS,
    TIMER_COLUMNS,
    TURN,
    WORD,
    held_in,
    search_value,
    summary_of,
    words,
)
from engine.store.columns import listed, together
from engine.store.records import After, CaseFilter, CaseSummary, StoredCase
from engine.store.session import Session
from engine.store.skipping import values_of
from engine.store.statement import Statement
from engine.store.tables import CASE, CASE_INDEX, CASE_LINK, CASE_SECTION, POSITION, TIMER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, ScalarSelect, Select

    from engine.store.codec import Held
    from engine.store.link import Asked

C = CASE.c
_ID = bindparam("case_id", type_=C.public_id.type)
_LATE = CASE.alias("late")
LAST = "\U0010ffff"


def _beside(texts: ColumnElement[str], table: Any) -> ScalarSelect[str]:
    """What a table has of a case, as one text: each row that is fetched costs a change of threads."""
    return select(together(texts)).where(table.c.case_id == C.id).correlate(CASE).scalar_subquery()


_WHOLE = select(
    CASE,
    _beside(CASE_SECTION.c.data, CASE_SECTION).label("data"),
    _beside(listed(*(POSITION.c[name] for name in POSITION_COLUMNS)), POSITION).label("positions"),
    _beside(listed(*(TIMER.c[name] for name in TIMER_COLUMNS)), TIMER).label("timers"),
)
WHOLE_CASE = Statement(_WHOLE.where(C.public_id == _ID))
_IDS = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
WHOLE_CASES = Statement(_WHOLE.where(C.public_id.in_(_IDS)))
"""Some cases at once, on SQLite, by a JSON list of their ids."""
VERSION_OF = Statement(select(C.version_id).where(C.public_id == _ID))
NUMBER_OF = Statement(select(C.number).where(C.public_id == _ID))
ID_OF_NUMBER = Statement(
    select(C.public_id).where(C.number == bindparam("number"), C.pruned_at.is_(None)).order_by(C.id).limit(1)
)
UNIQUE_HOLDER = Statement(
    select(C.public_id, C.number).where(C.workflow == bindparam("workflow"), C.unique_key == bindparam("key"))
)
CHILDREN = Statement(
    select(CASE)
    .join(CASE_LINK, CASE_LINK.c.case_id == C.id)
    .where(CASE_LINK.c.parent_id == select(C.id).where(C.public_id == _ID).correlate(None).scalar_subquery())
    .order_by(C.id)
)
_WORKFLOWS = values_of(TIMER, "workflow")
_SOONEST = select(TIMER.c.due).where(TIMER.c.workflow == _WORKFLOWS.c.workflow).order_by(TIMER.c.due).limit(1)
WORKFLOWS_DUE = Statement(
    select(_WORKFLOWS.c.workflow, _SOONEST.scalar_subquery().label("due")).where(_WORKFLOWS.c.workflow.is_not(None))
)
"""Each workflow with timers, and when its first is due."""
_DUE = TIMER.c.due <= bindparam("until")
_SOON = (
    select(TIMER.c.case_id, TIMER.c.due)
    .where(TIMER.c.workflow == bindparam("workflow"), _DUE)
    .order_by(TIMER.c.due)
    .limit(bindparam("rows"))
    .subquery()
)
_FIRST = func.min(_SOON.c.due, type_=TIMER.c.due.type).label("due")
DUE_TIMERS = Statement(
    select(C.public_id, _FIRST, func.count().label("timers"))
    .join(_SOON, _SOON.c.case_id == C.id)
    .group_by(C.public_id)
    .order_by("due", C.public_id)
    .limit(bindparam("limit"))
)
TIMERS_A_CASE = 8
"""So many timers are looked at for each case asked for, at most: the work is bounded however many are due."""
NEXT_DUE = Statement(select(TIMER.c.due).order_by(TIMER.c.due).limit(1))
COUNT_DUE = Statement(select(func.count().label("n")).select_from(TIMER).where(_DUE))


class CaseReader(Session):
    """Reads of cases and timers."""

    def case(self, case_id: str) -> StoredCase | None:
        """The case as it is now."""
        held = self.link.kept(case_id) or self.read_case(case_id)
        return None if held is None else StoredCase(held.case, held.version_id)

    def read_case(self, case_id: str) -> Held | None:
        """The case as the database has it, whatever waits to be written."""
        (rows,) = self.link.peek(asked_whole(case_id))
        return held_of(rows)

    def version_of(self, case_id: str) -> int | None:
        """The version that a case runs or ran on, also one that was pruned."""
        version: int | None = self.link.value(VERSION_OF, case_id=case_id)
        return version

    def number_of(self, case_id: str) -> str | None:
        """The number of a case, also of one that was pruned."""
        number: str | None = self.link.value(NUMBER_OF, case_id=case_id)
        return number

    def case_id_of_number(self, number: str) -> str | None:
        """The id of the case with this number."""
        (found,) = self.link.peek((ID_OF_NUMBER, {"number": number}))
        return found[0].public_id if found else None

    def cases(self, wanted: CaseFilter, after: After | None = None, limit: int = 50) -> tuple[CaseSummary, ...]:
        """A page of cases behind `after`."""
        shape, binds = _shape(wanted, after)
        return tuple(summary_of(row) for row in self.link.rows(_cases(shape), **binds, limit=limit))

    def count_cases(self, wanted: CaseFilter) -> int:
        """How many cases there are of these."""
        shape, binds = _shape(wanted, None)
        count: int = self.link.value(_count(shape), **binds)
        return count

    def case_ids_where(self, workflow: str, values: Mapping[str, str]) -> tuple[str, ...]:
        """Open cases of a workflow with these values in their searchable fields, the oldest first."""
        binds = {"workflow": workflow, **pairs_of(values.items())}
        return tuple(row.public_id for row in self.link.rows(_open_where(len(values)), **binds))

    def children(self, case_id: str) -> tuple[CaseSummary, ...]:
        """The cases that this one opened, in their order."""
        return tuple(summary_of(row) for row in self.link.rows(CHILDREN, case_id=case_id))

    def unique_holder(self, workflow: str, key: str) -> tuple[str, str | None] | None:
        """(id, number) of the case that has this unique key."""
        (found,) = self.link.peek((UNIQUE_HOLDER, {"workflow": workflow, "key": bounded(key)}))
        return (found[0].public_id, found[0].number) if found else None

    def due_timers(self, until: datetime, limit: int) -> tuple[tuple[str, datetime], ...]:
        """Cases with a timer due by `until`, each once with its first, in due order; some where there are any.

        Each workflow has its share of the limit, so that one with many does not hold up the others.
        """
        due = [row.workflow for row in self.link.rows(WORKFLOWS_DUE) if row.due <= until]
        share = -(-limit // len(due)) if due else 0
        rows = [row for name in due for row in self._due_of(name, until, share)]
        return tuple((row.public_id, row.due) for row in sorted(rows, key=lambda row: (row.due, row.public_id)))

    def _due_of(self, workflow: str, until: datetime, limit: int) -> list[Any]:
        """Of one workflow. Mostly each case has one timer that is due: only where it has not, more of them are looked at."""
        for most in (limit, limit * TIMERS_A_CASE):
            found = self.link.rows(DUE_TIMERS, workflow=workflow, until=until, limit=limit, rows=most)
            if len(found) == limit or sum(row.timers for row in found) < most:
                break
        return found

    def next_due(self) -> datetime | None:
        """When the next timer is due."""
        due: datetime | None = self.link.value(NEXT_DUE)
        return due

    def count_due(self, until: datetime) -> int:
        """How many timers are due by `until`."""
        count: int = self.link.value(COUNT_DUE, until=until)
        return count


def asked_whole(case_id: str) -> Asked:
    """The question for one case, whose answer `held_of` reads."""
    return WHOLE_CASE, {"case_id": case_id}


def held_of(rows: Sequence[Any]) -> Held | None:
    """The first case of what WHOLE_CASE found; None: there is none, or only what was left when it was pruned."""
    return None if not rows or rows[0].pruned_at is not None else held_in(rows[0])


# ── searches: one statement for each combination of what is asked ────────────────────────────────────────────────────

Shape = tuple[frozenset[str], int, int, int, int, int]
ASKED = ("workflow", "version_id", "state", "overdue_at", "outcome", "parent_id", "due_before", "assignee")


def _shape(wanted: CaseFilter, after: After | None) -> tuple[Shape, dict[str, Any]]:
    binds: dict[str, Any] = {name: getattr(wanted, name) for name in ASKED if getattr(wanted, name) is not None}
    names = frozenset(binds) | ({"open_only"} if wanted.open_only else set()) | ({"by_due"} if wanted.by_due else set())
    if after is not None:
        binds["after"] = after.row
        names |= {"after" if not wanted.by_due else "after_none" if after.due is None else "after_due"}
        if wanted.by_due and after.due is not None:
            binds["due"] = after.due
    binds |= {f"turn{i}": search_value(who) for i, who in enumerate(wanted.turn)}
    binds |= pairs_of(wanted.mine, "mine") | pairs_of(wanted.fields, "field") | pairs_of(wanted.party_index)
    asked = (sorted(words([wanted.q])) or [LAST]) if wanted.q else []  # no word at all: nothing fits
    for i, word in enumerate(asked):
        binds |= {f"from{i}": word, f"to{i}": word + LAST}
    counts = (len(wanted.turn), len(wanted.party_index), len(asked), len(wanted.mine), len(wanted.fields))
    return (names, *counts), binds


def pairs_of(pairs: Iterable[tuple[str, str]], name: str = "") -> dict[str, str]:
    """The binds of paths with their values."""
    binds: dict[str, str] = {}
    for place, (path, value) in enumerate(pairs):
        binds |= {f"{name}path{place}": path, f"{name}value{place}": search_value(value)}
    return binds


def _pairs(count: int, name: str = "") -> list[tuple[Any, str]]:
    """So many paths with their values, for `_found`; bound by `pairs_of`."""
    return [(bindparam(f"{name}path{place}"), f"{name}value{place}") for place in range(count)]


@lru_cache(maxsize=256)
def _cases(shape: Shape) -> Statement:
    core = _select(shape, select(CASE))
    if "by_due" not in shape[0]:
        core = core.order_by(C.id.desc())
    elif shape[-2]:  # the index has chosen some, and those without a deadline are wanted too
        core = core.order_by(C.next_due.is_(None), C.next_due, C.id)
    else:
        core = core.order_by(C.next_due, C.id)
    return Statement(core.limit(bindparam("limit")))


@lru_cache(maxsize=256)
def _count(shape: Shape) -> Statement:
    return Statement(_select(shape, select(func.count().label("n")).select_from(CASE)))


def _select(shape: Shape, core: Select[Any]) -> Select[Any]:
    names, turns, parties, asked, mine, fields = shape
    due, row = bindparam("due", type_=C.next_due.type), bindparam("after", type_=C.id.type)
    parent = select(C.id).where(C.public_id == bindparam("parent_id")).correlate(None).scalar_subquery()
    clauses: dict[str, ColumnElement[bool]] = {
        "workflow": _of_workflow(chosen=bool(turns or parties or asked or mine or fields)),
        "version_id": C.version_id == bindparam("version_id"),
        "state": C.id.in_(select(POSITION.c.case_id).where(POSITION.c.state == bindparam("state"))),
        "overdue_at": and_(C.closed_at.is_(None), _overdue()),
        "outcome": C.outcome == bindparam("outcome"),
        "parent_id": C.id.in_(select(CASE_LINK.c.case_id).where(CASE_LINK.c.parent_id == parent)),
        "after": C.id < row,
        "by_due": C.next_due.is_not(None) if not mine else true(),
        "after_due": or_(_behind(due, row), C.next_due.is_(None)) if mine else _behind(due, row),
        "after_none": and_(C.next_due.is_(None), C.id > row),
        "due_before": and_(C.closed_at.is_(None), _due_before()),
        "assignee": _found((ASSIGNEE, "assignee")),
        "open_only": C.closed_at.is_(None),
    }
    core = core.where(C.pruned_at.is_(None), *(clauses[name] for name in sorted(names)))
    if mine:
        core = core.where(_found(*_pairs(mine, "mine")))
    core = core.where(*(_found(pair) for pair in _pairs(fields, "field")))
    if turns:
        core = core.where(_found(*((TURN, f"turn{i}") for i in range(turns))))
    if parties:
        core = core.where(_found(*_pairs(parties)))
    return core.where(*(_begins(i) for i in range(asked)))


@lru_cache(maxsize=64)
def _open_where(count: int) -> Statement:
    core = select(C.public_id).where(_of_workflow(chosen=count > 0), C.closed_at.is_(None))
    core = core.where(*(_found(pair) for pair in _pairs(count)))
    return Statement(core.order_by(C.id))


@lru_cache(maxsize=64)
def ended_where(count: int, outcomes: tuple[str, ...]) -> Statement:
    """The case with so many values that was opened last among those that ended with one of these outcomes.

    The values choose the rows, by an index that has none of pruned cases; all else is only compared.
    """
    core = select(C.public_id).where(
        _of_workflow(chosen=True),
        or_(*(C.outcome.concat("") == outcome for outcome in outcomes)),
        *(_found(pair) for pair in _pairs(count)),
    )
    return Statement(core.order_by(C.id.desc()).limit(1))


def _of_workflow(*, chosen: bool) -> ColumnElement[bool]:
    """Where something else chooses the rows, the workflow is only compared, not looked up by its index."""
    return (C.workflow.concat("") if chosen else C.workflow) == bindparam("workflow")


def _found(*places: tuple[Any, str]) -> ColumnElement[bool]:
    """Found by any of these, in one question: several would make PostgreSQL go through all cases."""
    one_of = (and_(CASE_INDEX.c.path == path, CASE_INDEX.c.value == bindparam(bind)) for path, bind in places)
    return C.id.in_(select(CASE_INDEX.c.case_id).where(or_(*one_of)))


def _overdue() -> ColumnElement[bool]:
    """A due moment that has come, or one that has fired while its state goes on."""
    at = bindparam("overdue_at", type_=C.next_due.type)
    coming = select(TIMER.c.case_id).where(TIMER.c.kind == "due", TIMER.c.due <= at)
    return C.id.in_(coming.union_all(select(_LATE.c.id).where(_LATE.c.overdue_since <= at)))


def _behind(due: Any, row: Any) -> ColumnElement[bool]:
    return tuple_(C.next_due, C.id) > tuple_(due, row)


def _due_before() -> ColumnElement[bool]:
    at = bindparam("due_before", type_=C.next_due.type)
    return C.id.in_(select(TIMER.c.case_id).where(TIMER.c.kind == "due", TIMER.c.due < at))


def _begins(place: int) -> ColumnElement[bool]:
    value = CASE_INDEX.c.value
    inside = select(CASE_INDEX.c.case_id).where(
        CASE_INDEX.c.path == WORD, value >= bindparam(f"from{place}"), value < bindparam(f"to{place}")
    )
    return C.id.in_(inside)
