"""What the store hands out beside core values: frozen records and the filters of its searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.core.case import Actor, Case, Tie


@frozen
class Version:
    """A published definition; `templates` maps a path below templates/ to its text."""

    id: int
    workflow: str
    version: int
    digest: str
    source: str
    file: str
    templates: Mapping[str, str]
    published_at: datetime
    calendar: str | None = None
    calendar_version: int | None = None


@frozen
class StoredCalendar:
    """A published calendar file."""

    id: int
    name: str
    version: int
    text: str


@frozen
class StoredCase:
    """A case and the version it runs on."""

    case: Case
    version_id: int


@frozen
class LockedCase:
    """A case that nobody else changes before this transaction ends; `received_at` was read after the lock."""

    case: Case
    version_id: int
    received_at: datetime


@frozen
class CaseSummary:
    """A line of a list of cases. `row` is the cursor of the list.

    `index` are the searchable fields; `next_due` the first deadline to come, `overdue_since` the first one that has
    fired in a state the case is still in.
    """

    row: int
    id: str
    number: str | None
    workflow: str
    version_id: int
    leaves: tuple[str, ...]
    turn: tuple[str, ...]
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None
    outcome: str | None
    parent_id: str | None
    next_due: datetime | None
    overdue_since: datetime | None
    seq: int
    revision: int
    index: Mapping[str, str]


@frozen
class CaseFilter:
    """Which cases; empty members do not count.

    state: an active state, composite ones too · turn, party_index, mine: any of them · overdue_at: something was or is due then ·
    due_before: the next deadline · q: number or words, by their beginnings · parent_id: children of this case · fields: all of
    them. `by_due`: the next deadline first (what has none is last among `mine`, and else left out); not: the youngest first.
    """

    workflow: str | None = None
    version_id: int | None = None
    state: str | None = None
    turn: tuple[str, ...] = ()
    party_index: tuple[tuple[str, str], ...] = ()
    overdue_at: datetime | None = None
    q: str | None = None
    open_only: bool = False
    outcome: str | None = None
    parent_id: str | None = None
    due_before: datetime | None = None
    assignee: str | None = None
    mine: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    by_due: bool = False


@frozen
class After:
    """Where a page of cases has ended: the row, and its deadline where they are in that order."""

    row: int
    due: datetime | None = None


@frozen
class StepFigure:
    """A step as it is counted."""

    pos: int
    workflow: str
    kind: str
    at: datetime
    recorded_at: datetime


@frozen
class WaitingEffects:
    """Effects of an adapter that are not over; `since`: when the oldest one's step was stored."""

    adapter: str
    count: int
    since: datetime


@frozen
class LateCase:
    """An open case in which a deadline has passed at `since` and nobody has done what was due."""

    workflow: str
    leaves: tuple[str, ...]
    turn: tuple[str, ...]
    since: datetime


@frozen
class OpenCases:
    """How many cases of a workflow are in a leaf."""

    workflow: str
    state: str
    count: int


@frozen
class StoredRecord:
    """A line of a history: `record` has the members of engine.core.case.Record (no payload where it was erased)."""

    case_id: str
    seq: int
    record: Mapping[str, Any]
    hash: str
    recorded_at: datetime
    arrived_at: datetime | None = None
    erased: bool = False


@frozen
class FeedEntry:
    """A step in the order across cases."""

    pos: int
    case_id: str
    seq: int
    hash: str


@frozen
class StoredEffect:
    """An effect and what has become of it: status pending, leased, done, dead or recorded; machine time.

    `attempt` is the token of the lease: only who has it may finish. `tries` are {at, error}, oldest first; where a person
    had it tried again or ended it, {at, by, reason}.
    """

    key: str
    case_id: str
    seq: int
    kind: str
    adapter: str
    payload: Mapping[str, Any]
    state: str
    entry: int
    status: str
    attempt: int
    tries: tuple[Mapping[str, Any], ...]
    next_at: datetime | None
    result: Any = None


@frozen
class StoredCertificate:
    """An issue of a certificate as it stands."""

    number: str
    issue: int
    token: str
    case_id: str
    status: str
    facts: Mapping[str, Any]
    issued_at: datetime
    sha256: str | None = None
    has_pdf: bool = False


@frozen
class CertificateStatus:
    """A status that a certificate was given."""

    number: str
    issue: int
    verb: str
    status: str
    effective_from: datetime
    recorded_at: datetime


@frozen
class StoredEntry:
    """A revision of a register entry; `row` is the cursor of a search."""

    row: int
    entry_no: str
    case_id: str
    revision: int
    verb: str
    status: str
    facts: Mapping[str, Any]
    effective_from: datetime
    recorded_at: datetime
    reason: str


@frozen
class RegisterFilter:
    """Which entries, as they were on a day and as it was known at a moment.

    on: exclusive end of the day asked for (None: business now) · known_at: inclusive (None: all that is recorded) ·
    q: words, by their beginnings.
    """

    q: str | None = None
    tax_id: str | None = None
    designation: str | None = None
    code: str | None = None
    status: str | None = None
    on: datetime | None = None
    known_at: datetime | None = None


@frozen
class Token:
    """A bearer token, by its hash, and whom it stands for."""

    id: str
    hash: str
    actor_id: str
    name: str
    email: str | None
    locale: str
    roles: frozenset[str]
    attributes: Mapping[str, str | tuple[str, ...]]
    ties: tuple[Tie, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """At this moment of machine time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@frozen
class Incident:
    """Something that needs a person."""

    id: int
    case_id: str | None
    kind: str
    subject: str
    text: str
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    answer: str | None = None
    number: str | None = None  # of the case


@frozen
class Accepted:
    """What an Idempotency-Key was answered with."""

    body_hash: str
    case_id: str
    seq: int


@frozen
class Delegation:
    """`receiver` may act for `giver`, who was so called and had these attributes and ties when he said so."""

    id: str
    giver: str
    receiver: str
    name: str
    roles: frozenset[str]
    attributes: Mapping[str, str | tuple[str, ...]]
    ties: tuple[Tie, ...]
    reason: str
    starts_at: datetime
    ends_at: datetime
    made_at: datetime
    revoked_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """At this moment."""
        return self.revoked_at is None and self.starts_at <= now < self.ends_at


@frozen
class Document:
    """What was uploaded: `sha256` of its bytes, `size` of them, what it is, and its name for people."""

    sha256: str
    size: int
    media_type: str
    name: str


@frozen
class ImportJob:
    """A table that somebody sent, and how far it is; `row` is its key inside the store, `attempt` that of who works on it."""

    row: int
    id: str
    actor_id: str  # stays when all else of the actor is forgotten
    actor: Actor
    workflow: str
    parent: str | None
    sheet: str | None
    file: str
    read_as: str
    sha256: str
    status: str
    take: str | None
    rows: int
    opened: int
    known: int
    wrong: int
    columns: Mapping[str, str | None]
    problems: tuple[Mapping[str, Any], ...]
    attempt: int
    next_at: datetime | None
    imported_at: datetime
    changed_at: datetime


@frozen
class ImportedRow:
    """What became of a row: `opened`, `known` or `wrong`; `job` is the key of the job that says so."""

    job: int
    row: int
    status: str
    key: str | None = None
    party: str | None = None
    body_hash: str | None = None
    case_id: str | None = None
    number: str | None = None
    problems: tuple[Mapping[str, Any], ...] = ()
