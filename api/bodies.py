"""What requests carry (anything else in them is refused), and the answers that no service gives as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from engine.service.subscriptions import MAX_ENTRIES
from engine.service.views import CaseView, Outcome, StepView

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", examples=["submit"])]
CaseRef = Annotated[str, Field(min_length=1, max_length=80, examples=["Q-2026-000001"])]
FIRST_YEAR, LAST_YEAR = 1900, 2999
MAX_NUMBER = 2**31 - 1
"""No sequence of ours counts further, and no store has to be asked."""
Declares = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)]


def _iso(value: object) -> object:
    """Text only, and no number of seconds that would be taken for a moment."""
    if not isinstance(value, str) or value[4:5] != "-":
        raise ValueError("write it as ISO 8601 says: 2026-02-01, or 2026-02-01T09:00:00+03:00")
    return value


def _countable(value: date) -> date:
    """So far from both ends of the calendar that every zone and every term can be counted."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"write a year from {FIRST_YEAR} to {LAST_YEAR}")
    return value.astimezone(UTC) if isinstance(value, datetime) else value


Moment = Annotated[AwareDatetime, BeforeValidator(_iso), AfterValidator(_countable)]
"""A moment, in UTC."""
Day = Annotated[date, BeforeValidator(_iso), AfterValidator(_countable)]


class Body(BaseModel):
    """A body takes its own members only."""

    model_config = ConfigDict(extra="forbid", strict=True)


class OpenBody(Body):
    """`POST /cases`."""

    workflow: Name
    data: dict[str, Any] = Field(
        default_factory=dict, description="by path or by group, as the workflow's open form asks"
    )
    parent: CaseRef | None = Field(default=None, description="the case that takes this one as a child")
    declares: Declares = Field(default_factory=list)


class EventBody(Body):
    """`POST /cases/{id}/events`."""

    event: Name
    data: dict[str, Any] = Field(default_factory=dict, description="by path or by group, as the event's form asks")
    declares: Declares = Field(default_factory=list, description="duties for which you declare to have no tie")


class BatchLineBody(EventBody):
    """A line of a batch."""

    case: CaseRef
    if_match: str | None = Field(default=None, max_length=80)
    key: str | None = Field(default=None, min_length=1, max_length=200, description="as Idempotency-Key")


class BatchBody(Body):
    """`POST /events`."""

    events: list[BatchLineBody] = Field(min_length=1, max_length=1000)


Why = Annotated[str, Field(min_length=1, max_length=1000)]


class RetryBody(Body):
    """`POST /effects/{case_id}/{seq}/{n}/retry`."""

    reason: Why = Field(description="why it can go well now; it stands in the case's history")


class ResolveBody(Body):
    """`POST /effects/{case_id}/{seq}/{n}/resolve`."""

    reason: Why = Field(description="what was done instead; it stands in the case's history")
    result: dict[str, Any] | None = Field(
        default=None,
        description="what the adapter would have answered, for a state that waits for it; of a message `delivered_at`",
    )


PersonId = Annotated[str, Field(min_length=1, max_length=200)]


class AssignmentBody(Body):
    """`PUT /cases/{case_id}/assignments/{role}`."""

    verb: Literal["offer", "claim", "give_back", "delegate"]
    persons: list[PersonId] = Field(
        default_factory=list, max_length=20, description="ids: to whom it is offered, or the one who is to have it"
    )
    reason: str = Field(default="", max_length=1000, description="it stands in the case's history")


class DelegationBody(BaseModel):
    """`POST /me/delegations`."""

    model_config = ConfigDict(extra="forbid")

    to: PersonId
    until: Moment
    since: Moment | None = None
    roles: list[Annotated[str, Field(max_length=200)]] = Field(
        default_factory=list, max_length=100, description="only these of yours; none named: all"
    )
    reason: Why


class VoidBody(Body):
    """`POST /cases/{case_id}/panels/{state}/void`."""

    person: PersonId
    reason: Why = Field(description="why the opinion does not count; it stands in the case's history")


class ReplaceBody(Body):
    """`POST /cases/{case_id}/panels/{state}/replace`."""

    person: PersonId
    by: PersonId | None = Field(default=None, description="who is asked instead, where persons are asked by name")
    reason: Why = Field(description="why he leaves; it stands in the case's history")


class CloseBody(Body):
    """`POST /incidents/{incident_id}/close`."""

    answer: Why = Field(description="what was done about it")


class SubscriptionBody(Body):
    """`POST /subscriptions`."""

    url: str = Field(min_length=1, max_length=2000, examples=["https://receiver.example/milepost"])
    workflow: Name | None = Field(default=None, description="of cases of this workflow only")
    type: str | None = Field(default=None, max_length=80, description="of this type only: milepost.case.event, …")
    party: str | None = Field(default=None, max_length=200, description="of cases of this party only")
    entries: list[Annotated[str, Field(min_length=1, max_length=200)]] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_ENTRIES,
        description="of these entries of the register, and of no steps",
    )


class CalendarBody(Body):
    """`PUT /calendars/{name}`: the text of the file; `earlier`, with a `reason`: it may bring deadlines forward."""

    text: Annotated[str, Field(max_length=500_000, examples=["calendar: office\nyears: {2026: {}}\n"])]
    earlier: bool = False
    reason: Annotated[str, Field(max_length=4000, examples=["decree of 24 September"])] = ""


class OutageBody(BaseModel):
    """`POST /outages`: from when until when applicants could not answer; a moment that is to come is right too."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    workflow: Name
    since: Moment = Field(alias="from", description="the first moment, with its offset from UTC")
    until: Moment = Field(description="when they could again")
    reason: Annotated[str, Field(max_length=4000, examples=["the portal was down"])]


class ReplayBody(BaseModel):
    """`POST /subscriptions/{subscription_id}/replay`: one of both."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    since: Moment | None = Field(default=None, alias="from", description="a moment, with its offset from UTC")
    after: Annotated[int, Field(strict=True, ge=0, le=10**18)] | None = Field(default=None, description="a position")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.since is None) == (self.after is None):
            raise ValueError("give either `from` or `after`")
        return self


class ClockBody(BaseModel):
    """`POST /clock`."""

    model_config = ConfigDict(extra="forbid")

    to: Moment = Field(description="a later moment, with its offset from UTC", examples=["2026-02-01T09:00:00+03:00"])


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a command was answered with: the case as it is, and the step. The same request again has the same answer."""

    case: CaseView
    step: StepView


def accepted(outcome: Outcome) -> Accepted:
    """Without what is known of a step only after its commit, so that a repeated answer is the same."""
    return Accepted(outcome.case, replace(outcome.step, hash=None, recorded_at=None))
