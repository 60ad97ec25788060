"""Writing to SQLite: one connection, on which one thread at a time takes what is waiting together into one transaction.

That is the writer's own thread, or who waits for his command while nobody else writes: two changes of threads cost him as
much as the step. People come before timers before imports. Nobody is answered before COMMIT. A work function may run more
than once (its first run is rolled back when a neighbour breaks the transaction), so it keeps nothing outside.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from threading import Condition, Lock, Thread, get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen
from engine.errors import Unavailable
from engine.store.outcome import Broken, Outcome, attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from engine.store.kept import Kept
    from engine.store.link import Link
    from engine.store.news import Heard
    from engine.store.unit import Unit

log = logging.getLogger("milepost.store")

GROUP = 64
GROUP_SECONDS = 0.010
WAITING = 1024


class Priority(IntEnum):
    """Who goes first when several wait."""

    PEOPLE = 0
    TIMERS = 1
    IMPORTS = 2


@dataclass(eq=False, slots=True)
class Asked:
    """Works that one caller waits for: a single one whose value he gets (no `cases`), or a lot with the cases it locks.

    `passing`: it goes through cases that nobody is working on.
    """

    works: Sequence[Callable[[Unit], Any]]
    cases: tuple[str, ...] | None
    passing: bool
    future: Future[Any] = field(default_factory=Future)
    begun: int = 0
    outcomes: list[Outcome[Any]] = field(default_factory=list)

    def answer(self, outcome: Outcome[Any]) -> None:
        """The outcomes come in the order of the works; who waits is told at the last one."""
        self.outcomes.append(outcome)
        if self.cases is None:
            outcome.answer(self.future)
        elif len(self.outcomes) == len(self.works):
            self.future.set_result(self.outcomes)


@frozen
class Command:
    """A work whose turn it is."""

    work: Callable[[Unit], Any]
    asked: Asked


class Writer:
    """Whose turn it is to write, and the thread that does so where nobody waits himself."""

    def __init__(self, link: Link, kept: Kept, heard: Heard, answered: Callable[[], None]) -> None:
        """`answered` is told after the answers of a group, so that who waits elsewhere is woken once for all of them."""
        self._link, self._kept, self._heard, self._answered_all = link, kept, heard, answered
        self._connection: sqlite3.Connection = link.connection
        self._queues: tuple[deque[Asked], ...] = tuple(deque() for _ in Priority)
        self._waiting = 0  # works in them that nobody has begun
        self._lock = Lock()  # of the queues
        self._ready = Condition(self._lock)
        self._turn = Lock()
        self._writing: int | None = None  # the thread whose turn it is
        self._alone_last = True  # the last group was of one command
        self._stopping = False
        self._thread = Thread(target=self._run, name="milepost-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Unit], Any], priority: Priority) -> Future[Any]:
        """Queues a command; raises Unavailable where too many wait or the store is closed."""
        future = self._queued([work], priority).future
        with self._lock:
            self._ready.notify()
        return future

    def write(self, work: Callable[[Unit], Any], priority: Priority) -> Any:
        """As `submit`, and its value: written by who asks, where nobody else writes these days.

        Where several do, who would go on writing at once would keep the others from joining his group.
        """
        future = self._queued([work], priority).future
        self._done(future, by_oneself=self._alone_last)
        return future.result()

    def write_all(self, works: Sequence[tuple[str, Callable[[Unit], Any]]], priority: Priority) -> list[Outcome[Any]]:
        """Many at once, each with the case it locks, by who asks where nobody writes just now; those for which there is no
        place are refused.
        """
        if not works:
            return []
        try:
            asked = self._queued([work for _, work in works], priority, tuple(case_id for case_id, _ in works))
        except Unavailable as error:
            return [Outcome(error=error)] * len(works)
        self._done(asked.future, by_oneself=True)
        outcomes: list[Outcome[Any]] = asked.future.result()
        return outcomes + [Outcome(error=_full())] * (len(works) - len(outcomes))

    def _done(self, future: Future[Any], *, by_oneself: bool) -> None:
        """Sees to it that somebody writes what the future waits for."""
        if by_oneself and not future.done() and self._turn.acquire(blocking=False):
            try:
                while not future.done():
                    self._answered()
            finally:
                self._turn.release()
        with self._lock:
            if any(self._queues):
                self._ready.notify()

    def close(self) -> None:
        """Takes no more, does what is waiting, and ends."""
        with self._lock:
            self._stopping = True
            self._ready.notify()
        self._thread.join()
        with self._turn:  # who writes for himself is through then
            pass

    def _queued(
        self, works: Sequence[Callable[[Unit], Any]], priority: Priority, cases: tuple[str, ...] | None = None
    ) -> Asked:
        """As many of them as there is a place for; raises Unavailable where there is none."""
        if self._writing == get_ident():
            raise RuntimeError("a transaction inside another one; use the one at hand")
        with self._lock:
            if self._stopping:
                raise Unavailable("the store is closed; nothing can be written")
            if self._waiting >= WAITING:
                raise _full()
            asked = Asked(works[: WAITING - self._waiting], cases, priority is not Priority.PEOPLE)
            self._waiting += len(asked.works)
            self._queues[priority].append(asked)
        return asked

    def _run(self) -> None:
        while True:
            with self._lock:
                while not any(self._queues):
                    if self._stopping:
                        return
                    self._ready.wait()
            with self._turn:
                if any(self._queues):
                    self._answered()

    def _answered(self) -> None:
        """One group. Whoever was taken is answered, whatever happens: who writes must not die of it."""
        self._writing = get_ident()
        try:
            self._answer_group()
        finally:
            self._writing = None
        self._answered_all()

    def _answer_group(self) -> None:
        taken: list[Command] = []
        try:
            outcomes = self._group(taken)
        except BaseException as error:
            log.exception("a group of commands could not be written")
            self._roll_back()
            outcomes = [Outcome(error=error)] * len(taken)
        self._alone_last = len(taken) == 1
        for command, outcome in zip(taken, outcomes, strict=True):
            command.asked.answer(outcome)

    def _take(self, only: set[Asked] | None = None) -> Command | None:
        """The next one; with `only`, no other than of what is in it alone."""
        with self._lock:
            while queue := next(filter(None, self._queues), None):
                asked = queue[0]
                if only is not None and only != {asked}:
                    return None
                place = asked.begun
                asked.begun += 1
                self._waiting -= 1
                if asked.begun == len(asked.works):
                    queue.popleft()
                if place or asked.future.set_running_or_notify_cancel():
                    return Command(asked.works[place], asked)
        return None

    def _group(self, taken: list[Command]) -> list[Outcome[Any]]:
        """Takes commands as long as the group is small, and young or of one lot, so that nobody else waits; then COMMIT."""
        outcomes: list[Outcome[Any]] = []
        try:
            unit = self._begin()
        except Broken as error:  # who waits now has waited for the same thing: nobody is held up longer
            refused: Outcome[Any] = Outcome(error=_named(error))
            while command := self._take():
                taken.append(command)
            return [refused] * len(taken)
        try:
            until = monotonic() + GROUP_SECONDS  # a length of time, no moment: grouping only
            of: set[Asked] = set()
            while len(taken) < GROUP and (command := self._take(of if taken and monotonic() >= until else None)):
                taken.append(command)
                of.add(command.asked)
                unit.expected = command.asked.cases or ()
                outcomes.append(attempt(unit, command.work))
                self._check_open()
            self._commit(unit, {case_id for asked in of if asked.passing for case_id in asked.cases or ()})
        except Broken:
            self._roll_back()
            outcomes = [self._alone(command) for command in taken]
        return outcomes

    def _check_open(self) -> None:
        """Raises Broken where the database rolled back by itself, as it does on a full disk."""
        if not self._connection.in_transaction:
            raise Broken

    def _alone(self, command: Command) -> Outcome[Any]:
        """One command in a transaction of its own."""
        try:
            unit = self._begin()
            unit.repeated = True
            value = command.work(unit)
            self._commit(unit)
        except BaseException as error:  # noqa: BLE001  (whatever it is, it belongs to who asked)
            self._roll_back()
            return Outcome(error=_named(error))
        return Outcome(value)

    def _begin(self) -> Unit:
        if self._connection.in_transaction:
            self._roll_back()  # what could not be rolled back before
        unit = self._kept.unit(self._link)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise Broken from error
        return unit

    def _commit(self, unit: Unit, passing: Container[str] = ()) -> None:
        try:
            unit.write_out()
        except Exception as error:
            raise Broken from error
        try:
            self._connection.execute("COMMIT")
        except Exception as error:
            raise Broken(unknown=not self._connection.in_transaction) from error
        self._kept.keep(unit.held, unit.gone, passing)
        if unit.news is not None:
            self._heard(unit.news)

    def _roll_back(self) -> None:
        self._kept.clear()  # whatever the database holds now, it is read anew
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


def _full() -> Unavailable:
    return Unavailable(f"{WAITING} commands are waiting already; try again")


def _named(error: BaseException) -> BaseException:
    """What the database itself could not do is a matter of time; anything else is what it is."""
    unknown = isinstance(error, Broken) and error.unknown
    cause = error.__cause__ or error if isinstance(error, Broken) else error
    if not isinstance(cause, sqlite3.OperationalError):
        return cause
    if unknown:
        return Unavailable(f"the database failed while it stored ({cause}); repeat with the same Idempotency-Key")
    return Unavailable(f"the database could not be written ({cause}); nothing was stored, try again")
