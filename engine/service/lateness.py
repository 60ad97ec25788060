"""How late cases are, by state and by whose turn it is: for those who find every case of a workflow."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from statistics import median
from typing import TYPE_CHECKING

from engine.service.case_views import role_title, state_title
from engine.service.searching import sees_all
from engine.service.views import LateLine

if TYPE_CHECKING:
    from datetime import datetime

    from engine.core.case import Actor
    from engine.service.catalog import Catalog
    from engine.store.transaction import Reader

MOST = 100_000
"""Cases that are looked at; where more are late, the latest of them."""
_DAY = timedelta(days=1)


def lateness(
    reader: Reader, catalog: Catalog, actor: Actor, *, workflow: str | None, locale: str
) -> tuple[LateLine, ...]:
    """Lines by workflow, state and turn, those with the most late cases first; a case of two states is in a line of each."""
    charts = {
        name: chart
        for name in reader.workflows()
        if workflow in {None, name} and not actor.roles.isdisjoint(sees_all(chart := catalog.chart_of(name, reader)[1]))
    }
    now = reader.business_now()
    found: dict[tuple[str, str, str], list[datetime]] = {}
    for one in reader.late_cases(MOST):
        if one.workflow in charts:
            for state, turn in product(one.leaves, one.turn or ("",)):
                found.setdefault((one.workflow, state, turn), []).append(one.since)
    lines = [
        LateLine(
            workflow=name,
            state=state,
            title=state_title(charts[name], state, locale),
            turn=turn,
            turn_title=role_title(charts[name].workflow, turn, locale) or turn,
            late=len(since),
            since=min(since),
            days=round(median((now - each) / _DAY for each in since), 1),
        )
        for (name, state, turn), since in found.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.late, line.workflow, line.state, line.turn)))
