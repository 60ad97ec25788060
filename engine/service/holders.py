"""Who could move a case: the holders of roles, as far as the directory knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.naming import Side
from engine.service.receivers import actor_of

if TYPE_CHECKING:
    from engine.core.case import Actor, Case
    from engine.core.machine.chart import Chart
    from engine.store.transaction import Reader

MOST = 50
"""Holders of one role that are told."""


def holders(reader: Reader, chart: Chart, case: Case) -> dict[str, tuple[Actor, ...]]:
    """Who holds the roles of the operator's side that may act in a case now, as far as the directory knows them."""
    roles = {
        str(who): None
        for position in case.positions
        for ways in chart.ways[position.state].values()
        for who in ways.handler.by
        if who.kind == "role" and chart.workflow.roles[who.name].side is Side.OPERATOR
    }
    return {role: tuple(map(actor_of, reader.people(role)[:MOST])) for role in roles}
