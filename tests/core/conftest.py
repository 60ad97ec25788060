"""A small workflow and one case of it, played by invented people; the tests of this folder say what has to come of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from engine.core.calendars.reading import read_calendar
from engine.core.case import SYSTEM, Actor, Case, Effect, EffectResult, Event, Step, TimerFired
from engine.core.loader.load import load_or_raise
from engine.core.machine.chart import build_chart
from engine.core.machine.step import open_case, step
from engine.service.stepping import next_due

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.core.case import Input, Parent
    from engine.core.machine.chart import Chart

MOSCOW = ZoneInfo("Europe/Moscow")
CALENDAR = Path(__file__).parents[2] / "workflows" / "calendars" / "ru.yaml"

TOPS = {
    "milepost": "1",
    "workflow": "small",
    "title": "A small one",
    "calendar": "ru",
    "timezone": "Europe/Moscow",
    "roles": """
  clerk: {title: Clerk, sees: all}
  chief: {title: Chief, sees: all}
  buyer: {title: Buyer, side: applicant, sees: own}""",
    "data": """
  n: {type: integer, default: 0}
  m: {type: integer, default: 0}
  word: text
  flag: boolean
  ratio: number
  day: date
  at: datetime
  log: {type: text, default: ""}""",
    "event_data": "{reasons: text, amount: integer}",
    "open": "{by: [clerk, chief, buyer], form: [n, flag, day, at, word]}",
}
"""What a workflow of these tests has where it says nothing else: clerks ana and ben, the chief cyd, the buyer bob."""

PEOPLE = {
    "ana": Actor("ana", roles=frozenset({"clerk"}), name="Ana"),
    "ben": Actor("ben", roles=frozenset({"clerk"}), name="Ben"),
    "cyd": Actor("cyd", roles=frozenset({"chief"}), name="Cyd"),
    "bob": Actor("bob", roles=frozenset({"buyer"}), attributes={"party": "4000000001"}, name="Bob"),
    "system": SYSTEM,
}


def moment(text: str | datetime) -> datetime:
    """`2026-01-12 09:00` in Moscow, as an instant."""
    if isinstance(text, datetime):
        return text
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW).astimezone(UTC)


def written(source: str) -> str:
    """The whole file: what the source does not say at its top is as in TOPS; it begins in its first state."""
    source = dedent(source)
    said = set(re.findall(r"^(\w+):", source, re.MULTILINE))
    first = re.search(r"^states:(?:\s*\{|\n\s+)(\w+):", source, re.MULTILINE)
    tops = TOPS | ({"initial": first[1]} if first else {})
    return "".join(f"{key}: {text}\n" for key, text in tops.items() if key not in said) + source


@dataclass
class Play:
    """One case, stepped by hand; `now` stands until it is moved."""

    chart: Chart
    now: datetime = field(default_factory=lambda: moment("2026-01-12 09:00"))
    case: Case = None  # type: ignore[assignment]
    last: Step = None  # type: ignore[assignment]
    effects: list[Effect] = field(default_factory=list)

    def open(
        self, data: Mapping[str, Any] | None = None, by: str | Actor = "ana", parent: Parent | None = None
    ) -> Play:
        """Open the case."""
        said = Event("open", data or {})
        return self._took(open_case(self.chart, said, who(by), case_id="c1", now=self.now, parent=parent))

    def send(
        self, event: str, data: Mapping[str, Any] | None = None, by: str | Actor = "ana", declares: Iterable[str] = ()
    ) -> Play:
        """Send an event."""
        return self.give(Event(event, data or {}, frozenset(declares)), by)

    def give(self, happened: Input, by: str | Actor = "system") -> Play:
        """One input of any kind."""
        made = step(self.chart, self.case, happened, who(by), now=self.now)
        assert made is not None
        return self._took(made)

    def refused(
        self, error: type[Exception], event: str, data: Any = None, by: str | Actor = "ana", **more: Any
    ) -> Any:
        """The error that an event is refused with; the case stays as it was."""
        before = self.case
        with pytest.raises(error) as caught:
            self.send(event, data, by, **more)
        assert self.case is before
        return caught.value

    def until(self, text: str | datetime) -> Play:
        """Let time pass; timers fire on the way, each at its moment."""
        to = moment(text)
        while (timer := next_due(self.chart, self.case, by=to)) is not None:
            self.now = max(self.now, timer.due)
            self.give(TimerFired(timer))
        self.now = max(self.now, to)
        return self

    def answer(self, kind: str, data: Mapping[str, Any] | None = None, error: str | None = None, back: int = 1) -> Play:
        """The result of the last effect of a kind (or of an earlier one)."""
        effect = [effect for effect in self.effects if effect.kind == kind][-back]
        return self.give(EffectResult(effect, error is None, data or {}, error))

    def _took(self, made: Step) -> Play:
        self.last, self.case = made, made.case
        self.effects += made.effects
        return self

    # ── what is seen ─────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def leaves(self) -> tuple[str, ...]:
        """Where the case is."""
        return self.case.leaves

    def __getitem__(self, path: str) -> Any:
        return self.case.data.get(path)

    def due(self, deadline: str, kind: str = "due", rung: int = 0) -> str | None:
        """When a timer is due, in Moscow; None: it is not armed."""
        for timer in self.case.timers:
            if (timer.deadline, timer.kind, timer.rung) == (deadline, kind, rung):
                return timer.due.astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M")
        return None

    def told(self) -> list[str]:
        """The templates of the messages of the last step, in order."""
        return [effect.payload["template"] for effect in self.last.effects if effect.kind == "notify"]

    def sent(self, template: str) -> list[tuple[str, ...]]:
        """To whom each message of a template went, in the whole case."""
        return [e.payload["to"] for e in self.effects if e.kind == "notify" and e.payload["template"] == template]


def who(by: str | Actor) -> Actor:
    """A person by name."""
    return PEOPLE[by] if isinstance(by, str) else by


class Stage:
    """Where plays are made."""

    people = PEOPLE
    replace = staticmethod(replace)
    moment = staticmethod(moment)
    written = staticmethod(written)

    def __init__(self, calendar: Any) -> None:
        self._calendar = calendar
        self._charts: dict[str, Chart] = {}

    def __call__(self, source: str) -> Play:
        """A workflow of which no case is open yet."""
        if source not in self._charts:
            workflow = load_or_raise(written(source), file="small.yaml")
            self._charts[source] = build_chart(workflow, self._calendar)
        return Play(self._charts[source])

    def person(self, name: str, *roles: str, **more: Any) -> Actor:
        """Somebody with these roles."""
        return Actor(name, roles=frozenset(roles), name=name.title(), **more)


@pytest.fixture(scope="session")
def play() -> Stage:
    """Makes a Play from the states (and what else differs) of a small workflow."""
    calendar, _ = read_calendar(CALENDAR.read_text(encoding="utf-8"), file="ru.yaml")
    return Stage(calendar)
