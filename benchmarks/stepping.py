"""`step()` on the roadmap, due dates included, against a bare shared flat Machine taking as many transitions.

A step enters and leaves every region by a transition of the library, so one that enters a parallel state takes several: the
bare machine takes that many too.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transitions import Machine

from benchmarks.measuring import Row, interleaved, median_ratio
from engine.core.allocation import fill
from engine.core.calendars.reading import read_calendar
from engine.core.case import Actor, Event
from engine.core.loader.load import load_or_raise
from engine.core.machine.chart import arms_of, build_chart
from engine.core.machine.regions import Region
from engine.core.machine.step import open_case, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.core.case import Case
    from engine.core.machine.chart import Chart
    from engine.core.machine.regions import Moves

WORKFLOWS = Path(__file__).parent.parent / "workflows"
TAX_ID = "7707083893"
START = datetime(2026, 1, 12, 6, tzinfo=UTC)

ITEMS = [{"item_id": "1", "designation": "Z-50"}]
DRAWINGS = tuple(f"drawing {n}\n".encode() for n in range(4))
"""What the applicant uploads before, and refers to."""
DOCUMENTS = tuple({"kind": "drawing", "file": "f", "sha256": sha256(drawing).hexdigest()} for drawing in DRAWINGS)
PROPOSAL = {
    "applicant": {"address": "Sample street 1", "contact": {"name": "A. Sample", "email": "a@sample.example"}},
    "product": {"name": "Valve", "category": "valves", "series": "serial", "tech_spec": "TU-1", "items": ITEMS},
    "documents": [DOCUMENTS[0]],
}
OPENING = {
    "applicant": {"legal_name": "Sample Valves", "tax_id": TAX_ID},
    "product": {"designation": "Z", "intended_use": "gas"},
    "campaign": {"region": "R1"},
}
CLAUSES = [{"id": "1", "source": "S", "claim": "yes"}]
PATH: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("applicant", "submit", PROPOSAL),
    ("regional_coordinator", "return_for_completion", {"reasons": "the drawing"}),
    ("applicant", "resubmit", {"documents": [DOCUMENTS[1]]}),
    ("regional_coordinator", "include", {}),
    ("regional_coordinator", "remove_from_list", {"reasons": "again"}),
    ("applicant", "resubmit", {"documents": [DOCUMENTS[2]]}),
    ("regional_coordinator", "include", {}),
    ("campaign", "list_dispatched", {}),
    ("intake_officer", "request_completion", {"intake": {"missing": ["plan"]}}),
    ("applicant", "complete", {"documents": [DOCUMENTS[3]]}),
    ("intake_officer", "accept", {"intake": {"complete": True}}),
    ("requirements_reviewer", "request_corrections", {"reasons": "clause 1"}),
    ("applicant", "dispute_clause", {"reasons": "it is met"}),
)


def actors() -> dict[str, Actor]:
    """Who plays each role."""
    attributes = {"party": (TAX_ID, "R1"), "category": "valves"}
    roles = {role for role, _, _ in PATH} - {"campaign"}
    found = {role: Actor(f"{role}-1", roles=frozenset({role}), attributes=attributes) for role in roles}
    return found | {"campaign": Actor("k1", kind="case", workflow="campaign", relation="parent")}


def load_chart() -> Chart:
    """The roadmap, compiled."""
    workflow = load_or_raise((WORKFLOWS / "qualification.yaml").read_text("utf-8"), file="qualification.yaml")
    calendar, _ = read_calendar((WORKFLOWS / "calendars" / "ru.yaml").read_text("utf-8"), file="ru.yaml")
    return build_chart(workflow, calendar)


def walk(chart: Chart) -> list[tuple[Case, Event, Actor, datetime, tuple[str, ...]]]:
    """Every step of the path: the case before it, what is said, by whom, when, and the arms it takes."""
    people = actors()
    opened = open_case(chart, Event("open", OPENING), people["applicant"], case_id="c1", now=START)
    case, now = fill(opened, {"case.number": "Q-2026-000001"}).case, START
    steps = []
    for role, name, data in PATH:
        now += timedelta(days=1, hours=1)
        event = Event(name, data, declares=frozenset(duty.id for duty in chart.workflow.duties))
        made = step(chart, case, event, people[role], now=now)
        if made is None:
            raise RuntimeError(f"{name} did nothing")
        steps.append((case, event, people[role], now, made.record.arms))
        case = made.case
    return steps


class _Bare:
    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


def bare_machine(chart: Chart) -> Machine:
    """All states and arms of the roadmap in one flat machine, a condition on each arm that has one."""
    names = [path or "root" for path in chart.states]
    machine = Machine(model=None, states=names, initial="root", auto_transitions=False)
    for path, state in chart.states.items():
        for arm in arms_of(state):
            if arm.to is not None:
                conditions = [lambda: True] if arm.when else None
                machine.add_transition(arm.id, path or "root", arm.to, conditions=conditions)
    return machine


class _Counting(Region):
    """A region that counts the library's transitions."""

    __slots__ = ("count",)

    def __init__(self, region: Region, count: list[int]) -> None:
        self.machine, self._events, self.count = region.machine, region._events, count  # noqa: SLF001

    def _one(self) -> None:
        self.count[0] += 1

    def enter(self, child: str, moves: Moves) -> None:
        self._one()
        super().enter(child, moves)

    def leave(self, child: str, moves: Moves) -> None:
        self._one()
        super().leave(child, moves)

    def take(self, arm: str, child: str, moves: Moves) -> None:
        self._one()
        super().take(arm, child, moves)


def transitions_of(chart: Chart, steps: list[tuple[Case, Event, Actor, datetime, tuple[str, ...]]]) -> list[int]:
    """How many transitions of the library each step takes."""
    count = [0]
    counting = replace(chart, regions={path: _Counting(region, count) for path, region in chart.regions.items()})
    taken = []
    for case, event, actor, now, _ in steps:
        count[0] = 0
        step(counting, case, event, actor, now=now)
        taken.append(count[0])
    return taken


def measure() -> list[Row]:
    """Microseconds a step, and the ratio to the bare machine: on the whole path, and on its events that bring nothing."""
    chart = load_chart()
    steps = walk(chart)
    plain = [one for one in steps if not one[1].data]
    return [
        _measured(chart, steps, "step() on the roadmap, forms and due dates included"),
        _measured(chart, plain, "the same, events without a form"),
    ]


def _measured(chart: Chart, steps: list[tuple[Case, Event, Actor, datetime, tuple[str, ...]]], name: str) -> Row:
    machine = bare_machine(chart)
    moves = [
        (machine.events[arms[0]], arms[0].partition(":")[0] or "root")
        for (*_, arms), count in zip(steps, transitions_of(chart, steps), strict=True)
        for _ in range(count)
    ]

    def whole() -> None:
        for case, event, actor, now, _ in steps:
            step(chart, case, event, actor, now=now)

    def bare() -> None:
        for event, source in moves:
            event.trigger(_Bare(source))

    works: list[Callable[[], object]] = [bare, whole]
    floors, figures = interleaved(works, rounds=41, each=20)
    ratio = median_ratio(figures, floors)
    figure, floor = statistics.median(figures) / len(steps) * 1e6, statistics.median(floors) / len(steps) * 1e6
    return Row(name, figure, "µs", floor, ratio, "≤ 3", ratio <= 3)
