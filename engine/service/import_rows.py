"""One row of a table: what stands against it, and opening its case; which rows are taken is decided elsewhere.

A product is `running` where an open case has the same unique values, `listed` where the register has it, `refused` where
a case of it ended rejected or refused: that is to be known, and stands against nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.case import Event
from engine.core.frozen import frozen
from engine.core.machine.step import open_case
from engine.core.sight import may_see
from engine.errors import DuplicateCase, InvalidPayload, MilepostError, RowProblem
from engine.service.columns import column_of
from engine.service.commands import Command, stored
from engine.service.import_plan import MOST_A_ROW, parent_now, row_key
from engine.service.searchable import as_text, index_paths, unique_key
from engine.service.stepping import check_free, parent_of
from engine.store.importing import KNOWN, OPENED, WRONG
from engine.store.records import ImportedRow, RegisterFilter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.core.case import Actor, Case
    from engine.service.catalog import Catalog
    from engine.service.commands import Commands
    from engine.service.import_plan import Plan
    from engine.store.transaction import Reader, Transaction

REFUSED = ("rejected", "refused")
"""Outcomes by which a workflow says no to a product."""
IN_FORCE = ("listed", "suspended")


@frozen
class Judged:
    """What commit would make of a row: a case, nothing as it is `known`, or `problems`, some of them warnings only."""

    known: bool = False
    problems: tuple[RowProblem, ...] = ()


class Rows:
    """Rows of one plan, for one person."""

    def __init__(self, catalog: Catalog, commands: Commands, plan: Plan, actor: Actor) -> None:
        self._catalog, self._commands, self._plan, self._actor = catalog, commands, plan, actor
        self._party = actor.party or actor.id

    def judge(self, reader: Reader, row: int) -> Judged:
        """Without storing anything."""
        plan, payload = self._plan, self._plan.payloads[row]
        before = reader.imported(row_key(plan.chart, plan.parent, payload), self._party)
        if before is not None:
            known = before.body_hash == self._command(row).body_hash
            ended = self._ended(reader, row, before) if known else None
            return Judged(known, (ended,) if ended else () if known else (self._changed(row, before),))
        listed = self._listed(reader, row)
        if listed is not None:
            return Judged(problems=(listed,))
        try:
            case = self._try(reader, row)
        except MilepostError as error:
            return Judged(problems=tuple(self._problems(reader, row, error)))
        refused = self._refused(reader, row, case)
        return Judged(problems=(refused,) if refused else ())

    def open(self, tx: Transaction, job: int, row: int) -> None:
        """Opens the row's case and stores that it has; or what stands against it. Nothing where that is known already."""
        plan, payload = self._plan, self._plan.payloads[row]
        if tx.imported_row(job, row) is not None:
            return
        key, command = row_key(plan.chart, plan.parent, payload), self._command(row)
        if self._held(tx, job, row, key, command):
            return
        listed = self._listed(tx, row)
        if listed is not None:
            tx.add_imported(wrong_row(job, row, [listed]))
            return
        decision = self._commands.decided(tx, command)
        if isinstance(decision.refusal, DuplicateCase) and self._held(tx, job, row, key, command):
            return  # another job has opened it between the two looks
        if decision.refusal is not None:
            tx.add_imported(wrong_row(job, row, self._problems(tx, row, decision.refusal)))
        elif decision.case is not None:
            made, said = decision.case, command.body_hash
            tx.add_imported(ImportedRow(job, row, OPENED, key, self._party, said, made.id, made.number))

    def _held(self, tx: Transaction, job: int, row: int, key: str, command: Command) -> bool:
        """Whether the row was imported before; what that makes of it is stored."""
        before = tx.imported(key, self._party)
        if before is None:
            return False
        if before.body_hash == command.body_hash:
            tx.add_imported(ImportedRow(job, row, KNOWN, case_id=before.case_id, number=before.number))
        else:
            tx.add_imported(wrong_row(job, row, [self._changed(row, before)]))
        return True

    def _command(self, row: int) -> Command:
        plan = self._plan
        event = Event("open", plan.payloads[row])
        return Command(event, self._actor, workflow=plan.chart.workflow.name, parent=plan.parent)

    def _try(self, reader: Reader, row: int) -> Case:
        """The case as it would be."""
        self._command(row).check()
        chart, now, holder = self._plan.chart, reader.business_now(), None
        if self._plan.parent is not None:
            _, holder, _ = parent_now(reader, self._catalog, self._plan.parent, self._actor)
        event, parent = Event("open", self._plan.payloads[row]), parent_of(holder) if holder else None
        opened = open_case(chart, event, self._actor, case_id="new", now=now, parent=parent)
        self._commands.stepping.check_documents(reader, chart, None, opened, self._actor)
        made = opened.case
        key = unique_key(chart.workflow, made)
        if key is not None:
            check_free(chart, made, reader.unique_holder(made.workflow, key))
        return made

    # ── duplicates, by name where the sender may see them ────────────────────────────────────────────────────────────

    def _changed(self, row: int, before: ImportedRow) -> RowProblem:
        name = f"as {before.number} " if before.number else ""
        words = f"was imported before {name}with other values; change the case itself, or open another by hand"
        return RowProblem(row, "", "changed", words)

    def _ended(self, reader: Reader, row: int, before: ImportedRow) -> RowProblem | None:
        """A known row whose case is over stays known: to apply again is no matter of a list that is sent twice."""
        found = self._seen(reader, before.case_id)
        if found is None or found.closed_at is None:
            return None
        words = f"was imported before as {_ended(found)}; nothing is opened; to apply again, open a case by hand"
        return RowProblem(row, "", "known", words, warning=True)

    def _listed(self, reader: Reader, row: int) -> RowProblem | None:
        """Where the workflow's register says whose the product is and what it is called by plain fields."""
        facts, payload = self._plan.chart.workflow.register or {}, self._plan.payloads[row]
        paths = [facts[name].source.strip() if name in facts else "" for name in ("tax_id", "designation")]
        tax_id, designation = (payload.get(path) for path in paths)
        if not isinstance(tax_id, str) or not isinstance(designation, str):
            return None
        wanted = RegisterFilter(tax_id=tax_id, designation=designation)
        entry = next((e for e in reader.register_rows(wanted, limit=10) if e.status in IN_FORCE), None)
        if entry is None:
            return None
        words = f"is in the register already, as entry {entry.entry_no} ({entry.status}); leave the row out"
        return RowProblem(row, self._heading(paths[::-1]), "listed", words)

    def _running(self, reader: Reader, row: int, error: DuplicateCase) -> RowProblem:
        rule = self._plan.chart.workflow.unique
        paths = rule.of if rule is not None else ()
        found = None if error.number is None else stored(reader, error.number)
        case = None if found is None else self._seen(reader, found.case.id)
        fields = ", ".join(paths)
        if case is None:
            words = f"a case that is not for you to see has the same {fields}; ask those who keep the list"
        else:
            where = ", ".join(case.leaves)
            words = f"case {case.number or case.id} has the same {fields} and is in {where}; go on with it, leave the row out"
        return RowProblem(row, self._heading(paths), "running", words)

    def _refused(self, reader: Reader, row: int, case: Case) -> RowProblem | None:
        workflow = self._plan.chart.workflow
        paths = workflow.unique.of if workflow.unique is not None else ()
        known = set(index_paths(workflow))
        values = {path: as_text(case.data[path]) for path in paths if path in known and path in case.data}
        if not paths or len(values) < len(paths):
            return None
        found = self._seen(reader, reader.last_ended(workflow.name, values, REFUSED))
        if found is None:
            return None
        words = f"{_ended(found)} was the same product; it may apply again"
        return RowProblem(row, self._heading(paths), "refused", words, warning=True)

    def _seen(self, reader: Reader, case_id: str | None) -> Case | None:
        found = None if case_id is None else reader.case(case_id)
        if found is None or not may_see(self._catalog.chart(found.version_id, reader), found.case, self._actor):
            return None
        return found.case

    def _heading(self, paths: Sequence[str]) -> str:
        """The heading of the first of these fields that names a product rather than whose it is."""
        headings = {path: heading for heading, path in self._plan.columns.items() if path is not None}
        ordered = sorted(paths, key=lambda path: path.endswith("tax_id"))
        return next((headings[path] for path in ordered if path in headings), "")

    def _problems(self, reader: Reader, row: int, error: MilepostError) -> list[RowProblem]:
        columns: Mapping[str, Any] = self._plan.columns
        if isinstance(error, InvalidPayload):
            return [
                RowProblem(row, column_of(p, columns), p.code, f"{p.path}: {p.text}")
                for p in error.problems[:MOST_A_ROW]
            ]
        if isinstance(error, DuplicateCase):
            return [self._running(reader, row, error)]
        return [RowProblem(row, "", "not-allowed", str(error))]


def wrong_row(job: int, row: int, problems: Sequence[RowProblem]) -> ImportedRow:
    """A row that opens nothing."""
    return ImportedRow(job, row, WRONG, problems=tuple(as_data(problem) for problem in problems))


def as_data(problem: RowProblem) -> dict[str, Any]:
    """As the store keeps it."""
    more = {"warning": True} if problem.warning else {}
    return {"row": problem.row, "column": problem.column, "code": problem.code, "text": problem.text, **more}


def _ended(case: Case) -> str:
    end = f"{case.closed_at:%Y-%m-%d}" if case.closed_at else "?"
    return f"case {case.number or case.id}, which ended {case.outcome} on {end} in {', '.join(case.leaves)},"
