"""What readers and transactions share: a link to the database and the two clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine.store.statement import Statement
from engine.store.tables import CALENDAR_VERSION, CLOCK, RECOUNT

if TYPE_CHECKING:
    from datetime import datetime

    from engine.store.link import Link

CLOCK_NOW = Statement(select(CLOCK.c.moment).where(CLOCK.c.id == 1))
RECOUNTS = Statement(select(func.max(RECOUNT.c.id).label("n")))
CALENDARS = Statement(select(func.count().label("n")).select_from(CALENDAR_VERSION))


class Session:
    """A connection inside a transaction or snapshot. Machine time is never set by hand; business time may be."""

    def __init__(self, link: Link, *, manual_clock: bool) -> None:
        self.link = link
        self.manual_clock = manual_clock
        self._calendars: int | None = 0 if link.owned else None
        self._recounts: int | None = 0 if link.owned else None
        self._by_hand: datetime | None = None  # where nobody else can set it meanwhile

    def machine_now(self) -> datetime:
        """The moment that counts for leases, tries and tokens: one clock for all nodes of a database."""
        return self.link.now()

    def business_now(self) -> datetime:
        """The moment that counts for cases: the machine's, or the one set by hand."""
        if not self.manual_clock:
            return self.link.now()
        moment: datetime | None = self._by_hand or self.link.value(CLOCK_NOW)
        if self.link.owned:
            self._by_hand = moment
        return moment or self.link.now()

    def calendars(self) -> int:
        """How many versions of calendars are published, by whatever node; 0 where only this process can publish any."""
        if self._calendars is None:
            self._calendars = self.count_calendars()
        return self._calendars

    def count_calendars(self) -> int:
        """How many versions of calendars are published, as this snapshot has it."""
        ((row,),) = self.link.peek((CALENDARS, {}))
        return int(row.n)

    def recounts(self) -> int:
        """The number of the last recount that any node has declared; 0 where only this process can declare any."""
        if self._recounts is None:
            self._recounts = self.newest_recount()
        return self._recounts

    def newest_recount(self) -> int:
        """The number of the last recount, as this snapshot has it; 0: there was none."""
        ((row,),) = self.link.peek((RECOUNTS, {}))
        return int(row.n or 0)
