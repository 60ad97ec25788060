"""A table as it would be imported: payloads by row, and what is wrong before anything is asked of the store.

What the opening form asks for and the table leaves out is taken from the parent case, where it has a field of that name
(and `<parent workflow>.number`). An unknown column stops the whole import, so that nothing is lost in silence.
"""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import TYPE_CHECKING, Any

from engine.core.case import ChildOpened
from engine.core.frozen import frozen
from engine.core.selection import could_be
from engine.core.sight import visible_data
from engine.core.values import canonical
from engine.errors import ActorNotAllowed, DeliveryFailed, FieldProblem, InvalidPayload, RowProblem
from engine.service.clean import check_names
from engine.service.columns import map_columns, row_data
from engine.service.commands import check_parent, missing, stored
from engine.service.stepping import caught_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.core.case import Actor, Case
    from engine.core.machine.chart import Chart
    from engine.ports import Table, Tables
    from engine.service.catalog import Catalog
    from engine.store.store import Store
    from engine.store.transaction import Reader

HEADER = 1
MOST_A_ROW = 10
"""Problems of one row that are told."""


@frozen
class Asked:
    """What is to be made of a file: cases of a workflow, below a parent or not; `sheet` where it is a workbook."""

    workflow: str
    file: str
    parent: str | None = None
    sheet: str | None = None


@frozen
class Plan:
    """`payloads` of the rows that may be right; `wrong` what is wrong by row; `stopped`: no row may be opened, and why."""

    chart: Chart
    parent: str | None
    read_as: str
    rows: int
    columns: Mapping[str, str | None]
    payloads: Mapping[int, Mapping[str, Any]]
    wrong: Mapping[int, tuple[RowProblem, ...]] = field(default_factory=dict)
    stopped: tuple[RowProblem, ...] = ()


class Plans:
    """Reads files for people."""

    def __init__(self, store: Store, catalog: Catalog, tables: Tables | None) -> None:
        self._store, self._catalog, self._tables = store, catalog, tables

    @property
    def tables(self) -> Tables:
        """The adapter. Raises InvalidPayload where none is plugged in."""
        if self._tables is None:
            raise InvalidPayload([FieldProblem("file", "type", "cannot be read: no adapter for tables is plugged in")])
        return self._tables

    def plan(self, content: bytes, asked: Asked, actor: Actor) -> Plan:
        """Raises InvalidPayload for a file that cannot be read, ActorNotAllowed, CaseNotFound for a parent."""
        check_names(file=asked.file, workflow=asked.workflow, parent=asked.parent, sheet=asked.sheet)
        chart = self._catalog.chart_of(asked.workflow)[1]
        check_opener(chart, actor)
        parent, given = self._given(asked.parent, chart, actor)
        table = self._read(content, asked)
        columns = map_columns(dict.fromkeys(heading for row in table.rows for heading in row.cells), chart.opening)
        stopped = tuple(_unknown(heading, chart) for heading, path in columns.items() if path is None)
        if stopped:
            return Plan(chart, parent, table.told, len(table.rows), columns, {}, stopped=stopped)
        wrong: dict[int, list[RowProblem]] = {}
        for fault in table.faults:
            wrong.setdefault(fault.row, []).append(RowProblem(fault.row, fault.column, fault.code, fault.text))
        payloads: dict[int, Mapping[str, Any]] = {}
        seen: dict[str, int] = {}
        for row in table.rows:
            if row.number in wrong:
                continue
            payload = {**given, **row_data(row.cells, columns, chart.opening, chart.zone)}
            first = seen.setdefault(row_key(chart, parent, payload), row.number)
            if first == row.number:
                payloads[row.number] = payload
            else:
                words = f"says the same as row {first}; leave one of them out"
                wrong[row.number] = [RowProblem(row.number, "", "duplicate", words)]
        told = {number: tuple(found[:MOST_A_ROW]) for number, found in sorted(wrong.items())}
        return Plan(chart, parent, table.told, len(table.rows), columns, payloads, told)

    def _read(self, content: bytes, asked: Asked) -> Table:
        try:
            return self.tables.read(content, asked.file, asked.sheet)
        except DeliveryFailed as failure:
            raise InvalidPayload([FieldProblem("file", "type", str(failure))]) from failure

    def _given(self, parent: str | None, chart: Chart, actor: Actor) -> tuple[str | None, dict[str, Any]]:
        """The parent's id, and what it says for every row, as far as the sender sees it. Raises what it says against a child."""
        if parent is None:
            return None, {}

        def work(reader: Reader) -> tuple[str, dict[str, Any]]:
            above, holder, now = parent_now(reader, self._catalog, parent, actor)
            check_parent(above, holder, ChildOpened("new", chart.workflow.name, None, by=actor), actor, now=now)
            said = {**visible_data(above, holder, actor), f"{holder.workflow}.number": holder.number}
            return holder.id, {path: said[path] for path in chart.opening.slots if said.get(path) is not None}

        return self._store.read(work)


def parent_now(reader: Reader, catalog: Catalog, parent: str, actor: Actor) -> tuple[Chart, Case, datetime]:
    """The parent as its due timers would leave it by now. Raises CaseNotFound, CasePruned."""
    found = stored(reader, parent)
    if found is None:
        raise missing(reader, catalog, parent, actor)
    above, now = catalog.chart(found.version_id, reader), reader.business_now()
    holder = caught_up(above, found.case, by=now)
    return above, holder, max(now, holder.last_at)


def check_opener(chart: Chart, actor: Actor) -> None:
    """Raises ActorNotAllowed where this person may open no case of the workflow at all."""
    if not any(could_be(who, actor) for who in chart.workflow.opening.by):
        by = [str(who) for who in chart.workflow.opening.by]
        words = f"{actor.id} may not open a {chart.workflow.name} case; {' or '.join(by)} may"
        raise ActorNotAllowed(words, event="open", by=by)


def row_key(chart: Chart, parent: str | None, payload: Mapping[str, Any]) -> str:
    """The same for the same product in any file: what is unique of it, or all that the row says."""
    rule = chart.workflow.unique
    said = {path: payload.get(path) for path in rule.of} if rule is not None else dict(payload)
    return hashlib.sha256(canonical([chart.workflow.name, parent, said]).encode()).hexdigest()


def problems_of(plan: Plan) -> list[RowProblem]:
    """All that is wrong already, in the order of the table."""
    return [*plan.stopped, *(problem for found in plan.wrong.values() for problem in found)]


def first_of(problems: Sequence[RowProblem]) -> str:
    """The first problem in words."""
    problem = problems[0]
    return f"row {problem.row}{f', {problem.column[:60]}' if problem.column else ''}: {problem.text}"


def _unknown(heading: str, chart: Chart) -> RowProblem:
    known = ", ".join(path for path, slot in chart.opening.slots.items() if not slot.event_data)
    return RowProblem(HEADER, heading, "unknown", f"'{heading[:60]}' fills no field; name one of {known}")
