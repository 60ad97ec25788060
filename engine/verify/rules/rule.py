"""What a rule is: its name, how grave and how sure it is, why it is one, and an example of what it finds and of what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.core.diagnostics import Severity
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

Profile = Literal["draft", "team", "production"]
PROFILES: tuple[Profile, ...] = ("draft", "team", "production")
Confidence = Literal["certain", "likely"]

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
Levels = tuple[Severity | None, Severity | None, Severity | None]
ALWAYS: Levels = (ERROR, ERROR, ERROR)
FIRM: Levels = (WARNING, ERROR, ERROR)
LATE: Levels = (WARNING, WARNING, ERROR)
HINT: Levels = (NOTE, WARNING, WARNING)

HEAD = """\
milepost: 1
workflow: sample
title: Sample
timezone: UTC
roles: {clerk: {title: Clerk}, chief: {title: Chief}, buyer: {title: Buyer, side: applicant}}
data:
  offer: {price: integer, score: {type: integer, default: 0}, kind: [small, large]}
  votes: {type: list, of: {vote: [yea, nay]}}
open: {by: [buyer, chief, sample], form: [offer.price, offer.score, offer.kind, votes]}
initial: check
states:
"""
"""Before an example that is a workflow's states."""


@frozen
class Rule:
    """`levels` are its severities in the profiles draft, team and production (None: not reported there).

    `certain`: what it says happens, or cannot; `likely`: it may be meant so, and then a silence says why. `bad` and `good` are
    states after HEAD, or a whole file that begins with `milepost:`; a rule about several files has them in words.
    """

    id: str
    title: str
    levels: Levels
    why: str
    bad: str = ""
    good: str = ""
    confidence: Confidence = "certain"

    def severity(self, profile: Profile) -> Severity | None:
        """How grave it is in a profile."""
        return self.levels[PROFILES.index(profile)]

    @property
    def severities(self) -> Mapping[str, Severity | None]:
        """How grave it is in each."""
        return dict(zip(PROFILES, self.levels, strict=True))


def example(text: str) -> str:
    """The whole file of an example."""
    return text if text.startswith("milepost:") else HEAD + text
