"""What a COMMIT may mean for others: steps to be placed and read, effects to be delivered."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class News(StrEnum):
    """What has been committed."""

    STEPS = "steps"
    EFFECTS = "effects"  # steps that have asked for something


Heard = Callable[[News], None]
"""Told after a COMMIT; it does not block."""
