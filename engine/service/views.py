"""What the services answer with, as frozen values; how they are made is left to case_views and the services.

`data` and `facts` hold values of engine.core.types; datetimes are aware, in UTC; titles are in the reader's locale.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from engine.core.frozen import frozen
from engine.service.certificate_views import CertificateInfo
from engine.service.receipt_views import Receipt
from engine.service.view_parts import (
    AllowedView,
    AssignmentView,
    CaseRef,
    ChildView,
    DeadlineView,
    FormField,
    RoleView,
    StateView,
    TurnView,
)

if TYPE_CHECKING:
    from engine.core.case import Case

T = TypeVar("T")


@frozen
class Page(Generic[T]):
    """Some of a list; `cursor` asks for what follows, None: that was all."""

    items: tuple[T, ...]
    cursor: str | None = None


# ── cases ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@frozen
class CaseView:
    """A case as one actor may see it; `data` is nested by group."""

    id: str
    number: str | None
    workflow: str
    version: int
    title: str
    states: tuple[StateView, ...]
    turn: tuple[TurnView, ...]
    data: Mapping[str, Any]
    allowed: tuple[AllowedView, ...]
    deadlines: tuple[DeadlineView, ...]
    parent: CaseRef | None
    children: tuple[ChildView, ...]
    assignments: tuple[AssignmentView, ...]
    etag: str
    seq: int
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None
    outcome: str | None


@frozen
class CaseCounts:
    """How many cases there are, and how many in each leaf; not `complete`: there are more, and these were counted."""

    total: int
    states: Mapping[str, int]
    complete: bool


@frozen
class WorkLine:
    """A case in somebody's inbox, and why: he has `claimed` it, it is `offered` to him, or it is his role's or his own `turn`.

    `events` could be sent by him now.
    """

    case: CaseLine
    why: Literal["claimed", "offered", "turn"]
    roles: tuple[str, ...]
    events: tuple[str, ...]


@frozen
class CaseLine:
    """A case in a list; `label` is what the first texts of its opening form say."""

    id: str
    number: str | None
    workflow: str
    title: str
    label: str
    states: tuple[str, ...]
    leaves: tuple[str, ...]
    turn: tuple[str, ...]
    opened_at: datetime
    last_at: datetime
    next_due: datetime | None
    overdue: bool
    closed_at: datetime | None
    outcome: str | None


@frozen
class StepView:
    """One record of a case's history; `said` and `changes` are by path, without what the reader may not see."""

    case_id: str
    seq: int
    kind: str
    name: str
    title: str
    actor: Mapping[str, Any]
    at: datetime
    state: str
    arms: tuple[str, ...]
    left: tuple[str, ...]
    entered: tuple[str, ...]
    said: Mapping[str, Any]
    changes: Mapping[str, Any]
    effects: tuple[str, ...]
    facts: tuple[str, ...]
    note: str
    command: str | None
    recorded_at: datetime | None
    hash: str | None


@frozen
class Outcome:
    """What came of a command; `replayed`: it had been accepted before, and `step` is the one of then."""

    case: CaseView
    step: StepView
    replayed: bool = False


@frozen
class TimerView:
    """An armed timer; `said` how its deadline was counted, in one sentence."""

    key: str
    state: str
    deadline: str
    kind: str
    rung: int
    due: datetime
    said: str


@frozen
class LateLine:
    """Cases of one state and one turn in which a deadline has passed: how many, since when the first of them, and how late
    they are in the middle (median, in days).
    """

    workflow: str
    state: str
    title: str
    turn: str
    turn_title: str
    late: int
    since: datetime
    days: float


@frozen
class DueLine:
    """A deadline that runs, in a list of those of many cases; `turn` whose move the case is."""

    case_id: str
    number: str | None
    workflow: str
    turn: tuple[str, ...]
    deadline: DeadlineView
    said: str


@frozen
class EffectView:
    """An effect and how far it is; `what` names it in a few words.

    `tries` are {at, error}; where a person had it tried again or ended it, {at, by, reason}.
    """

    key: str
    kind: str
    adapter: str
    what: str
    status: str
    attempt: int = 0
    tries: tuple[Mapping[str, Any], ...] = ()
    next_at: datetime | None = None
    result: Mapping[str, Any] | None = None


@frozen
class DryRun:
    """The step that would be made, and the case after it; numbers stand empty."""

    step: StepView
    case: CaseView
    armed: tuple[TimerView, ...]
    cancelled: tuple[TimerView, ...]
    effects: tuple[EffectView, ...]
    facts: tuple[str, ...]


@frozen
class CaseSnapshot:
    """A case as core values, for those who explain or draw it; the reader may see the case, not all its data."""

    case: Case
    version_id: int
    now: datetime


# ── definitions ──────────────────────────────────────────────────────────────────────────────────────────────────────


@frozen
class VersionView:
    """A published version."""

    workflow: str
    version: int
    id: int
    digest: str
    published_at: datetime
    file: str


@frozen
class WorkflowView:
    """A workflow in its newest version."""

    name: str
    title: str
    version: int
    roles: tuple[RoleView, ...]
    states: tuple[str, ...]
    open_form: tuple[FormField, ...]
    open_by: tuple[str, ...]


# ── register, certificates ───────────────────────────────────────────────────────────────────────────────────────────


@frozen
class EntryView:
    """One revision of a register entry: in effect from `effective_from`, known since `recorded_at`."""

    entry_no: str
    revision: int
    status: str
    facts: Mapping[str, Any]
    effective_from: datetime
    recorded_at: datetime
    reason: str
    case_id: str


@frozen
class EntryHistory:
    """An entry as it is, and all its revisions, oldest first."""

    entry: EntryView
    revisions: tuple[EntryView, ...]


@frozen
class Eligibility:
    """Whether a bidder may offer a product, or an item of its scope, on a day, as it was known at a moment, and why;
    a proof to keep.
    """

    answer: bool
    tax_id: str
    designation: str
    on: date
    known_at: datetime
    reasons: tuple[str, ...]
    entry: EntryView | None = None
    certificate: CertificateInfo | None = None
    status: str | None = None
    effective_from: datetime | None = None
    recorded_at: datetime | None = None
    ref: str | None = None
    item: str | None = None
    receipt: Receipt | None = None


# ── people, incidents, clock, imports ────────────────────────────────────────────────────────────────────────────────


@frozen
class DelegationView:
    """`receiver` may act for `giver` in these roles, from `since` until `until`."""

    id: str
    giver: str
    receiver: str
    roles: tuple[str, ...]
    since: datetime
    until: datetime
    reason: str
    revoked_at: datetime | None


@frozen
class TokenView:
    """A token without its secret."""

    id: str
    actor_id: str
    name: str
    roles: tuple[str, ...]
    attributes: Mapping[str, str | tuple[str, ...]]
    email: str | None
    locale: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@frozen
class IncidentView:
    """Something that a person has to look at; nothing waits for it in silence.

    `number` is the case's; `effect` what it is about, with every try, where it is about an effect; `closed_by` a person's id.
    """

    id: int
    case_id: str | None
    kind: str
    subject: str
    text: str
    opened_at: datetime
    closed_at: datetime | None
    number: str | None = None
    closed_by: str | None = None
    answer: str | None = None
    effect: EffectView | None = None


@frozen
class Advanced:
    """What a move of the manual clock did; `stops` are the due moments at which it held."""

    start: datetime
    now: datetime
    timers: int
    effects: int
    stops: tuple[datetime, ...]
