"""What runs beside the API, as far as the API has to know it: it is held while the clock is moved."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Background(Protocol):
    """Timers and deliveries of this node."""

    def paused(self) -> AbstractContextManager[None]:
        """Nothing is fired or delivered inside."""


class NoBackground:
    """Nothing runs beside the API."""

    def paused(self) -> AbstractContextManager[None]:
        """Nothing to hold."""
        return nullcontext()
