"""The store: opens a database by its URL and runs work in transactions and snapshots; what they can do is in transaction.py."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import MilepostError
from engine.store import postgres
from engine.store.engines import FileEngine, MemoryEngine
from engine.store.rewinding import Rows
from engine.store.transaction import Reader, Transaction
from engine.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    from sqlalchemy import URL

    from engine.store.engines import Engine
    from engine.store.news import Heard, News
    from engine.store.outcome import Outcome
    from engine.store.unit import Unit

__all__ = ["Priority", "Store"]

T = TypeVar("T")

log = logging.getLogger("milepost.store")

EXAMPLE = "give one like sqlite:///milepost.db, postgresql://name@host/milepost, or sqlite:// for one in memory"


def engine_of(url: str, clock: Callable[[], datetime] | None, heard: Heard, answered: Callable[[], None]) -> Engine:
    """The engine that a database URL asks for."""
    parsed = parsed_url(url)
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return postgres.PostgresEngine(parsed, clock, heard)
    if parsed.drivername != "sqlite":
        raise MilepostError(f"Milepost runs on SQLite and PostgreSQL, not on {kind}; {EXAMPLE}")
    if clock is None:
        raise MilepostError("SQLite has no clock of its own; give the store the process's")
    if parsed.database in {None, "", ":memory:"}:
        return MemoryEngine(clock, heard)
    return FileEngine(Path(str(parsed.database)), clock, heard, answered)


def upgrade(url: str) -> None:
    """Brings a database server's schema up to date; a file is brought up to date when it is opened."""
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "postgresql":
        postgres.upgrade(parsed)


def parsed_url(url: str) -> URL:
    """A database URL in its parts. Raises MilepostError."""
    try:
        return make_url(url)
    except ArgumentError:
        raise MilepostError(f"this is no database URL; {EXAMPLE}") from None


class Store:
    """A database of cases. Under `manual_clock` business time is set by hand.

    `machine_now` gives machine time; None: the database's own clock, which PostgreSQL has and nodes share.
    """

    def __init__(self, url: str, *, machine_now: Callable[[], datetime] | None, manual_clock: bool = False) -> None:
        self.manual_clock = manual_clock
        self._clock = machine_now
        self._watchers: list[Heard] = []
        self._waiting: list[Callable[[], None]] = []
        self._engine = engine_of(url, machine_now, self._heard, self._answered)
        try:
            self._start_clock()
        except BaseException:
            self.close()
            raise

    def machine_now(self) -> datetime:
        """Machine time: leases, tries, tokens."""
        return self._engine.read(lambda link: link.now()) if self._clock is None else self._clock()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs work in a transaction and waits until it is durable.

        It may run more than once, in a transaction shared with others, and again after a COMMIT that nobody learned of:
        it keeps nothing outside, talks to nobody, and finds out what it has done before. If it raises, nothing of it stays.
        """
        return self._engine.write(lambda unit: self._transact(unit, work))

    def submit(self, work: Callable[[Transaction], T], *, priority: Priority = Priority.PEOPLE) -> Future[T]:
        """As `write`, without waiting."""
        return self._engine.submit(lambda unit: self._transact(unit, work), priority)

    def together(
        self, works: Sequence[tuple[str, Callable[[Transaction], T]]], *, priority: Priority = Priority.PEOPLE
    ) -> list[Outcome[T]]:
        """What came of each: whole or not at all, all of them durable; they share transactions where that is quicker.

        With each work stands the id of the case that it locks first: locks are taken in one order.
        """
        asked = [(case_id, lambda unit, work=work: self._transact(unit, work)) for case_id, work in works]
        return self._engine.together(asked, priority)

    def watch(self, heard: Heard) -> None:
        """Calls after every COMMIT with steps in it, here or on another node. Must not block."""
        self._watchers.append(heard)

    def read(self, work: Callable[[Reader], T]) -> T:
        """Runs work on a snapshot in which nothing changes."""
        return self._engine.read(lambda link: work(Reader(link, manual_clock=self.manual_clock)))

    def close(self) -> None:
        """Takes no more, does what is waiting, and ends."""
        self._engine.close()

    def start_again(self) -> None:
        """Empties a store in memory, but for published versions and calendars."""
        self.rewind(Rows({}, {}))
        self._start_clock()

    def rows(self) -> Rows:
        """What a store in memory holds now of cases and people, to come back to."""
        return self._memory().rows()

    def rewind(self, rows: Rows) -> None:
        """Makes a store in memory what it was when these rows were read."""
        self._memory().rewind(rows)

    def _memory(self) -> MemoryEngine:
        if not isinstance(self._engine, MemoryEngine):
            raise MilepostError("only a store in memory can start again; open another file")
        return self._engine

    def _start_clock(self) -> None:
        if self.manual_clock:
            self.write(lambda tx: tx.set_clock(tx.business_now()))

    @property
    def answers_together(self) -> bool:
        """Whether futures are answered in groups, each of which is told to who asked by `on_answers`."""
        return self._engine.answers_together

    def on_answers(self, answered: Callable[[], None]) -> None:
        """Calls after the futures of a group were answered, where they are answered in groups. Must not block."""
        self._waiting.append(answered)

    def _answered(self) -> None:
        for answered in self._waiting:
            answered()

    def _heard(self, news: News) -> None:
        for heard in self._watchers:
            try:
                heard(news)
            except Exception:  # it was committed, whatever who listens makes of it
                log.exception("news of a commit could not be told")

    def _transact(self, unit: Unit, work: Callable[[Transaction], T]) -> T:
        return work(Transaction(unit, manual_clock=self.manual_clock))
