"""The working copy of a case inside one step: what was written, left, entered, asked for; thrown away on any error.

It knows how to write data and keep count; which states move is left to moves, what verbs do to actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import local_date
from engine.core.case import NO_TRACK, Effect, Position
from engine.core.definition import StateKind
from engine.core.expressions.expression import ExpressionError, MissingValue, Scope
from engine.core.machine.configuration import configuration
from engine.core.machine.failing import guard_failed
from engine.errors import ConflictingSets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from engine.core.case import Actor, Case, Child, EffectKind, Snapshot, Track
    from engine.core.definition import Assignment
    from engine.core.expressions.expression import Expression
    from engine.core.facts import Fact
    from engine.core.machine.chart import Chart
    from engine.core.machine.configuration import Configuration
    from engine.core.work import Assigned


class Draft:
    """Mutable for the length of a step; `scope` sees everything written so far."""

    __slots__ = (
        "_configuration",
        "_days",
        "_event",
        "_scope",
        "_written",
        "acted_as",
        "active",
        "actor",
        "acts",
        "allocate",
        "answers",
        "arms",
        "assigned",
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
        "out",
        "outcome",
        "recounted",
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
        self.data = case.data
        self.active: dict[str, Position] = {position.state: position for position in case.positions}
        self.entries: dict[str, int] = dict(memory.entries)
        self.entered_at: dict[str, datetime] = dict(memory.entered)
        self.tracks: Mapping[str, Track] = memory.tracks
        self.snapshots: Mapping[str, Snapshot] = memory.left
        self.answers: Mapping[str, tuple[Mapping[str, Any], ...]] = memory.answers
        self.excluded: Mapping[str, tuple[str, ...]] = memory.excluded
        self.acts: Mapping[str, tuple[str, ...]] = memory.acts
        self.acted_as: Mapping[str, tuple[str, ...]] = memory.acted_as
        self.assigned: Mapping[str, Assigned] = memory.assigned
        self.out: Mapping[str, tuple[str, ...]] = memory.out
        self.declared: Mapping[str, tuple[str, ...]] = memory.declared
        self.gave: Mapping[str, str] = memory.gave
        self.children: tuple[Child, ...] = memory.children
        self.subscribers: tuple[str, ...] = memory.subscribers
        self.recounted = memory.recounted
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
        self._configuration: Configuration | None = None
        self._days: dict[datetime, date] = {}
        self._scope: Scope | None = None
        self._written: dict[str, Any] | None = None
        self._event: Mapping[str, Any] | None = None

    def day(self, moment: datetime) -> date:
        """The local day of a moment; several deadlines of a step ask for the same ones."""
        day = self._days.get(moment)
        if day is None:
            day = self._days[moment] = local_date(moment, self.chart.zone)
        return day

    @property
    def configuration(self) -> Configuration:
        """What the chart knows of the states that are active now."""
        if self._configuration is None:
            self._configuration = configuration(self.chart, self.active)
        return self._configuration

    @property
    def scope(self) -> Scope:
        """What expressions see; made when the first one asks."""
        if self._scope is None:
            case = self.before
            self._scope = Scope(
                self.data,
                self.now,
                self.chart.zone,
                self.chart.calendar,
                self._event,
                actor_view(self.actor),
                {"opened_at": case.opened_at, "number": case.number} if case.number else {"opened_at": case.opened_at},
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
        for condition in conditions:  # noqa: SIM110 (a generator costs more than most conditions)
            if self.value(condition) is not True:
                return False
        return True

    def write(self, path: str, value: Any) -> None:
        """Write one field; None empties it."""
        data = self.data
        if value is None or value == ():
            if path in data:
                del self._own()[path]
                self.changed.add(path)
        elif path not in data or data[path] != value or type(data[path]) is not type(value):
            self._own()[path] = value
            self.changed.add(path)

    def _own(self) -> dict[str, Any]:
        """The data of the draft itself, which are the case's until the first change."""
        if self._written is None:
            self.data = self._written = dict(self.before.data)
            if self._scope is not None:
                self._scope.data = self.data
        return self._written

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
        key = f"{self.case_id}/{self.seq}/{len(self.effects) + 1}"
        made = Effect(key, kind, adapter, payload, state if entry else "", entry)
        self.effects.append(made)
        return made

    def track(self, key: str) -> Track:
        """What this entry's deadline remembers."""
        return self.tracks.get(key) or NO_TRACK

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

    # ── positions ────────────────────────────────────────────────────────────────────────────────────────────────────

    def stand(self, position: Position) -> None:
        """A state is active from now on."""
        self.active[position.state] = position
        self._configuration = None

    def quit(self, state: str) -> None:
        """A state is not active any more."""
        del self.active[state]
        self._configuration = None

    def finish(self, state: str, *, finished: bool) -> None:
        """Mark a position as done, or not done any more."""
        held = self.active[state]
        self.active[state] = Position(state, held.entry, held.entered_at, finished)

    def placed(self) -> tuple[Position, ...]:
        """The active positions in file order."""
        return tuple(map(self.active.__getitem__, self.configuration.states))


def actor_view(actor: Actor) -> dict[str, Any]:
    """What expressions see of the sender."""
    view: dict[str, Any] = {"id": actor.id, "roles": tuple(sorted(actor.roles))}
    party = actor.party
    if party is not None:
        view["party"] = party
    return view


def children_view(children: Sequence[Child]) -> tuple[Mapping[str, Any], ...]:
    """What expressions see of children; what is not known yet is absent."""
    if not children:
        return ()
    rows = []
    for child in children:
        row: dict[str, Any] = {"workflow": child.workflow, "ended": child.ended}
        known = {"number": child.number, "key": child.key, "outcome": child.outcome}
        row |= {name: value for name, value in known.items() if value is not None}
        rows.append(row)
    return tuple(rows)
