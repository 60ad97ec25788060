"""How much of an adapter all nodes of a database may use together; that it is kept to is the business of effects.py."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from engine.core.case import BETWEEN_CASES
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta


@frozen
class Limit:
    """`at_once`: leases that hold at one time; `spacing`: from one beginning to the next, at least. None: no limit."""

    at_once: int | None = None
    spacing: timedelta | None = None


NO_LIMIT = Limit()


@frozen
class Limits:
    """The limits of adapters by name, and that of all others. What goes from case to case has none."""

    named: Mapping[str, Limit] = field(default_factory=dict)
    others: Limit = NO_LIMIT

    def of(self, adapter: str) -> Limit:
        """The limit of an adapter."""
        return NO_LIMIT if adapter == BETWEEN_CASES else self.named.get(adapter, self.others)


NO_LIMITS = Limits()
