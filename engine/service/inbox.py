"""What waits for a person: work he has claimed or is offered, and cases whose move is his; the most urgent first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.core.selection import has_another
from engine.core.sight import allowed, held_roles, may_see
from engine.service.case_views import case_line
from engine.service.searching import CHUNK, cursor_of, page, pages
from engine.service.views import Page, WorkLine
from engine.store.codec import ASSIGNEE, TURN
from engine.store.records import CaseFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.case import Actor, Case
    from engine.core.machine.chart import Chart
    from engine.service.catalog import Catalog
    from engine.store.records import After, CaseSummary
    from engine.store.transaction import Reader

MAX_PAGE = 200


def inbox(
    reader: Reader, catalog: Catalog, actor: Actor, *, cursor: str | None, limit: int, locale: str
) -> Page[WorkLine]:
    """One page: by the next deadline, and last what has none. Raises InvalidPayload for a cursor that is none."""
    people = actor.persons
    mine = [(TURN, role) for role in sorted(actor.roles)]
    mine += [(TURN, f"id:{person}") for person in people] + [(ASSIGNEE, person) for person in people]
    wanted = CaseFilter(open_only=True, mine=tuple(mine), by_due=True)
    limit = max(1, min(limit, MAX_PAGE))
    found = pages(reader, wanted, cursor=cursor, chunk=min(limit + 1, CHUNK))
    return page(_lines(reader, catalog, actor, found, locale), limit, cursor)


def _lines(
    reader: Reader, catalog: Catalog, actor: Actor, found: Iterator[tuple[After, CaseSummary]], locale: str
) -> Iterator[tuple[str, WorkLine]]:
    now = reader.business_now()
    for place, summary in found:
        stored, chart = reader.case(summary.id), catalog.chart(summary.version_id, reader)
        why = None if stored is None else _why(chart, stored.case, actor)
        if stored is not None and why is not None:
            events = tuple(one.event for one in allowed(chart, stored.case, actor, now=now))
            yield cursor_of(place), WorkLine(case_line(chart, summary, now=now, locale=locale), *why, events)


def _why(
    chart: Chart, case: Case, actor: Actor
) -> tuple[Literal["claimed", "offered", "turn"], tuple[str, ...]] | None:
    """Why it is among his, and in which roles; None: another has it, or it is not for him."""
    if not may_see(chart, case, actor):
        return None
    assigned, people = case.memory.assigned, set(actor.persons)
    claimed = tuple(role for role, one in assigned.items() if one.claimed in people)
    if claimed:
        return "claimed", claimed
    offered = tuple(role for role, one in assigned.items() if one.claimed is None and people & set(one.offered))
    if offered:
        return "offered", offered
    held = held_roles(chart.workflow, case.data, actor)
    turn = tuple(
        who
        for who in case.turn
        if who.removeprefix("id:") in people
        or (who in held and not (who in assigned and has_another(assigned[who], actor)))
    )
    return ("turn", turn) if turn else None
