"""The one error of the demo: something did not go as it is told."""

from __future__ import annotations

from engine.errors import MilepostError


class NotAsTold(MilepostError):
    """What happened differs from the story; the message says where."""
