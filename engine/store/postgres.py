"""PostgreSQL: a pool of connections, transactions that are tried again where the database asks for it, snapshots.

Nodes share nothing but the database: locks are row locks, time is the database's clock (DESIGN §3). A transaction needs two
ways to the server: one that locks and reads, one that writes everything and commits.
"""

from __future__ import annotations

import logging
import random
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore, local
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from engine.errors import MilepostError, Unavailable
from engine.store import migrate
from engine.store.case_locks import lock_all
from engine.store.kept import Kept
from engine.store.notices import Notices
from engine.store.outcome import Anew, Outcome, attempt
from engine.store.pipelined import Pipelined
from engine.store.writer import WAITING, Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import URL

    from engine.store.engines import Work
    from engine.store.link import Link
    from engine.store.news import Heard
    from engine.store.unit import Unit

T = TypeVar("T")

THREADS = 8
"""Commands of people that run at once in a process: more would only wait for the interpreter."""
BEHIND = 2
"""The same for timers and imports."""
READING = 6
WAIT = 5.0
"""Seconds that somebody waits for a connection."""
TRIES = 6
GROUP = 50
SETTINGS = {
    "timezone": "UTC",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
}
AGAIN = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation, Anew)
"""What goes away when the work is done again: what another transaction has done meanwhile is then seen."""
FINAL = (PoolTimeout, PoolClosed, errors.LockNotAvailable, errors.QueryCanceled, errors.DiskFull)
"""What another try at once would only meet again."""
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed, TooManyRequests)

# An error inside a pipeline is raised here and handled; that the pipeline ended by it is no news of its own.
logging.getLogger("psycopg").addFilter(lambda record: not str(record.msg).startswith("error ignored terminating"))


class PostgresEngine:
    """A database that many processes write to."""

    def __init__(self, url: URL, clock: Callable[[], datetime] | None, heard: Heard) -> None:
        address = address_of(url)
        _check(address)
        self._clock = clock
        self._kept = Kept()
        self._pool = ConnectionPool(
            address,
            min_size=2,
            max_size=THREADS + BEHIND + READING,
            timeout=WAIT,
            reconnect_timeout=2 * WAIT,
            configure=_configure,
            kwargs={"prepare_threshold": 2, "application_name": "milepost"},
            name="milepost",
            open=False,
        )
        self._pool.open(wait=True, timeout=2 * WAIT)
        self._people = ThreadPoolExecutor(THREADS, "milepost-people")
        self._behind = ThreadPoolExecutor(BEHIND, "milepost-behind")
        self._places = BoundedSemaphore(WAITING)
        self._notices = Notices(address, heard)
        self._here = local()
        self._closed = False

    def submit(self, work: Work, priority: Priority) -> Future[Any]:
        """Hands it to a thread of its own kind: people do not wait behind imports."""
        return self._hand(priority, self.write, work)

    def together(self, works: Sequence[tuple[str, Work]], priority: Priority) -> list[Future[Any]]:
        """In groups: cases locked in one order, each work whole or not at all."""
        futures: list[Future[Any]] = []
        for start in range(0, len(works), GROUP):
            group = works[start : start + GROUP]
            answers: list[Future[Any]] = [Future() for _ in group]
            self._hand(priority, self._group, group, answers, waits=priority is not Priority.TIMERS)
            futures += answers
        return futures

    def write(self, work: Callable[[Unit], T]) -> T:
        """Runs it here, and again where the database asks for it; what nobody learned of is found by the work itself."""
        return self._committed(work)

    def read(self, work: Callable[[Link], T]) -> T:
        """On a snapshot."""
        for left in reversed(range(2)):
            try:
                with self._connection(reading=True) as link:
                    return work(link)
            except AWAY as error:
                if not left or isinstance(error, PoolTimeout | PoolClosed):
                    raise _unavailable(error) from error
                self._pool.check()
        raise AssertionError

    def forget(self) -> None:
        """The next transaction reads anew."""
        self._kept.clear()

    def close(self) -> None:
        """Does what is waiting, and ends."""
        if self._closed:
            return
        self._closed = True
        self._people.shutdown(wait=True)
        self._behind.shutdown(wait=True)
        self._notices.close()
        self._pool.close()

    def _hand(self, priority: Priority, run: Callable[..., Any], *args: Any, **more: Any) -> Future[Any]:
        if not self._places.acquire(blocking=False):
            raise Unavailable(f"{WAITING} commands are waiting already; try again")
        threads = self._people if priority is Priority.PEOPLE else self._behind
        try:
            future = threads.submit(run, *args, **more)
        except RuntimeError:
            self._places.release()
            raise Unavailable("the store is closed; nothing can be written") from None
        future.add_done_callback(lambda _: self._places.release())
        return future

    def _group(self, works: Sequence[tuple[str, Work]], answers: Sequence[Future[Any]], *, waits: bool) -> None:
        wanted = sorted({case_id for case_id, _ in works})

        def run(unit: Unit) -> list[Outcome]:
            unit.shared = len(works) > 1
            lock_all(unit.link, wanted, wait=waits)
            return [attempt(unit, work) for _, work in works]

        try:
            outcomes = self._committed(run)
        except Exception:  # noqa: BLE001  (each learns of its own error)
            outcomes = [self._alone(work) for _, work in works]
        for answer, outcome in zip(answers, outcomes, strict=True):
            outcome.answer(answer)

    def _alone(self, work: Work) -> Outcome:
        try:
            return Outcome(self._committed(work))
        except Exception as error:  # noqa: BLE001  (it belongs to who asked)
            return Outcome(error=error)

    def _committed(self, run: Callable[[Unit], T]) -> T:
        """What work makes of a transaction that is committed; nothing stays of one that raises."""
        if getattr(self._here, "busy", False):
            raise RuntimeError("a transaction inside another one; use the one at hand")
        self._here.busy = True
        try:
            return self._until_committed(run)
        finally:
            self._here.busy = False

    def _until_committed(self, run: Callable[[Unit], T]) -> T:
        unknown = False
        trouble: Exception | None = None
        for tried in range(TRIES):
            if tried:
                time.sleep(random.uniform(0, 0.004 * 2**tried))
            committing = False
            try:
                with self._connection() as link:
                    unit = self._kept.unit(link)
                    unit.repeated = tried > 0
                    value = run(unit)
                    unit.write_out()
                    committing = True
                    link.commit()
                self._kept.keep(unit)
                if unit.news is not None:
                    self._notices.tell(unit.news)
                return value
            except AGAIN as error:
                trouble = error
            except AWAY as error:
                trouble = error
                unknown = unknown or committing
                if isinstance(error, FINAL):
                    break
                self._pool.check()
        raise _unavailable(trouble, unknown=unknown) from trouble

    @contextmanager
    def _connection(self, *, reading: bool = False) -> Iterator[Pipelined]:
        """A connection in a transaction that ends with the block; what is not committed then is rolled back."""
        with self._pool.connection() as connection:
            connection.read_only = reading or None
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ if reading else None
            try:
                with connection.pipeline() as pipeline:
                    yield Pipelined(connection, pipeline, self._clock)
            finally:
                if not connection.closed:
                    connection.rollback()


def address_of(url: URL) -> str:
    """What the driver connects to."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def connect(address: str) -> psycopg.Connection:
    """A connection outside the pool. Raises MilepostError without the password."""
    try:
        return psycopg.connect(address, connect_timeout=10, application_name="milepost")
    except psycopg.Error as error:
        words = str(error).strip().splitlines()[0]
        raise Unavailable(
            f"PostgreSQL cannot be reached ({words}); look at MILEPOST_DATABASE_URL and the server"
        ) from None


def upgrade(url: URL) -> None:
    """Brings the schema up to date; nodes that do so at once wait for each other."""
    with migrate.open_postgres(lambda: connect(address_of(url))) as connection:
        migrate.upgrade(connection)


def _check(address: str) -> None:
    with connect(address) as connection:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise MilepostError(f"the database has the encoding {encoding}; Milepost needs one with UTF8")
    with migrate.open_postgres(lambda: connect(address)) as present:
        if migrate.is_behind(present):
            raise MilepostError("the database has no schema of this program yet; run: milepost db upgrade")


def _configure(connection: psycopg.Connection) -> None:
    connection.prepared_max = 400
    for name, value in SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    connection.commit()


def _unavailable(error: BaseException | None, *, unknown: bool = False) -> Unavailable:
    cause = str(error).strip().splitlines()[0] if error is not None and str(error).strip() else type(error).__name__
    if unknown:
        return Unavailable(f"the database went away while it stored ({cause}); repeat with the same Idempotency-Key")
    return Unavailable(f"the database does not answer as it should ({cause}); nothing was stored, try again")
