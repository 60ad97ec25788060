"""What cases go through while a world moves: every record, every stay in a state, every due moment that was armed there.

A look is taken between any two rounds of timers and effects, so that a state that is left at once is seen too. Due moments
are those of the case's own timers; how each was counted is said by engine.describe.explain.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.core.case import SYSTEM
from engine.core.frozen import frozen
from engine.describe.explain import explain_case
from engine.describe.timeline import Due
from engine.store.records import CaseFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Any

    from engine.core.case import Case
    from engine.core.machine.chart import Chart
    from engine.describe.explain import ExplainedDeadline
    from engine.rehearse.world import World
    from engine.store.transaction import Reader

MOST_CASES = 1000
MOST_RECORDS = 10_000


@frozen
class CaseName:
    """A case by its workflow and its number among the cases of that workflow, from 1: the same in every run of a story."""

    workflow: str
    number: int


@dataclass(slots=True)
class Stayed:
    """One stay in one state; `left` None: still there. `dues` by deadline, one after the other where it comes again."""

    case: CaseName
    chart: Chart
    state: str
    entered: datetime
    left: datetime | None = None
    dues: dict[str, list[Due]] = field(default_factory=dict)


@dataclass(slots=True)
class Watch:
    """Looks at all cases of a world; `records` and `stays` in the order in which they happened."""

    world: World
    records: list[tuple[CaseName, Mapping[str, Any]]] = field(default_factory=list)
    stays: list[Stayed] = field(default_factory=list)
    ids: dict[CaseName, str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)  # case → how much of its history
    _open: dict[tuple[CaseName, str], Stayed] = field(default_factory=dict)

    def look(self) -> None:
        """Take in what has happened since the last look."""
        found = self.world.store.read(self._news)
        self.records += sorted(
            ((which, record) for which, _, _, records in found for record in records), key=lambda one: one[1]["at"]
        )
        for which, chart, case, records in found:
            for record in records:
                for state in record.get("left", ()):
                    stay = self._open.pop((which, state), None)
                    if stay is not None:
                        stay.left = record["at"]
            self._look_at(which, chart, case)
            if case.closed_at is not None and (which, "") in self._open:
                self._open[which, ""].left = case.closed_at

    def _news(self, reader: Reader) -> list[tuple[CaseName, Chart, Case, list[Mapping[str, Any]]]]:
        found = []
        for summary in reversed(reader.cases(CaseFilter(), None, MOST_CASES)):
            seen = self._seen.get(summary.id, 0)
            if summary.seq == seen:
                continue
            self._seen[summary.id] = summary.seq
            which = self._name(summary.id, summary.workflow)
            records = [line.record for line in reader.history(summary.id, seen, MOST_RECORDS)]
            stored = reader.case(summary.id)
            if stored is not None:
                found.append((which, self.world.charts[summary.workflow], stored.case, records))
        return found

    def _name(self, case_id: str, workflow: str) -> CaseName:
        known = next((which for which, other in self.ids.items() if other == case_id), None)
        if known is not None:
            return known
        which = CaseName(workflow, 1 + sum(other.workflow == workflow for other in self.ids))
        self.ids[which] = case_id
        return which

    def _look_at(self, which: CaseName, chart: Chart, case: Case) -> None:
        for position in case.positions:
            key = (which, position.state)
            if key not in self._open:
                back = [s.left for s in self.stays if (s.case, s.state) == key and s.left is not None]
                entered = max([position.entered_at, *back])  # what was kept has been away meanwhile
                self._open[key] = Stayed(which, chart, position.state, entered)
                self.stays.append(self._open[key])
        for said in explain_case(chart, case, SYSTEM, now=case.last_at).deadlines:
            stay = self._open.get((which, said.state))
            if stay is not None:
                _take(stay.dues.setdefault(said.name, []), said, case)


def _take(dues: list[Due], said: ExplainedDeadline, case: Case) -> None:
    """The due moment as it is now; one that was moved before it came takes the place of what it was."""
    timers = [t for t in case.timers if t.state == said.state and t.deadline == said.name]
    due = next((timer.due for timer in timers if timer.kind == "due"), None)
    if dues and dues[-1].due is not None and dues[-1].due == said.fired_at:
        dues[-1] = replace(dues[-1], fired=True)
    if due is None and dues:
        return  # it has fired, or its clock stands still: what was counted last stays
    reminders = sorted(timer.due for timer in timers if timer.kind == "remind")
    last = dues[-1] if dues else None
    if last is not None and last.due == due:
        kept = {*last.reminders, *reminders}
        dues[-1] = replace(last, reminders=tuple(sorted(kept)))
        return
    counted = ", ".join(why for why in said.why if not why.startswith("fired at "))  # that was the one before
    made = Due(said.name, said.rule, due, counted, tuple(reminders), provisional=said.provisional)
    if last is not None and not last.fired:
        dues.pop()
    dues.append(made)


def moves(record: Mapping[str, Any]) -> bool:
    """Whether a record of a deadline is more than a word to somebody: it left a state, opened or told a case, wrote data."""
    effects: Iterable[str] = record.get("effects", ())
    changes = record.get("payload", {}).get("changes", {})
    return bool(record.get("left") or changes or any(":notify:" not in effect for effect in effects))
