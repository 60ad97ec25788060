"""A running case and what a step makes of it, as frozen values; how a step is made is left to machine/.

Values in `data` follow engine.core.types; keys are paths (`requirements.rounds`). A field without a value is absent.
The groups `certificate` and `register` hold the frozen facts beside `certificate.number issue status token` and
`register.entry_no status listed_on`. All datetimes are aware and in UTC; `now` is business time.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from engine.core.frozen import frozen
from engine.core.work import Assigned, AssignmentChanged, EffectHandled, PanelChanged

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from engine.core.facts import Fact


# ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@frozen
class Tie:
    """The directory knows that a person is or was tied to a party, `until` a moment (None: still)."""

    party: str
    until: datetime | None = None


@frozen
class Actor:
    """Who sends an event.

    kind `person` (id = the natural person), `system`, or `case` (another case: id its case id, workflow its workflow,
    `relation` what it is to this one). `attributes` are what roles' `where` compare: party, category, unit, …; a value is
    a text or a tuple of texts. Roles may be `role` or `role.supervisor`. Who acts for another person (`acting_for` is that
    person's id) has that person's roles and attributes here, and keeps his own id and name.
    """

    id: str
    kind: Literal["person", "system", "case"] = "person"
    roles: frozenset[str] = frozenset()
    attributes: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    name: str = ""
    ties: tuple[Tie, ...] = ()
    workflow: str | None = None
    relation: Literal["parent", "child", "other"] | None = None
    acting_for: str | None = None

    @property
    def persons(self) -> tuple[str, ...]:
        """Whose acts his are: his own, and those of the person for whom he acts."""
        return (self.id,) if self.acting_for is None else (self.id, self.acting_for)

    def among(self, people: Container[str]) -> bool:
        """Whether he is one of these, or the person for whom he acts."""
        return self.id in people or (self.acting_for is not None and self.acting_for in people)

    @property
    def party(self) -> str | None:
        """The organisation this actor acts for: his attribute `party`, the first where it is a list."""
        party = self.attributes.get("party")
        return party[0] if isinstance(party, tuple) and party else (party or None)  # type: ignore[return-value]


SYSTEM = Actor(id="system", kind="system", name="Milepost")


# ── what arrives ─────────────────────────────────────────────────────────────────────────────────────────────────────


@frozen
class Timer:
    """A moment asked for by a deadline of one entry of a state; `kind` due, remind or escalate, `rung` counts from 0.

    `due` is when to fire. A due timer may carry a `due` that is already past.
    """

    state: str
    entry: int
    deadline: str
    kind: Literal["due", "remind", "escalate"]
    rung: int
    due: datetime

    @property
    def key(self) -> str:
        """Unique within a case while it is armed."""
        return f"{self.state}#{self.entry}:{self.deadline}/{self.kind}{self.rung}"


@frozen
class Event:
    """Something said to a case. `data` is JSON as it arrived (nested by group or by dotted path) or typed values.

    `command` is the unique id of the request; `declares` the duties for which the sender declares to have no tie.
    """

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    declares: frozenset[str] = frozenset()
    command: str | None = None


@frozen
class TimerFired:
    """A timer asks; it does nothing where it is no longer armed."""

    timer: Timer


@frozen
class EffectResult:
    """What came of an effect: `ok` with `data` (the adapter's answer, untyped), or not ok with `error`.

    For a notification `data` may have `delivered_at` (datetime). For `certificate.issue` `data` has `sha256`.
    """

    effect: Effect
    ok: bool
    data: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


@frozen
class ChildOpened:
    """A child of this case exists now: opened by its effect (`key` = the effect's child key) or through the API."""

    id: str
    workflow: str
    number: str | None
    key: str | None = None
    by: Actor | None = None  # None: by this case's own effect


@frozen
class ChildEnded:
    """A child of this case has closed."""

    id: str
    number: str | None
    workflow: str
    outcome: str | None


@frozen
class Cancelled:
    """The parent does not wait for this case any more: it closes with the outcome `cancelled`."""

    reason: str = "the case that opened it has moved on"


Input = (
    AssignmentChanged
    | PanelChanged
    | Event
    | TimerFired
    | EffectResult
    | EffectHandled
    | ChildOpened
    | ChildEnded
    | Cancelled
)


# ── what a case is ───────────────────────────────────────────────────────────────────────────────────────────────────


@frozen
class Position:
    """An active state, composite ones too, in file order. `entry` counts the entries of this state from 1.

    `finished`: its own work is over (final, answered, called, ended) though it is not left.
    """

    state: str
    entry: int
    entered_at: datetime
    finished: bool = False


@frozen
class Track:
    """What one entry's deadline remembers: the due moment that has fired, extensions used, and its pauses.

    `paused_days` and `paused` (for terms by the hour; working time for working hours) are what pauses have added;
    `paused_since` runs now. `shift` is what a `keep` has added: the time the state was not there. `kept` is how far the due
    moment lies from where today's calendar would have it, as an earlier one had counted it.
    """

    fired: datetime | None = None
    count: int = 0  # how often it has fired
    extensions: int = 0
    paused_days: int = 0
    paused: timedelta = timedelta(0)
    paused_since: datetime | None = None
    shift: timedelta = timedelta(0)
    kept: timedelta = timedelta(0)

    def stopped(self, since: datetime) -> Track:
        """A pause begins."""
        days, paused = self.paused_days, self.paused
        return Track(self.fired, self.count, self.extensions, days, paused, since, self.shift, self.kept)

    def resumed(self, *, days: int = 0, length: timedelta = timedelta(0)) -> Track:
        """The pause is over; it has added so many days, or so much time."""
        paused_days, paused = self.paused_days + days, self.paused + length
        return Track(self.fired, self.count, self.extensions, paused_days, paused, None, self.shift, self.kept)


NO_TRACK = Track()


@frozen
class Child:
    """A case that this one opened or was given; `origins` are `<state>#<entry>` of the children states it counts for."""

    id: str
    workflow: str
    key: str | None = None
    number: str | None = None
    ended: bool = False
    outcome: str | None = None
    origins: tuple[str, ...] = ()


@frozen
class Snapshot:
    """How a state was left, for `keep`: the positions in it (itself first), and when."""

    left_at: datetime
    positions: tuple[Position, ...]


@frozen
class Memory:
    """What a case needs beside leaves and data (DESIGN §2). Keys: state paths, or `<state>#<entry>:<deadline>`.

    Rows of `answers` have person, role, at. "parent" in `acts` stands for what was done in the parent case.
    """

    entries: Mapping[str, int] = field(default_factory=dict)
    entered: Mapping[str, datetime] = field(default_factory=dict)  # the last entry, also of states that are left
    tracks: Mapping[str, Track] = field(default_factory=dict)
    left: Mapping[str, Snapshot] = field(default_factory=dict)
    answers: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)  # panel path → rows
    acts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # state path → persons
    declared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # duty → persons
    acted_as: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # role → persons
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # role → persons (new_people)
    gave: Mapping[str, str] = field(default_factory=dict)  # sealed path → the person who gave it
    subscribers: tuple[str, ...] = ()  # persons who want to hear of this case
    offered: tuple[str, ...] = ()  # roles whose turn it is or was
    children: tuple[Child, ...] = ()
    assigned: Mapping[str, Assigned] = field(default_factory=dict)  # role → who has its work
    out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # panel path → persons who left it
    recounted: int = 0  # the number of the last new calendar or outage that its deadlines were counted by


@frozen
class Parent:
    """The case that opened this one."""

    id: str
    workflow: str
    acts: tuple[str, ...] = ()  # persons who acted in it


@frozen
class Case:
    """A case between two steps. `seq` grows with every record, `revision` with leaves or data only (the ETag)."""

    id: str
    workflow: str
    number: str | None
    opened_at: datetime
    opened_by: Actor
    last_at: datetime
    data: Mapping[str, Any]
    positions: tuple[Position, ...] = ()
    timers: tuple[Timer, ...] = ()
    memory: Memory = Memory()
    parent: Parent | None = None
    seq: int = 0
    revision: int = 0
    closed_at: datetime | None = None
    outcome: str | None = None
    turn: tuple[str, ...] = ()  # whose move it is: roles, `role.supervisor`, `id:<person>`

    @property
    def leaves(self) -> tuple[str, ...]:
        """The active states that have no active state inside, in file order."""
        states = [position.state for position in self.positions]
        parents = {s.rpartition(".")[0] for s in states}
        return tuple(s for s in states if s not in parents)


# ── what a step is ───────────────────────────────────────────────────────────────────────────────────────────────────


class EffectKind(StrEnum):
    """Outward: notify, call, issue, digest. Internal (target's step and `done` in one transaction): the others."""

    NOTIFY = "notify"
    CALL = "call"
    ISSUE = "issue"  # certificate.issue: render, store, mark valid
    DIGEST = "digest"  # letters of many cases to one person; no step asks for it
    OPEN = "open"
    SEND = "send"
    CHILD_ENDED = "child_ended"
    CANCEL = "cancel"  # a child whose parent no longer waits for it


BETWEEN_CASES = "cases"
"""The lane of internal effects, where outward ones have an adapter."""
OWN_LANES = frozenset({BETWEEN_CASES, "notify", "certificates"})
"""What no adapter of a definition may be called: its effects would go and wait with the engine's own."""


@frozen
class Effect:
    """Something to be done after the commit. `key` is unique: `<case id>/<seq>/<n>`; it never changes.

    `state`/`entry`: who waits for the result ("" and 0: nobody). `adapter` is the lane. Payloads:
    notify {to: [str(Who)], template, delivered: path|None, reason: message|reminder|escalation|extension, deadline,
    due: datetime|None} · call {operation, with: {name: value}, retry_times, retry_wait} · issue {number, issue} (filled by allocation)
    · open {workflow, child_id, key, with: {path: value}, origin} · send {event, to, where, with} · child_ended {} ·
    cancel {child_id}. Receivers in `to`: a role, `role.supervisor`, `person:<path of a person field>`,
    `id:<person>` (`turn` and `subscribers` are resolved by the step).
    """

    key: str
    kind: EffectKind
    adapter: str
    payload: Mapping[str, Any]
    state: str = ""
    entry: int = 0


@frozen
class Record:
    """One line of a case's history. `payload` (what was said: form and event data, `changes` to the data) can be erased
    apart from the rest; everything is JSON-able through engine.core.values.
    """

    seq: int
    kind: Literal[
        "opened",
        "event",
        "deadline",
        "reminder",
        "escalation",
        "extension",
        "result",
        "effect",
        "assignment",
        "panel",
        "recount",
        "child",
        "cancelled",
        "dropped",
    ]
    name: str
    actor: Mapping[str, Any]  # {id, kind, party?, role?}
    at: datetime
    state: str = ""  # of the handler that took it
    arms: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)  # {said: {...}, changes: {path: value or None}}
    effects: tuple[str, ...] = ()  # "<n>:<kind>:<what>"
    facts: tuple[str, ...] = ()  # "certificate:reserve"
    note: str = ""  # e.g. why it was dropped
    command: str | None = None


@frozen
class Step:
    """The whole outcome of one input: the case after it, its record, and what others have to do with it.

    `armed` and `cancelled` are exact: what is in neither stays as it was. `allocate` lists what the service fills in before
    hashing: `case.number`, `certificate.number`, `certificate.token`, `register.entry_no` (see engine.core.allocation.fill).
    """

    case: Case
    record: Record
    effects: tuple[Effect, ...] = ()
    facts: tuple[Fact, ...] = ()
    armed: tuple[Timer, ...] = ()
    cancelled: tuple[Timer, ...] = ()
    allocate: tuple[str, ...] = ()
