"""Who has the work of a role in a case, and what people do beside sending events: to work, to panels, to effects."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime  # noqa: TC003  what is stored is read by its annotations
from typing import TYPE_CHECKING, Any, Literal

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.case import Actor, Effect


@frozen
class Assigned:
    """Who has a role's work in this case: `offered` to persons, or `claimed` by one; neither: anybody's who has the role."""

    offered: tuple[str, ...] = ()
    claimed: str | None = None
    at: datetime | None = None


@frozen
class AssignmentChanged:
    """Who has a role's work in a case from now on; `persons` are those it is offered or handed to, as far as they are known."""

    role: str
    verb: Literal["offer", "claim", "give_back", "delegate"]
    persons: tuple[Actor, ...] = ()
    reason: str = ""
    command: str | None = None


@frozen
class PanelChanged:
    """A member leaves a panel that is at work: `void` takes his opinion out, `replace` takes him out whether he has given one
    or not; where a panel asks persons by name, `by` takes his place.
    """

    state: str
    verb: Literal["void", "replace"]
    person: str
    by: Actor | None = None
    reason: str = ""
    command: str | None = None


@frozen
class EffectHandled:
    """What a person does to an effect that has not come to an end by itself, and why.

    `retry`: it is tried again. `resolve`: it was done by hand; `data` is taken by who waits for it as an adapter's answer is
    (for `certificate.issue` it has `sha256`, for a proven delivery it may have `delivered_at`).
    """

    effect: Effect
    verb: Literal["retry", "resolve"]
    reason: str
    data: Mapping[str, Any] = field(default_factory=dict)
    command: str | None = None
