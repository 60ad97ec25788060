"""Looking ahead: the deadlines of all cases that a reader finds, the next first, each with how it was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.core.sight import Sight, may_see
from engine.core.values import instant, parse_instant
from engine.describe.explain import deadlines_said
from engine.service.case_views import deadlines
from engine.service.searching import CHUNK, no_cursor, page, row_of
from engine.service.views import DueLine
from engine.store.ahead import DuePlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from engine.core.case import Actor, Case
    from engine.core.machine.chart import Chart
    from engine.service.catalog import Catalog
    from engine.service.views import Page
    from engine.store.transaction import Reader

MAX_PAGE = 200


@frozen
class Asked:
    """From a moment on and before another; None: no matter. `role`: whose turn the case is, `party`: whose case it is."""

    since: datetime
    until: datetime
    workflow: str | None = None
    role: str | None = None
    party: str | None = None


def look_ahead(
    reader: Reader, catalog: Catalog, asked: Asked, actor: Actor, *, cursor: str | None, limit: int, locale: str
) -> Page[DueLine]:
    """One page. Raises InvalidPayload for a cursor that is none."""
    limit = max(1, min(limit, MAX_PAGE))
    return page(_lines(reader, catalog, asked, actor, _place(cursor), locale), limit, cursor)


def _lines(
    reader: Reader, catalog: Catalog, asked: Asked, actor: Actor, after: DuePlace | None, locale: str
) -> Iterator[tuple[str, DueLine]]:
    now = reader.business_now()
    known: dict[str, Mapping[tuple[str, str], DueLine]] = {}
    while True:
        found = reader.due_moments(asked.since, asked.until, after, CHUNK)
        for one in found:
            after = one.place
            if one.case_id not in known:
                seen = _seen(reader, catalog, asked, actor, one.case_id)
                known[one.case_id] = {} if seen is None else _lines_of(*seen, now=now, locale=locale)
            line = known[one.case_id].get((one.state, one.name))  # None also where the case has moved on meanwhile
            if line is not None:
                yield f"{after.row}~{instant(after.due)}~{after.key}", line
        if len(found) < CHUNK:
            return


def _seen(reader: Reader, catalog: Catalog, asked: Asked, actor: Actor, case_id: str) -> tuple[Chart, Case] | None:
    stored = reader.case(case_id)
    if stored is None or asked.workflow not in {None, stored.case.workflow}:
        return None
    chart, case = catalog.chart(stored.version_id, reader), stored.case
    if asked.role is not None and asked.role not in case.turn:
        return None
    if not may_see(chart, case, actor) or not Sight(chart, case, actor).knows_party(asked.party):
        return None
    return chart, case


def _lines_of(chart: Chart, case: Case, *, now: datetime, locale: str) -> dict[tuple[str, str], DueLine]:
    """Of all deadlines of a case, by (state, name)."""
    said = deadlines_said(chart, case, now=now)
    return {
        (view.state, view.name): DueLine(
            case.id, case.number, case.workflow, case.turn, view, said.get((view.state, view.name), "")
        )
        for view in deadlines(chart, case, now=now, locale=locale)
    }


def _place(cursor: str | None) -> DuePlace | None:
    """Raises InvalidPayload."""
    if not cursor:
        return None
    row, _, rest = cursor.partition("~")
    due, _, key = rest.partition("~")
    if not key:
        raise no_cursor()
    try:
        return DuePlace(parse_instant(due), row_of(row) or 0, key)
    except (ValueError, OverflowError):
        raise no_cursor() from None
