"""The parts that views are made of: forms, states, turns, deadlines, and who a case is to another."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  programs read the annotations to describe what they send
from dataclasses import field
from datetime import datetime  # noqa: TC003  as above
from typing import Any

from engine.core.frozen import frozen


@frozen
class FormField:
    """One entry of a form; `fields` are the members of a group or the columns of a list."""

    path: str
    mode: str
    must: bool
    title: str
    type: str
    column: str | None = None
    event_data: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    min: Any = None
    max: Any = None
    fields: tuple[FormField, ...] = ()


@frozen
class AllowedView:
    """An event this actor may send now; `declares` are the duties for which he has to declare to have no tie."""

    event: str
    title: str
    state: str
    by: str
    form: tuple[FormField, ...] = ()
    declares: tuple[str, ...] = ()


@frozen
class StateView:
    """An active state."""

    path: str
    title: str
    kind: str
    entered_at: datetime
    leaf: bool


@frozen
class AssignmentView:
    """Who has the work of a role in this case: `claimed` by one, or `offered` to persons, since `at`."""

    role: str
    title: str
    offered: tuple[str, ...]
    claimed: str | None
    at: datetime | None


@frozen
class TurnView:
    """Somebody whose move it is: a role, its supervisor, or `person:<id>`."""

    name: str
    title: str


@frozen
class DeadlineView:
    """A deadline that runs, or stands still since `paused_since` (its `due` is not known then).

    `used`: what is used of a term that counts one side's time only (`12 working days`); none where all time counts.
    """

    state: str
    name: str
    title: str
    due: datetime | None
    term: str
    overdue: bool
    extensions_left: int = 0
    paused_since: datetime | None = None
    used: str | None = None


@frozen
class CaseRef:
    """Another case, by name only."""

    id: str
    workflow: str
    number: str | None


@frozen
class ChildView:
    """A case that this one opened or was given."""

    id: str
    workflow: str
    number: str | None
    key: str | None
    ended: bool
    outcome: str | None


@frozen
class RoleView:
    """A role of a workflow."""

    name: str
    title: str
    side: str
