"""What there is to cover, one by one: of which kind and under which name, and how it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.rehearse.coverage import GOALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.rehearse.coverage import Covered, Share
    from engine.verify.trial.player import Act, Run

ORDER = ("transitions", "deadlines", "states", "conditions", "boundaries", "met", "messages")
"""What is looked for first: what leads to many others."""


class Goal(NamedTuple):
    """A thing to cover: `what` is one of GOALS."""

    what: str
    name: str

    def __str__(self) -> str:
        words = {"met": f"{self.name} met", "messages": f"a letter of {self.name}"}
        return words.get(self.what, self.name)


class Lead(NamedTuple):
    """A case that may go through a goal; `refused` is what is said to it at the end, in vain."""

    run: Run
    refused: Act | None = None


def missing(shares: Mapping[str, Share]) -> list[Goal]:
    """All that no scenario goes through; what has two names is looked for once."""
    return [Goal(what, name) for what in ORDER for name in shares[what].missing]


def reached(covered: Covered) -> Iterator[Goal]:
    """All that was gone through."""
    for what, names in zip(GOALS, covered.seen(), strict=True):
        yield from (Goal(what, name) for name in names)
