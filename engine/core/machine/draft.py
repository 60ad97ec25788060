"""The working copy of a case inside one step: what was written, left, entered, asked for; thrown away on any error.

It knows how to write data and keep count; which states move is left to moves, what verbs do to actions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import local_date
from engine.core.case import Effect, Track
from engine.core.definition import StateKind
from engine.core.expressions.expression import ExpressionError, MissingValue, Scope
from engine.core.machine.configuration import configuration
from engine.core.machine.failing import guard_failed
from engine.errors import ConflictingSets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from engine.core.case import Actor, Case, Child, EffectKind, Fact, Position, Snapshot
    from engine.core.definition import Assignment
    from engine.core.expressions.expression import Expression
    from engine.core.machine.chart import Chart


class Draft:
    """Mutable for the length of a step; `scope` sees everything written so far."""

    __slots__ = (
        "_event",
        "_scope",
        "_today",
        "acted_as",
        "active",
        "actor",
        "acts",
        "allocate",
        "answers",
        "arms",
        "before",
        "case_id",
        "changed",
        "chart",
        "children",
        "claims",
        "data",
        "declared",
        "effects",
        "entered",
        "entered_at",
        "entered_states",
        "entries",
        "excluded",
        "fact_names",
        "facts",
        "gave",
        "kept_now",
        "left",
        "left_states",
        "now",
        "outcome",
        "seq",
        "snapshots",
        "subscribers",
        "tracks",
    )  # fmt: skip

    def __init__(self, chart: Chart, case: Case, actor: Actor, now: datetime) -> None:
        memory = case.memory
        self.chart = chart
        self.before = case
        self.case_id = case.id
        self.actor = actor
        self.now = now
        self.seq = case.seq + 1
        self.data: dict[str, Any] = dict(case.data)
        self.active: dict[str, Position] = {position.state: position for position in case.positions}
        self.entries: dict[str, int] = dict(memory.entries)
        self.entered_at: dict[str, datetime] = dict(memory.entered)
        self.tracks: Mapping[str, Track] = memory.tracks
        self.snapshots: Mapping[str, Snapshot] = memory.left
        self.answers: Mapping[str, tuple[Mapping[str, Any], ...]] = memory.answers
        self.excluded: Mapping[str, tuple[str, ...]] = memory.excluded
        self.acts: Mapping[str, tuple[str, ...]] = memory.acts
        self.acted_as: Mapping[str, tuple[str, ...]] = memory.acted_as
        self.declared: Mapping[str, tuple[str, ...]] = memory.declared
        self.gave: Mapping[str, str] = memory.gave
        self.children: tuple[Child, ...] = memory.children
        self.subscribers: tuple[str, ...] = memory.subscribers
        self.changed: set[str] = set()
        self.claims: dict[str, str] = {}  # path → the state whose `set` wrote it in this step
        self.effects: list[Effect] = []
        self.facts: list[Fact] = []
        self.fact_names: list[str] = []
        self.allocate: list[str] = []
        self.arms: list[str] = []
        self.left: list[str] = []  # what the regions report during one move
        self.entered: list[str] = []
        self.left_states: list[str] = []  # of the whole step
        self.entered_states: list[str] = []
        self.kept_now: set[str] = set()  # `<state>#<entry>` brought back in this step
        self.outcome: str | None = None
        self._today: date | None = None
        self._scope: Scope | None = None
        self._event: Mapping[str, Any] | None = None

    @property
    def today(self) -> date:
        """The local day of this step."""
        if self._today is None:
            self._today = local_date(self.now, self.chart.zone)
        return self._today

    @property
    def scope(self) -> Scope:
        """What expressions see; made when the first one asks."""
        if self._scope is None:
            case = self.before
            self._scope = Scope(
                data=self.data,
                now=self.now,
                zone=self.chart.zone,
                calendar=self.chart.calendar,
                event=self._event,
                actor=actor_view(self.actor),
                case={"opened_at": case.opened_at, **({"number": case.number} if case.number else {})},
                children=children_view(self.children),
                in_state=self.active.__contains__,
                entered=self.entered_at.get,
            )
        return self._scope

    def happens(self, name: str, said: Mapping[str, Any]) -> None:
        """Let expressions see the event."""
        self._event = {"name": name, "at": self.now, **said}
        if self._scope is not None:
            self._scope.event = self._event

    # ── expressions and data ─────────────────────────────────────────────────────────────────────────────────────────

    def value(self, expression: Expression) -> Any:
        """The value of an expression; an error refuses the step with its text, its values and its line."""
        try:
            return expression.run(self.scope)
        except ExpressionError as error:
            raise guard_failed(expression, error, self.data) from None

    def value_or_none(self, expression: Expression) -> Any:
        """As `value`, but no value (a missing field) is None."""
        try:
            return expression.run(self.scope)
        except MissingValue:
            return None
        except ExpressionError as error:
            raise guard_failed(expression, error, self.data) from None

    def holds(self, conditions: Iterable[Expression]) -> bool:
        """Whether all are true."""
        return all(self.value(condition) is True for condition in conditions)

    def write(self, path: str, value: Any) -> None:
        """Write one field; None empties it."""
        if value is None or value == ():
            if path in self.data:
                del self.data[path]
                self.changed.add(path)
        elif path not in self.data or self.data[path] != value or type(self.data[path]) is not type(value):
            self.data[path] = value
            self.changed.add(path)

    def assign_together(self, sets: Iterable[tuple[str, Iterable[Assignment]]]) -> None:
        """The `set`s of several arms, or of a state that is entered, at once; two regions may not set one path in a step."""
        arms: dict[str, str] = {}
        values = []
        for state, assignments in sets:
            for a in assignments:
                if arms.setdefault(a.path, state) != state or self._apart(self.claims.get(a.path, state), state):
                    raise ConflictingSets(f"two regions set {a.path} in one step; one of them has to leave it alone")
                values.append((a.path, None if a.expression is None else self.value(a.expression)))
        self.claims.update(arms)
        for path, value in values:
            self.write(path, value)

    def _apart(self, one: str, two: str) -> bool:
        """Whether two states are in different regions of one parallel."""
        if one == two:
            return False
        around = self.chart.around[two]
        common = next(path for path in self.chart.around[one] if path in around)
        return common not in {one, two} and self.chart.states[common].kind is StateKind.PARALLEL

    # ── effects, tracks, children ────────────────────────────────────────────────────────────────────────────────────

    def effect(self, kind: EffectKind, adapter: str, payload: Mapping[str, Any], state: str = "") -> Effect:
        """Ask for an effect; its key never changes."""
        entry = self.active[state].entry if state in self.active else 0
        made = Effect(
            key=f"{self.case_id}/{self.seq}/{len(self.effects) + 1}",
            kind=kind,
            adapter=adapter,
            payload=payload,
            state=state if entry else "",
            entry=entry,
        )
        self.effects.append(made)
        return made

    def track(self, key: str) -> Track:
        """What this entry's deadline remembers."""
        return self.tracks.get(key) or Track()

    def keep_track(self, key: str, track: Track) -> None:
        """Remember it."""
        self.tracks = {**self.tracks, key: track}

    def add_child(self, child: Child) -> None:
        """A case that this one has from now on."""
        self.children = (*self.children, child)
        if self._scope is not None:
            self._scope.children = children_view(self.children)

    def counted(self, state: str) -> tuple[Child, ...]:
        """The children that count for a children state's present entry."""
        origin = f"{state}#{self.active[state].entry}"
        return tuple(child for child in self.children if origin in child.origins)

    def finish(self, state: str, *, finished: bool) -> None:
        """Mark a position as done, or not done any more."""
        self.active[state] = replace(self.active[state], finished=finished)

    def placed(self) -> tuple[Position, ...]:
        """The active positions in file order."""
        active = self.active
        return tuple([active[path] for path in configuration(self.chart, active).states])


def actor_view(actor: Actor) -> dict[str, Any]:
    """What expressions see of the sender."""
    view: dict[str, Any] = {"id": actor.id, "roles": tuple(sorted(actor.roles))}
    if actor.party is not None:
        view["party"] = actor.party
    return view


def children_view(children: Iterable[Child]) -> tuple[Mapping[str, Any], ...]:
    """What expressions see of children; what is not known yet is absent."""
    rows = []
    for child in children:
        row: dict[str, Any] = {"workflow": child.workflow, "ended": child.ended}
        known = {"number": child.number, "key": child.key, "outcome": child.outcome}
        row |= {name: value for name, value in known.items() if value is not None}
        rows.append(row)
    return tuple(rows)
