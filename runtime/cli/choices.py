"""Exit codes, and the words that options take."""

from __future__ import annotations

from enum import StrEnum

FINE, FINDINGS, COULD_NOT_RUN = 0, 1, 2


class Format(StrEnum):
    """How a command prints."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class TestFormat(StrEnum):
    """How scenarios are printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


class Profile(StrEnum):
    """How strict validation is."""

    DRAFT = "draft"
    TEAM = "team"
    PRODUCTION = "production"


class ClockKind(StrEnum):
    """Who moves business time on."""

    SYSTEM = "system"
    MANUAL = "manual"


class Roll(StrEnum):
    """What becomes of a term that ends on a day off."""

    NEXT = "next"
    NONE = "none"


class Take(StrEnum):
    """Which rows of a table are opened."""

    ALL = "all"
    GOOD = "good"
