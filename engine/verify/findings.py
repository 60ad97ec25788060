"""The list that rules report to: how grave a finding is depends on the profile, and whether it counts on the silences of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.diagnostics import Diagnostic
from engine.verify.rules import RULES
from engine.verify.rules.rule import PROFILES, Profile

if TYPE_CHECKING:
    from engine.core.diagnostics import Mark
    from engine.core.fixes import Fix

__all__ = ["PROFILES", "Profile", "Report"]


class Report:
    """What has been found so far in one workflow."""

    def __init__(self, file: str, profile: Profile) -> None:
        self.file, self.profile = file, profile
        self.found: list[Diagnostic] = []

    def say(self, code: str, mark: Mark, message: str, hint: str | None = None, *, fix: Fix | None = None) -> None:
        """Adds a finding with its profile's severity, and how it is mended where that is safe."""
        severity = RULES[code].severity(self.profile)
        if severity is not None:
            self.found.append(Diagnostic(code, severity, message, self.file, mark, hint, fix=fix))
