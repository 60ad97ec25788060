"""Finding cases: the store narrows down, what the reader may not find is left out here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from engine.core.frozen import frozen
from engine.core.sight import Sight, may_see
from engine.core.values import instant, parse_instant
from engine.errors import FieldProblem, InvalidPayload
from engine.service.case_views import case_line, sees_work
from engine.service.searchable import OPENED_BY, index_paths
from engine.service.views import CaseCounts, CaseLine, Page
from engine.store.codec import words
from engine.store.records import After, CaseFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from engine.core.case import Actor
    from engine.core.machine.chart import Chart
    from engine.service.catalog import Catalog
    from engine.store.records import CaseSummary
    from engine.store.transaction import Reader

T = TypeVar("T")


class InRows(Protocol):
    """Something that lies in a row of a table."""

    @property
    def row(self) -> int:
        """Which."""


R = TypeVar("R", bound=InRows)

MAX_PAGE = 500
CHUNK = 200
MOST_COUNTED = 10_000
NO_VERSION = 0
"""The id of no version."""


@frozen
class CaseFilters:
    """What to look for; None or False: no matter. `state` is a leaf or what contains it, `parent` a case id.

    `assignee` has the work of a role or is offered it; `fields` are values of searchable fields, `q_in` those in which `q` is
    looked for (none named: in all, and in the number); `by_due`: those with a
    deadline to come, the next first; not: the newest first.
    """

    workflow: str | None = None
    version: int | None = None
    assignee: str | None = None
    due_before: datetime | None = None
    fields: tuple[tuple[str, str], ...] = ()
    by_due: bool = False
    state: str | None = None
    turn: str | None = None
    party: str | None = None
    overdue: bool = False
    q: str | None = None
    q_in: tuple[str, ...] = ()
    open_only: bool = False
    outcome: str | None = None
    parent: str | None = None

    def sorted_by_due(self) -> CaseFilters:
        """The same, the next deadline first."""
        return replace(self, by_due=True)


def find(
    reader: Reader,
    catalog: Catalog,
    filters: CaseFilters,
    actor: Actor,
    *,
    cursor: str | None,
    limit: int,
    locale: str,
) -> Page[CaseLine]:
    """One page, in the order that is asked for. Raises InvalidPayload."""
    now = reader.business_now()
    limit = max(1, min(limit, MAX_PAGE))
    visible = _visible(reader, catalog, filters, actor, cursor=cursor, chunk=min(limit + 1, CHUNK))
    lines = ((cursor_of(place), case_line(chart, found, now=now, locale=locale)) for place, chart, found in visible)
    return page(lines, limit, cursor)


def counts(reader: Reader, catalog: Catalog, filters: CaseFilters, actor: Actor) -> CaseCounts:
    """How many of the cases that he may find are in each leaf; of the first MOST_COUNTED."""
    states: dict[str, int] = {}
    total = 0
    for _, _, found in _visible(reader, catalog, filters, actor, cursor=None, chunk=CHUNK):
        if total == MOST_COUNTED:
            return CaseCounts(total, states, complete=False)
        total += 1
        for leaf in found.leaves:
            states[leaf] = states.get(leaf, 0) + 1
    return CaseCounts(total, dict(sorted(states.items())), complete=True)


def _visible(
    reader: Reader, catalog: Catalog, filters: CaseFilters, actor: Actor, *, cursor: str | None, chunk: int
) -> Iterator[tuple[After, Chart, CaseSummary]]:
    """The cases he may find, each with its place in the list."""
    parties = _party(reader, catalog, filters.party)
    wanted = _wanted(reader, catalog, filters, parties or _own(reader, catalog, filters.workflow, actor))
    for after, summary in pages(reader, wanted, cursor=cursor, chunk=chunk):
        chart = catalog.chart(summary.version_id, reader)
        found = _found(reader, chart, summary, actor, filters)
        if found is None or (parties and not any(found.index.get(path) == one for path, one in parties)):
            continue
        if not filters.q_in or _says(filters.q, [found.index.get(path, "") for path in filters.q_in]):
            yield after, chart, found


def pages(reader: Reader, wanted: CaseFilter, *, cursor: str | None, chunk: int) -> Iterator[tuple[After, CaseSummary]]:
    """What the store finds behind a cursor, each with its place. Raises InvalidPayload."""
    after = after_of(cursor, by_due=wanted.by_due)
    while True:
        found = reader.cases(wanted, after=after, limit=chunk)
        for summary in found:
            after = After(summary.row, summary.next_due if wanted.by_due else None)
            yield after, summary
        if len(found) < chunk:
            return


def page(lines: Iterator[tuple[str, T]], limit: int, cursor: str | None) -> Page[T]:
    """The first so many of lines, each with the cursor that stands at it, and a cursor where there are more."""
    some, last = list[T](), cursor
    for place, line in lines:
        if len(some) == limit:
            return Page(tuple(some), last)
        some.append(line)
        last = place
    return Page(tuple(some))


def page_of_rows(found: Sequence[R], limit: int, view: Callable[[R], T]) -> Page[T]:
    """The first so many of rows, one more of which was asked for, and the row to go on below where there are more."""
    more = str(found[limit - 1].row) if len(found) > limit else None
    return Page(tuple(map(view, found[:limit])), more)


def _wanted(reader: Reader, catalog: Catalog, filters: CaseFilters, parties: tuple[tuple[str, str], ...]) -> CaseFilter:
    return CaseFilter(
        workflow=filters.workflow,
        state=filters.state,
        turn=(filters.turn,) if filters.turn else (),
        party_index=parties,
        version_id=_version(reader, filters),
        assignee=filters.assignee,
        due_before=filters.due_before,
        fields=_fields(reader, catalog, filters),
        by_due=filters.by_due,
        overdue_at=reader.business_now() if filters.overdue else None,
        q=filters.q,
        open_only=filters.open_only,
        outcome=filters.outcome,
        parent_id=filters.parent,
    )


def _version(reader: Reader, filters: CaseFilters) -> int | None:
    """The id of a version of a workflow; one that is not there finds nothing."""
    if filters.version is None:
        return None
    if filters.workflow is None:
        raise InvalidPayload([FieldProblem("version", "missing", "needs its `workflow`")])
    found = (v.id for v in reader.versions(filters.workflow) if v.version == filters.version)
    return next(found, NO_VERSION)


def _fields(reader: Reader, catalog: Catalog, filters: CaseFilters) -> tuple[tuple[str, str], ...]:
    if not filters.fields and not filters.q_in:
        return ()
    names = [filters.workflow] if filters.workflow is not None else reader.workflows()
    known = {
        path
        for name in names
        for version in reader.versions(name)
        for path in index_paths(catalog.chart(version.id, reader).workflow)
    }
    for name, path in (*(("where", path) for path, _ in filters.fields), *(("q_in", path) for path in filters.q_in)):
        if path not in known:
            said = f"cases are not found by '{path[:80]}'; they are by {', '.join(sorted(known)) or 'nothing'}"
            raise InvalidPayload([FieldProblem(name, "unknown", said)])
    return filters.fields


def cursor_of(place: After) -> str:
    """A place as a page gives it."""
    return str(place.row) if place.due is None else f"{place.row}~{instant(place.due)}"


def after_of(cursor: str | None, *, by_due: bool) -> After | None:
    """The place of a cursor. Raises InvalidPayload."""
    if cursor is None or cursor == "":
        return None
    row, tilde, due = cursor.partition("~")
    if tilde and not by_due:
        raise no_cursor()
    place = row_of(row)
    try:
        return None if place is None else After(place, parse_instant(due) if tilde else None)
    except ValueError:
        raise no_cursor() from None


def row_of(cursor: str | None) -> int | None:
    """The row a cursor stands at. Raises InvalidPayload."""
    if cursor is None or cursor == "":
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise no_cursor()
    return int(cursor)


def no_cursor() -> InvalidPayload:
    """The refusal of a cursor."""
    words = "is none that a page of this list gave; leave it out to begin anew"
    return InvalidPayload([FieldProblem("cursor", "pattern", words)])


def _party(reader: Reader, catalog: Catalog, party: str | None) -> tuple[tuple[str, str], ...]:
    if party is None:
        return ()
    paths = {
        role.where["party"]
        for name in reader.workflows()
        for role in catalog.chart_of(name, reader)[1].workflow.roles.values()
        if "party" in role.where
    }
    return tuple((path, party) for path in sorted(paths)) or (("", party),)


def _own(reader: Reader, catalog: Catalog, workflow: str | None, actor: Actor) -> tuple[tuple[str, str], ...]:
    """Index values that every case he may find has one of; empty where that cannot be said beforehand.

    It can for roles that see `own`: what their `where` compares, or who opened it.
    """
    found = {(OPENED_BY, actor.id): None}
    names = [workflow] if workflow is not None else reader.workflows()
    for version in (version for name in names for version in reader.versions(name)):
        definition = catalog.chart(version.id, reader).workflow
        for role in definition.roles.values():
            if role.sees == "none" or actor.roles.isdisjoint({role.name, f"{role.name}.supervisor"}):
                continue
            if role.sees != "own" or not role.where or not set(role.where.values()) <= set(index_paths(definition)):
                return ()
            attribute, path = next(iter(role.where.items()))
            held = actor.attributes.get(attribute, ())
            found.update(dict.fromkeys((path, value) for value in ((held,) if isinstance(held, str) else held)))
    return () if actor.kind != "person" else tuple(found)


def _found(
    reader: Reader, chart: Chart, summary: CaseSummary, actor: Actor, filters: CaseFilters
) -> CaseSummary | None:
    """The line with what he may read of it; None where he does not find the case, or not by what he may read."""
    if actor.kind != "person" or any(role in actor.roles for role in _sees_everything(chart)):
        return summary
    stored = reader.case(summary.id)
    if stored is None or not may_see(chart, stored.case, actor):
        return None
    sight = Sight(chart, stored.case, actor)
    index = {path: value for path, value in summary.index.items() if path == OPENED_BY or sight.sees(path)}
    if any(path not in index for path, _ in filters.fields):  # by what he may not read he finds nothing
        return None
    if filters.assignee is not None and not sees_work(chart, stored.case, actor):
        return None
    hides = len(index) < len(summary.index)
    if filters.q and hides and not _says(filters.q, [summary.number or "", *index.values()]):
        return None
    return replace(summary, index=index)


def _says(q: str | None, texts: Iterable[str]) -> bool:
    """Whether each word that is asked for is the beginning of one in these texts."""
    said = words(texts)
    return all(any(word.startswith(asked) for word in said) for asked in words([q or ""]))


def _sees_everything(chart: Chart) -> tuple[str, ...]:
    """Roles that find every case and read every field of it."""
    roles = chart.workflow.roles
    return tuple(name for name in sees_all(chart) if roles[name].fields is None and not roles[name].hides)


def sees_all(chart: Chart) -> tuple[str, ...]:
    """Roles that find every case of a workflow, whatever its data."""
    return tuple(role.name for role in chart.workflow.roles.values() if role.sees == "all" and not role.where)
