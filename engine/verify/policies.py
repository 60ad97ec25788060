"""Policies: sentences about states and events, read into values; whether they hold is decided by proofs and by scenarios.

never certification before evaluation      certification only if decision happened      at most 2 technical_review
not both rejected and listed               different person: evaluation, decision        same person: draft, answer
within 20 working days from intake_check to requirements_check
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from engine.core.calendars.words import parse_term
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.core.definition import Workflow
    from engine.core.terms import Term

FORMS = (
    "never A before B",
    "A only if B happened",
    "at most n A",
    "not both A and B",
    "same person: A, B",
    "different person: A, B",
    "within TERM from A to B",
)
_MOST = 1000
_NAME = r"([a-z][a-z0-9_.]*)"
_BEFORE = re.compile(rf"never {_NAME} before {_NAME}")
_ONLY = re.compile(rf"{_NAME} only if {_NAME} happened")
_AT_MOST = re.compile(rf"at most ([0-9]{{1,4}}) {_NAME}")
_BOTH = re.compile(rf"not both {_NAME} and {_NAME}")
_PERSON = re.compile(rf"(same|different) person: {_NAME}((?:, {_NAME})+)")
_WITHIN = re.compile(rf"within ([0-9][a-z0-9 ]*) from {_NAME} to {_NAME}")


class PolicyFault(ValueError):
    """A sentence that is no policy; `hint` says what would be one, `name` is the name that is unknown, if that is it."""

    def __init__(self, message: str, hint: str, *, name: str | None = None) -> None:
        self.hint, self.name = hint, name
        super().__init__(message)


@frozen
class Thing:
    """What a sentence names: states (by full path) that are entered, or an event that is taken."""

    name: str
    states: tuple[str, ...] = ()
    event: str | None = None


@frozen
class Before:
    """`first` is never before `needed`: `never A before B`, `A only if B happened`."""

    first: Thing
    needed: Thing


@frozen
class AtMost:
    """In one case `thing` happens `count` times at most."""

    count: int
    thing: Thing


@frozen
class NotBoth:
    """No case has both."""

    first: Thing
    second: Thing


@frozen
class Persons:
    """Who acts in these states is the same, or never the same, natural person."""

    kind: Literal["same", "different"]
    things: tuple[Thing, ...]


@frozen
class Within:
    """From `start` it takes `term` at most until `end`."""

    term: Term
    start: Thing
    end: Thing


Policy = Before | AtMost | NotBoth | Persons | Within


def parse_policy(sentence: str, workflow: Workflow) -> Policy:
    """A sentence as a value; raises PolicyFault."""
    text = " ".join(sentence.split()).rstrip(".")
    if found := _BEFORE.fullmatch(text):
        return Before(_thing(found[1], workflow), _thing(found[2], workflow))
    if found := _ONLY.fullmatch(text):
        return Before(_thing(found[1], workflow), _thing(found[2], workflow))
    if found := _AT_MOST.fullmatch(text):
        return AtMost(min(int(found[1]), _MOST), _thing(found[2], workflow))
    if found := _BOTH.fullmatch(text):
        return NotBoth(_thing(found[1], workflow), _thing(found[2], workflow))
    if found := _PERSON.fullmatch(text):
        names = [found[2], *found[3].removeprefix(", ").split(", ")]
        kind: Literal["same", "different"] = "same" if found[1] == "same" else "different"
        return Persons(kind, tuple(_thing(name, workflow) for name in names))
    if found := _WITHIN.fullmatch(text):
        try:
            term = parse_term(found[1])
        except ValueError as fault:
            raise PolicyFault(f"'{text[:80]}': {fault}", "write a term such as 20 working days") from None
        return Within(term, _thing(found[2], workflow), _thing(found[3], workflow))
    raise PolicyFault(f"'{text[:80]}' is no policy that is known", f"write {'; '.join(FORMS)}")


def _thing(name: str, workflow: Workflow) -> Thing:
    """A full path, the only state of that name, or an event."""
    if name in workflow.states:
        return Thing(name, states=(name,))
    named = [path for path in workflow.states if path == name or path.endswith(f".{name}")]
    if len(named) == 1:
        return Thing(name, states=(named[0],))
    if named:
        raise PolicyFault(f"'{name}' is the name of several states", f"write one of {', '.join(named)}", name=name)
    events = _events(workflow)
    if name in events:
        return Thing(name, event=name)
    raise PolicyFault(f"'{name}' is neither a state nor an event", "write the name of one", name=name)


def _events(workflow: Workflow) -> Iterable[str]:
    return {event for state in workflow.states.values() for event in state.events}
