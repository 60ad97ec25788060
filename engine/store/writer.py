"""Writing to SQLite: one thread and one connection take what is waiting together into one transaction.

People come before timers before imports. Nobody is answered before COMMIT. A work function may run more than once (its
first run is rolled back when a neighbour breaks the transaction), so it keeps nothing outside.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Thread, current_thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from engine.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.store.statement import Link

GROUP = 64
GROUP_SECONDS = 0.010
WAITING = 1024


class Priority(IntEnum):
    """Who goes first when several wait."""

    PEOPLE = 0
    TIMERS = 1
    IMPORTS = 2


@dataclass(order=True, slots=True)
class Command:
    """A work function that waits for its turn."""

    priority: int
    number: int
    work: Callable[[Link], Any] = field(compare=False)
    future: Future[Any] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command: a value or an error."""

    value: Any = None
    error: Exception | None = None

    def answer(self, future: Future[Any]) -> None:
        """Hands it to who waits."""
        if self.error is None:
            future.set_result(self.value)
        else:
            future.set_exception(self.error)


class _Broken(Exception):
    """The transaction of a group cannot be used any more."""


class Writer:
    """The thread that writes."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._connection: sqlite3.Connection = link.connection
        self._queue: list[Command] = []
        self._numbers = count()
        self._ready = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name="milepost-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Link], Any], priority: Priority) -> Future[Any]:
        """Queues a command; raises Unavailable where too many wait or the store is closed."""
        if current_thread() is self._thread:
            raise RuntimeError("a transaction inside another one; use the one at hand")
        future: Future[Any] = Future()
        with self._ready:
            if self._stopping:
                raise Unavailable("the store is closed; nothing can be written")
            if len(self._queue) >= WAITING:
                raise Unavailable(f"{WAITING} commands are waiting already; try again")
            heappush(self._queue, Command(priority, next(self._numbers), work, future))
            self._ready.notify()
        return future

    def close(self) -> None:
        """Takes no more, does what is waiting, and ends."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._queue:
                    if self._stopping:
                        return
                    self._ready.wait()
            self._group()

    def _take(self) -> Command | None:
        with self._ready:
            while self._queue:
                command = heappop(self._queue)
                if command.future.set_running_or_notify_cancel():
                    return command
        return None

    def _group(self) -> None:
        """Takes commands as long as the group is small and young; then COMMIT, then the answers."""
        taken: list[Command] = []
        outcomes: list[Outcome] = []
        try:
            self._begin()
            until = monotonic() + GROUP_SECONDS  # a length of time, no moment: grouping only
            while len(taken) < GROUP and (not taken or monotonic() < until) and (command := self._take()):
                taken.append(command)
                outcomes.append(self._together(command))
            self._commit()
        except _Broken:
            self._roll_back()
            if not taken and (command := self._take()):
                taken.append(command)
            outcomes = [self._alone(command) for command in taken]
        for command, outcome in zip(taken, outcomes, strict=True):
            outcome.answer(command.future)

    def _together(self, command: Command) -> Outcome:
        """One command among others; raises _Broken where it has left something behind."""
        before = self._connection.total_changes
        try:
            return Outcome(command.work(self._link))
        except sqlite3.Error as error:
            raise _Broken from error
        except Exception as error:
            if self._connection.total_changes != before or not self._connection.in_transaction:
                raise _Broken from error
            return Outcome(error=error)

    def _alone(self, command: Command) -> Outcome:
        """One command in a transaction of its own."""
        try:
            self._begin()
            value = command.work(self._link)
            self._commit()
        except _Broken as error:
            self._roll_back()
            return Outcome(error=_unavailable(error.__cause__))
        except sqlite3.OperationalError as error:
            self._roll_back()
            return Outcome(error=_unavailable(error))
        except Exception as error:  # noqa: BLE001  (whatever it is, it belongs to who asked)
            self._roll_back()
            return Outcome(error=error)
        return Outcome(value)

    def _begin(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise _Broken from error

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise _Broken from error

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _unavailable(error: BaseException | None) -> Unavailable:
    return Unavailable(f"the database could not be written ({error}); nothing was stored, try again")
