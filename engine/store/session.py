"""What readers and transactions share: a link to the database and the two clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.store.statement import Statement
from engine.store.tables import CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from engine.store.statement import Link

CLOCK_NOW = Statement(select(CLOCK.c.moment).where(CLOCK.c.id == 1))


class Session:
    """A connection inside a transaction or snapshot. `machine_now` is never set by hand; business time may be."""

    def __init__(self, link: Link, machine_now: Callable[[], datetime], *, manual_clock: bool) -> None:
        self.link = link
        self.machine_now = machine_now
        self.manual_clock = manual_clock

    def business_now(self) -> datetime:
        """The moment that counts for cases: the machine's, or the one set by hand."""
        if not self.manual_clock:
            return self.machine_now()
        moment: datetime | None = self.link.value(CLOCK_NOW)
        return moment or self.machine_now()
