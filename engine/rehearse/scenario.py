"""A scenario file as frozen values (LANGUAGE §6); reading it is left to reading, running it to runner.

Moves that say the same are equal wherever they stand, so that what scenarios have in common is run once.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.core.case import Actor
    from engine.core.diagnostics import Mark
    from engine.core.terms import Term


@frozen
class Person:
    """Somebody of the scenario: the actor he is (a stand-in for a case is one of kind "case"), and the duties he declares
    with every event.
    """

    actor: Actor
    mark: Mark
    declares: frozenset[str] = frozenset()
    email: str = ""
    locale: str = "en"


@frozen
class Sent:
    """A message: to whom, from which template (None: any), how often over the whole scenario (None: at least once)."""

    to: str | None
    template: str | None
    times: int | None


@frozen
class Claim:
    """One thing that has to be so; the shape of `value` belongs to its name (expectations.SHAPES)."""

    name: str
    value: Any
    mark: Mark = field(compare=False)


@frozen
class Do:
    """`do: event`: sent by a person (or `system`), to the case of the scenario or the latest of another workflow."""

    event: str
    by: str
    values: Mapping[str, Any]
    case: str | None
    declares: frozenset[str]
    mark: Mark = field(compare=False)


@frozen
class Refuse:
    """`refuse: {do: …}`: must be refused, with this error where `because` names one."""

    do: Do
    because: str | None
    mark: Mark = field(compare=False)


@frozen
class Wait:
    """`wait: 20 working days`."""

    term: Term
    mark: Mark = field(compare=False)


@frozen
class Until:
    """`until: 2026-03-02` (its first moment) or with a time; local where it has no zone."""

    moment: datetime
    mark: Mark = field(compare=False)


@frozen
class Expect:
    """`expect: {…}`: what has to be true now, of the scenario's case or of the latest of another workflow."""

    claims: tuple[Claim, ...]
    case: str | None
    mark: Mark = field(compare=False)


@frozen
class OpenCase:
    """`open: {by, with}`: the first line of a scenario; as a step with `workflow`: a child of the scenario's case."""

    by: str
    values: Mapping[str, Any]
    workflow: str | None
    mark: Mark = field(compare=False)


Move = Do | Refuse | Wait | Until | Expect | OpenCase


@frozen
class Scenario:
    """One story: how a case is opened, what happens, how it ends."""

    name: str
    open: OpenCase
    steps: tuple[Move, ...]
    end: tuple[Claim, ...]
    mark: Mark = field(compare=False)


@frozen
class Answer:
    """What a mocked call does the n-th time: returns, fails for now, or refuses for good."""

    returns: Mapping[str, Any] = field(default_factory=dict)
    fails: str | None = None
    refuses: str | None = None


@frozen
class Sentence:
    """A policy as written."""

    text: str
    mark: Mark = field(compare=False)


@frozen
class ScenarioFile:
    """A whole file: whose workflow, the clock, the people, the mocked calls, the scenarios, and what they have to cover."""

    file: str
    workflow: str  # file name, beside this one
    workflow_mark: Mark
    clock: datetime
    people: Mapping[str, Person]
    calls: Mapping[str, tuple[Answer, ...]]
    scenarios: tuple[Scenario, ...]
    policies: tuple[Sentence, ...] = ()
    coverage: Mapping[str, int] = field(default_factory=dict)
