"""The codes of what is proved about a definition, how grave each is in a profile, and the list that rules report to."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from engine.core.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.diagnostics import Mark

Profile = Literal["draft", "team", "production"]
PROFILES: tuple[Profile, ...] = ("draft", "team", "production")

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

CODES: Mapping[str, tuple[str, Severity | None, Severity | None, Severity | None]] = MappingProxyType(
    {
        # control flow
        "WF064": ("A state that is never reached", _W, _W, _E),
        "WF065": ("A state without a way to an end", _W, _E, _E),
        "WF066": ("Automatic moves that never come to rest", _E, _E, _E),
        "WF067": ("Automatic moves that may go round without rest", _N, _W, _W),
        "WF068": ("`done` that can never be taken", _W, _W, _E),
        "WF069": ("A word that can do nothing where it stands", _W, _W, _E),
        # between files
        "WF070": ("A calendar that is not there", _E, _E, _E),
        "WF071": ("A template that is not there", _W, _W, _E),
        "WF072": ("A workflow that is not there", _N, _W, _E),
        "WF073": ("A value given that the receiver does not take", _E, _E, _E),
        "WF074": ("A value of another type than the receiver takes", _E, _E, _E),
        "WF075": ("A value missing that the receiver must have", _E, _E, _E),
        "WF076": ("An event that the receiver does not know", _E, _E, _E),
        "WF077": ("A sender that the receiver does not admit", _E, _E, _E),
        "WF078": ("A workflow's name that is nearly that of another", _W, _W, _W),
        "WF079": ("Working hours on a calendar without office hours", _E, _E, _E),
        "WF094": ("A delivery that is waited for, of a letter that waits for the digest", _E, _E, _E),
        # arms and deadlines
        "WF080": ("An arm that can never be taken", _W, _E, _E),
        "WF081": ("A condition that can never be true", _W, _W, _E),
        "WF082": ("No arm fits in every case", _E, _E, _E),
        "WF083": ("Two regions that leave the same state on one event", _N, _W, _W),
        "WF084": ("Two regions that set one field on one event", _N, _W, _W),
        "WF085": ("Working days in an expression without a calendar", _E, _E, _E),
        "WF086": ("A duty for a state where nobody acts", _W, _E, _E),
        "WF087": ("The operator's silence decides", None, _W, _E),
        "WF088": ("A deadline that does nothing", _W, _W, _E),
        "WF089": ("A reminder that is never sent", _W, _W, _E),
        # policies
        "WF090": ("A sentence that is no policy", _E, _E, _E),
        "WF091": ("A name in a policy that is neither state nor event", _E, _E, _E),
        "WF092": ("A policy that does not hold", _W, _E, _E),
        "WF093": ("A policy that could not be decided", _N, _N, _N),
    }
)
"""Code → title and its severity in the profiles draft, team and production (None: not reported)."""


class Report:
    """What has been found so far in one workflow."""

    def __init__(self, file: str, profile: Profile) -> None:
        self.file = file
        self.column = PROFILES.index(profile) + 1
        self.found: list[Diagnostic] = []

    def say(self, code: str, mark: Mark, message: str, hint: str | None = None) -> None:
        """Adds a finding with its profile's severity."""
        severity = CODES[code][self.column]
        if isinstance(severity, Severity):
            self.found.append(Diagnostic(code, severity, message, self.file, mark, hint))
