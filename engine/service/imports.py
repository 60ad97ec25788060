"""Tables into cases: a case a row, a report by row and column; the same row again opens nothing twice.

What the opening form asks for and the table leaves out is taken from the parent case, where it has a field of that name
(and `<parent workflow>.number`). An unknown column stops the whole import, so that nothing is lost in silence.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.core.case import ChildOpened, Event
from engine.core.machine.step import open_case
from engine.core.sight import may_see, visible_data
from engine.core.values import canonical
from engine.errors import DeliveryFailed, DuplicateCase, FieldProblem, InvalidPayload, KeyReused, MilepostError
from engine.service.clean import check_names
from engine.service.columns import column_of, map_columns, row_data
from engine.service.commands import Command, check_parent, missing, stored
from engine.service.searchable import unique_key
from engine.service.stepping import caught_up, check_free, parent_of
from engine.service.view_parts import ImportedRow, RowProblem
from engine.service.views import ImportReport
from engine.store.store import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.core.case import Actor, Case
    from engine.core.machine.chart import Chart
    from engine.ports import TableRow, Tables
    from engine.service.catalog import Catalog
    from engine.service.commands import Commands, Decision
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

HEADER = 1
MAX_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class _Plan:
    """A file as it would be imported: payloads by row, and what is wrong already."""

    workflow: str
    file: str
    sha256: str
    rows: int
    columns: Mapping[str, str | None]
    payloads: Mapping[int, Mapping[str, Any]]
    problems: tuple[RowProblem, ...]

    def report(self, opened: Sequence[ImportedRow], problems: Sequence[RowProblem]) -> ImportReport:
        every = sorted((*self.problems, *problems), key=lambda p: (p.row, p.column))
        return ImportReport(self.workflow, self.file, self.sha256, self.rows, tuple(opened), tuple(every), self.columns)


class Imports:
    """Previews and commits; every row is its own transaction, committed in groups where the store can."""

    def __init__(self, store: Store, catalog: Catalog, commands: Commands, tables: Tables | None) -> None:
        self._store, self._catalog, self._commands, self._tables = store, catalog, commands, tables

    def preview(
        self, content: bytes, name: str, workflow: str, actor: Actor, *, parent: str | None = None
    ) -> ImportReport:
        """What commit would say; nothing is stored."""
        plan = self._plan(content, name, workflow, actor, parent)

        def work(reader: Reader) -> list[RowProblem]:
            found = []
            for row, payload in plan.payloads.items():
                try:
                    self._try(reader, workflow, payload, actor, parent)
                except MilepostError as error:
                    found += _problems(row, error, plan.columns)
            return found

        return plan.report((), self._store.read(work))

    def commit(
        self, content: bytes, name: str, workflow: str, actor: Actor, *, parent: str | None = None
    ) -> ImportReport:
        """Open a case for each row that is right; a corrected file opens only the others."""
        plan = self._plan(content, name, workflow, actor, parent)
        rule = self._catalog.chart_of(workflow)[1].workflow.unique
        asked = []
        for row, payload in plan.payloads.items():
            key = row_key(workflow, parent, payload, rule.of if rule else ())
            command = Command(Event("open", payload), actor, workflow=workflow, parent=parent, key=key)
            asked.append((row, command))
        answers = self._commands.submit_all([("", command) for _, command in asked], priority=Priority.IMPORTS)
        opened: list[ImportedRow] = []
        problems: list[RowProblem] = []
        for (row, _), future in zip(asked, answers, strict=True):
            decision = future.result()
            if decision.refusal is not None:
                problems += _problems(row, decision.refusal, plan.columns)
            else:
                opened.append(_opened(row, decision))
        report = plan.report(opened, problems)
        self._store.write(lambda tx: _keep(tx, report))
        return report

    def _plan(self, content: bytes, name: str, workflow: str, actor: Actor, parent: str | None) -> _Plan:
        check_names(file=name, workflow=workflow, parent=parent)
        chart = self._catalog.chart_of(workflow)[1]
        rows = self._rows(content, name)
        columns = map_columns(dict.fromkeys(heading for row in rows for heading in row.cells), chart.opening)
        sha256 = hashlib.sha256(content).hexdigest()
        unknown = tuple(
            RowProblem(HEADER, heading, "unknown", _unknown(heading, chart))
            for heading, path in columns.items()
            if path is None
        )
        if unknown:
            return _Plan(workflow, name, sha256, len(rows), columns, {}, unknown)
        given = self._given(parent, chart, actor)
        rule = chart.workflow.unique
        payloads: dict[int, Mapping[str, Any]] = {}
        seen: dict[str, int] = {}
        problems = []
        for row in rows:
            payload = {**given, **row_data(row.cells, columns, chart.opening)}
            first = seen.setdefault(row_key(workflow, parent, payload, rule.of if rule else ()), row.number)
            if first == row.number:
                payloads[row.number] = payload
            else:
                problems.append(
                    RowProblem(row.number, "", "duplicate", f"says the same as row {first}; leave one of them out")
                )
        return _Plan(workflow, name, sha256, len(rows), columns, payloads, tuple(problems))

    def _rows(self, content: bytes, name: str) -> Sequence[TableRow]:
        if self._tables is None:
            raise InvalidPayload([FieldProblem("file", "type", "cannot be read: no adapter for tables is plugged in")])
        try:
            rows = self._tables.read(content, name)
        except DeliveryFailed as failure:
            raise InvalidPayload([FieldProblem("file", "type", str(failure))]) from failure
        if len(rows) > MAX_ROWS:
            raise InvalidPayload([FieldProblem("file", "range", f"has {len(rows)} rows; at most {MAX_ROWS} at a time")])
        return rows

    def _given(self, parent: str | None, chart: Chart, actor: Actor) -> dict[str, Any]:
        """What the parent says for every row, as far as the sender sees it. Raises CaseNotFound, as for one not there."""
        if parent is None:
            return {}

        def work(reader: Reader) -> dict[str, Any]:
            above, holder, now = self._parent(reader, parent)
            if not may_see(above, holder, actor):
                told = ChildOpened("new", chart.workflow.name, None, by=actor)
                check_parent(above, holder, told, actor, now=now)
            said = {**visible_data(above, holder, actor), f"{holder.workflow}.number": holder.number}
            return {path: said[path] for path in chart.opening.slots if said.get(path) is not None}

        return self._store.read(work)

    def _parent(self, reader: Reader, parent: str) -> tuple[Chart, Case, datetime]:
        """The parent as its due timers would leave it by now."""
        found = stored(reader, parent)
        if found is None:
            raise missing(reader, parent)
        above, now = self._catalog.chart(found.version_id, reader), reader.business_now()
        holder = caught_up(above, found.case, by=now)
        return above, holder, max(now, holder.last_at)

    def _try(self, reader: Reader, workflow: str, payload: Mapping[str, Any], actor: Actor, parent: str | None) -> None:
        Command(Event("open", payload), actor, workflow=workflow, parent=parent).check()
        _, chart = self._catalog.chart_of(workflow, reader)
        now, holder = reader.business_now(), None
        if parent is not None:
            above, holder, then = self._parent(reader, parent)
            check_parent(above, holder, ChildOpened("new", workflow, None, by=actor), actor, now=then)
        made = open_case(
            chart, Event("open", payload), actor, case_id="new", now=now, parent=parent_of(holder) if holder else None
        )
        _check_unique(reader, chart, made.case)


def row_key(workflow: str, parent: str | None, payload: Mapping[str, Any], of: Sequence[str]) -> str:
    """The same for the same product in any file: what is unique of it, or all that the row says."""
    said = {path: payload.get(path) for path in of} if of else dict(payload)
    return f"import:{hashlib.sha256(canonical([workflow, parent, said]).encode()).hexdigest()}"


def _check_unique(reader: Reader, chart: Chart, case: Case) -> None:
    key = unique_key(chart.workflow, case)
    if key is not None:
        check_free(chart, case, reader.unique_holder(case.workflow, key))


def _unknown(heading: str, chart: Chart) -> str:
    known = ", ".join(path for path, slot in chart.opening.slots.items() if not slot.event_data)
    return f"'{heading[:60]}' fills no field; name one of {known}"


def _opened(row: int, decision: Decision) -> ImportedRow:
    case = decision.case
    return ImportedRow(row, case.id if case else "", case.number if case else None, decision.replayed)


def _problems(row: int, error: MilepostError, columns: Mapping[str, str | None]) -> list[RowProblem]:
    if isinstance(error, InvalidPayload):
        return [RowProblem(row, column_of(p, columns), p.code, f"{p.path}: {p.text}") for p in error.problems]
    if isinstance(error, KeyReused):
        words = "was imported before with other values; change the case itself, or open another by hand"
        return [RowProblem(row, "", "changed", words)]
    code = "duplicate" if isinstance(error, DuplicateCase) else "refused"
    return [RowProblem(row, "", code, str(error))]


def _keep(tx: Transaction, report: ImportReport) -> None:
    problems = [{"row": p.row, "column": p.column, "code": p.code, "text": p.text} for p in report.problems]
    tx.add_import(
        sha256=report.sha256,
        workflow=report.workflow,
        file=report.file,
        rows=report.rows,
        opened=sum(not row.replayed for row in report.opened),
        problems=problems,
    )
