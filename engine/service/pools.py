"""Panels that cannot come to an end, because too few people are left who could answer: a person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.machine.duties import stands_against
from engine.core.machine.turns import asked, missing_answers
from engine.core.naming import Who
from engine.core.selection import admits, pools
from engine.service.receivers import actor_of

if TYPE_CHECKING:
    from engine.core.case import Actor, Case, Step
    from engine.core.machine.chart import Chart
    from engine.store.transaction import Transaction


def report_exhausted(tx: Transaction, chart: Chart, made: Step) -> None:
    """An incident for each panel that this step entered or changed and for which the directory has too few people.

    A role of which it knows nobody at all is somebody else's to know.
    """
    record = made.record
    touched = record.entered if record.kind != "panel" else (record.state,)
    active = {position.state for position in made.case.positions if not position.finished}
    for path in touched:
        if path in active and chart.states[path].panel is not None:
            wanted, left = _wanted_and_left(tx, chart, made.case, path)
            if left is not None and left < wanted:
                text = f"{path} needs {wanted} answers more, and {left} people could give one; give the role to others"
                tx.add_incident(case_id=made.case.id, kind="panel", subject=path, text=text)


def _wanted_and_left(tx: Transaction, chart: Chart, case: Case, path: str) -> tuple[int, int | None]:
    """(answers that are needed still, people who could give one); None where the directory does not know the role."""
    state = chart.states[path]
    panel, rows, out = state.panel, case.memory.answers.get(path, ()), case.memory.out.get(path, ())
    if panel is None:
        return 0, None
    need = state.need.count
    whole = asked(panel, case.data)
    wanted = (need if isinstance(need, int) else 1 if need == "any" else whole) - len(rows)
    left = sum(who.startswith("id:") for who in missing_answers(panel, case.data, rows, out))
    for ask in panel.ask:
        if ask.persons is not None:
            continue
        people = tx.people(ask.role)
        if not people:
            return wanted, None
        spent = {str(row.get("_id")) for row in rows} | set(out)
        places = (ask.count or 0) - sum(row.get("_role") == ask.role for row in rows)
        able = [t for t in people if t.actor_id not in spent and _could(chart, case, path, ask.role, actor_of(t))]
        left += min(places, len(able))
    return wanted, left


def _could(chart: Chart, case: Case, path: str, role: str, actor: Actor) -> bool:
    memory = case.memory
    if admits(chart.workflow, (Who("role", role),), actor, case.data, memory.excluded, pools(memory.assigned)) is None:
        return False
    return stands_against(chart, case, actor, path, now=case.last_at, role=role) is None
