"""Running cases beside a new version of their workflow: how many stand in each state, and which could not go on with it.

Cases stay on the version they were opened on; this says what would be if they did not, and whom a change meets.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from engine.core.fields import ValueFault, read_value
from engine.core.frozen import frozen
from engine.store.records import After, CaseFilter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.case import Case
    from engine.core.definition import Workflow
    from engine.store.transaction import Reader

PAGE = 500


@frozen
class Running:
    """`states`: how many open cases are in each, composite ones too; `stopped`: number or id of a case → why it cannot follow."""

    cases: int
    states: Mapping[str, int]
    stopped: Mapping[str, str]


def running(reader: Reader, new: Workflow) -> Running:
    """The open cases of the workflow of this name, against a new text of it."""
    states: Counter[str] = Counter()
    stopped: dict[str, str] = {}
    count, after = 0, None
    while page := reader.cases(CaseFilter(workflow=new.name, open_only=True), after, PAGE):
        for summary in page:
            stored = reader.case(summary.id)
            if stored is None:
                continue
            count += 1
            states.update(position.state for position in stored.case.positions if position.state)
            why = _stops(stored.case, new)
            if why is not None:
                stopped[summary.number or summary.id] = why
        after = After(page[-1].row)
    return Running(count, dict(states), stopped)


def _stops(case: Case, new: Workflow) -> str | None:
    """Why a case cannot go on with a definition: where it stands or what it knows is not there any more."""
    for position in case.positions:
        if position.state not in new.states:
            return f"it is in '{position.state}', which is not there any more"
    for leaf in case.leaves:
        if new.states[leaf].children:
            return f"it rests in '{leaf}', which has states inside now"
    for path, value in case.data.items():
        field = new.fields.get(path)
        if field is None:
            if path.partition(".")[0] not in {"certificate", "register"}:
                return f"it has a value for '{path}', which is not there any more"
            continue
        try:
            read_value(field, value)
        except ValueFault as fault:
            return f"its '{path}{fault.subpath}' {fault.text}"
    return None
