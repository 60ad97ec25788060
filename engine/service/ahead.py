"""Looking ahead: the deadlines of all cases that a reader finds, the next first, each with how it was counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.core.sight import Sight, may_see
from engine.core.values import instant, parse_instant
from engine.describe.explain import deadlines_said
from engine.service.case_views import deadlines
from engine.service.searching import no_cursor, row_of
from engine.service.views import DueLine, Page
from engine.store.ahead import DuePlace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from engine.core.case import Actor, Case
    from engine.core.machine.chart import Chart
    from engine.service.catalog import Catalog
    from engine.store.ahead import DueMoment
    from engine.store.transaction import Reader

MAX_PAGE = 200
CHUNK = 200


@dataclass(frozen=True, slots=True)
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
    limit, last, lines = max(1, min(limit, MAX_PAGE)), cursor, list[DueLine]()
    for place, line in _lines(reader, catalog, asked, actor, _place(cursor), locale):
        if len(lines) == limit:
            return Page(tuple(lines), last)
        lines.append(line)
        last = f"{place.row}~{instant(place.due)}~{place.key}"
    return Page(tuple(lines))


def _lines(
    reader: Reader, catalog: Catalog, asked: Asked, actor: Actor, after: DuePlace | None, locale: str
) -> Iterator[tuple[DuePlace, DueLine]]:
    now = reader.business_now()
    known: dict[str, tuple[Chart, Case] | None] = {}
    while True:
        found = reader.due_moments(asked.since, asked.until, after, CHUNK)
        for one in found:
            after = one.place
            if one.case_id not in known:
                known[one.case_id] = _seen(reader, catalog, asked, actor, one.case_id)
            seen = known[one.case_id]
            line = None if seen is None else _line(*seen, one, now=now, locale=locale)
            if line is not None:
                yield one.place, line
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


def _line(chart: Chart, case: Case, one: DueMoment, *, now: datetime, locale: str) -> DueLine | None:
    """None where the case has moved on meanwhile."""
    views = {(view.state, view.name): view for view in deadlines(chart, case, now=now, locale=locale)}
    view = views.get((one.state, one.name))
    if view is None:
        return None
    said = deadlines_said(chart, case, now=now).get((one.state, one.name), "")
    return DueLine(case.id, case.number, case.workflow, case.turn, view, said)


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
