"""Finding cases: the store narrows down, what the reader may not find is left out here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.core.sight import Sight, may_see
from engine.errors import FieldProblem, InvalidPayload
from engine.service.case_views import case_line
from engine.service.searchable import OPENED_BY, index_paths
from engine.service.views import CaseLine, Page
from engine.store.codec import words
from engine.store.records import CaseFilter

if TYPE_CHECKING:
    from engine.core.case import Actor
    from engine.core.machine.chart import Chart
    from engine.service.catalog import Catalog
    from engine.store.records import CaseSummary
    from engine.store.transaction import Reader

MAX_PAGE = 500
CHUNK = 200


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """What to look for; None or False: no matter. `state` is a leaf or what contains it, `parent` a case id."""

    workflow: str | None = None
    state: str | None = None
    turn: str | None = None
    party: str | None = None
    overdue: bool = False
    q: str | None = None
    open_only: bool = False
    outcome: str | None = None
    parent: str | None = None


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
    """One page, the newest first."""
    now = reader.business_now()
    wanted = CaseFilter(
        workflow=filters.workflow,
        state=filters.state,
        turn=(filters.turn,) if filters.turn else (),
        party_index=_party(reader, catalog, filters.party) or _own(reader, catalog, filters.workflow, actor),
        overdue_at=now if filters.overdue else None,
        q=filters.q,
        open_only=filters.open_only,
        outcome=filters.outcome,
        parent_id=filters.parent,
    )
    limit = max(1, min(limit, MAX_PAGE))
    after, lines, chunk = row_of(cursor), list[CaseLine](), min(limit + 1, CHUNK)
    while True:
        page = reader.cases(wanted, after=after, limit=chunk)
        for summary in page:
            if len(lines) == limit:
                return Page(tuple(lines), str(after))
            chart = catalog.chart(summary.version_id, reader)
            found = _found(reader, chart, summary, actor, filters.q)
            if found is not None:
                lines.append(case_line(chart, found, now=now, locale=locale))
            after = summary.row
        if len(page) < chunk:
            return Page(tuple(lines))


def row_of(cursor: str | None) -> int | None:
    """The row a cursor stands at. Raises InvalidPayload."""
    if cursor is None or cursor == "":
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise InvalidPayload(
            [FieldProblem("cursor", "pattern", "is none that a page gave; leave it out to begin anew")]
        )
    return int(cursor)


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


def _found(reader: Reader, chart: Chart, summary: CaseSummary, actor: Actor, q: str | None) -> CaseSummary | None:
    """The line with what he may read of it; None where he does not find the case, or not by what he may read."""
    if actor.kind != "person" or any(role in actor.roles for role in _sees_everything(chart)):
        return summary
    stored = reader.case(summary.id)
    if stored is None or not may_see(chart, stored.case, actor):
        return None
    sight = Sight(chart, stored.case, actor)
    index = {path: value for path, value in summary.index.items() if path == OPENED_BY or sight.sees(path)}
    if q and len(index) < len(summary.index):
        readable = words([summary.number or "", *index.values()])
        if not all(any(word.startswith(asked) for word in readable) for asked in words([q])):
            return None
    return replace(summary, index=index)


def _sees_everything(chart: Chart) -> tuple[str, ...]:
    """Roles that find every case and read every field of it."""
    roles = chart.workflow.roles
    return tuple(name for name in sees_all(chart) if roles[name].fields is None and not roles[name].hides)


def sees_all(chart: Chart) -> tuple[str, ...]:
    """Roles that find every case of a workflow, whatever its data."""
    return tuple(role.name for role in chart.workflow.roles.values() if role.sees == "all" and not role.where)
