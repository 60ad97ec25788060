"""PostgreSQL: a pool of connections, transactions that are tried again where the database asks for it, snapshots.

Nodes share nothing but the database: locks are row locks, time is the database's clock (DESIGN §3). A transaction needs two
ways to the server: one that locks and reads, one that writes everything and commits.
"""

from __future__ import annotations

import logging
import random
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
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
from engine.store.outcome import Anew, Broken, Outcome, attempt
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

log = logging.getLogger("milepost.store")

THREADS = 8
"""Commands of people that run at once in a process: more would only wait for the interpreter."""
BEHIND = 2
"""The same for timers and imports."""
READING = 6
WAIT = 3.5
"""Seconds from a call on that it waits for a connection, all its tries together, and its time in a queue."""
WAIT_AWAY = 1.0
"""The same where the last one has waited in vain, so that those who are many do not wait one after the other."""
LEAST = 0.05
OPENING = 10.0
"""Seconds that a store which is opened waits for its first connections."""
RECONNECT = 0.5
"""Seconds between two tries to reach a server that is gone."""
CONNECTION = {
    "prepare_threshold": 2,
    "cursor_factory": psycopg.RawCursor,
    "application_name": "milepost",
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # a network that swallows everything is a connection lost
}
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
ONE_COMMAND = (errors.LockNotAvailable, errors.QueryCanceled)
"""What one command of a group may meet while the others do not."""
FINAL = (PoolTimeout, PoolClosed, *ONE_COMMAND, errors.DiskFull, errors.ReadOnlySqlTransaction)
"""What another try at once would only meet again."""
LOST = (psycopg.OperationalError, psycopg.InterfaceError, errors.IdleInTransactionSessionTimeout)
AWAY = (*LOST, PoolTimeout, PoolClosed, TooManyRequests)
"""What is no fault of who asks."""

# An error inside a pipeline is raised here and handled; that the pipeline ended by it is no news of its own.
logging.getLogger("psycopg").addFilter(lambda record: not str(record.msg).startswith("error ignored terminating"))


class PostgresEngine:
    """A database that many processes write to."""

    answers_together = False

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
            reconnect_timeout=RECONNECT,
            reconnect_failed=lambda pool: pool.check(),  # which tries again, for as long as it takes
            configure=_configure,
            kwargs=CONNECTION,
            name="milepost",
            open=False,
        )
        logging.getLogger("psycopg").setLevel(logging.ERROR)  # an outage is said once, below
        self._away = False
        try:
            self._pool.open(wait=True, timeout=OPENING)
        except PoolTimeout as error:
            self._pool.close()
            raise _unavailable(error) from None
        self._people = ThreadPoolExecutor(THREADS, "milepost-people")
        self._behind = ThreadPoolExecutor(BEHIND, "milepost-behind")
        self._places = BoundedSemaphore(WAITING)
        self._notices = Notices(address, heard)
        self._here = local()
        self._closed = False

    def submit(self, work: Work, priority: Priority) -> Future[Any]:
        """Hands it to a thread of its own kind: people do not wait behind imports."""
        return self._hand(priority, self.write, work)

    def together(self, works: Sequence[tuple[str, Work]], priority: Priority) -> list[Outcome[Any]]:
        """In groups: cases locked in one order, each work whole or not at all."""
        groups = [works[start : start + GROUP] for start in range(0, len(works), GROUP)]
        asked = [self._handed(group, priority) for group in groups]
        return [outcome for group in asked for outcome in group.result()]

    def _handed(self, group: Sequence[tuple[str, Work]], priority: Priority) -> Future[list[Outcome[Any]]]:
        """Where there is no place, those of this group learn it: others are under way."""
        try:
            return self._hand(priority, self._group, group, waits=priority is not Priority.TIMERS)
        except Unavailable as error:
            refused: Future[list[Outcome[Any]]] = Future()
            refused.set_result([Outcome(error=error)] * len(group))
            return refused

    def write(self, work: Callable[[Unit], T]) -> T:
        """Runs it here, and again where the database asks for it; what nobody learned of is found by the work itself."""
        return self._committed(work)

    def read(self, work: Callable[[Link], T]) -> T:
        """On a snapshot."""
        until = self._until()
        for left in reversed(range(2)):
            try:
                with self._connection(until, reading=True) as link:
                    return work(link)
            except AWAY as error:
                if not left or isinstance(error, FINAL):
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
        until = time.monotonic() + WAIT
        try:
            future = threads.submit(self._in_time, until, run, *args, **more)
        except RuntimeError:
            self._places.release()
            raise Unavailable("the store is closed; nothing can be written") from None
        future.add_done_callback(lambda _: self._places.release())
        return future

    def _in_time(self, until: float, run: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Who has waited in the queue does not wait as long again for a connection."""
        self._here.until = until
        try:
            return run(*args, **more)
        finally:
            self._here.until = None

    def _until(self) -> float:
        """Up to when a call may wait for connections (a length of time, no moment)."""
        until: float | None = getattr(self._here, "until", None)
        now = time.monotonic()
        until = now + WAIT if until is None else until
        return min(until, now + WAIT_AWAY) if self._away else until

    def _group(self, works: Sequence[tuple[str, Work]], *, waits: bool) -> list[Outcome[Any]]:
        wanted = sorted({case_id for case_id, _ in works})

        def run(unit: Unit) -> list[Outcome[Any]]:
            unit.shared = len(works) > 1
            lock_all(unit.link, wanted, wait=waits)
            return [attempt(unit, work) for _, work in works]

        try:
            return self._committed(run)
        except Unavailable as error:
            if not isinstance(error.__cause__, ONE_COMMAND):  # there is no database, for none of them
                return [Outcome(error=error)] * len(works)
        except BaseException:  # noqa: BLE001, S110  (each learns of its own error)
            pass
        return [self._alone(work) for _, work in works]

    def _alone(self, work: Work) -> Outcome[Any]:
        try:
            return Outcome(self._committed(work, repeated=True))
        except BaseException as error:  # noqa: BLE001  (it belongs to who asked)
            return Outcome(error=error)

    def _committed(self, run: Callable[[Unit], T], *, repeated: bool = False) -> T:
        """What work makes of a transaction that is committed; nothing stays of one that raises."""
        if getattr(self._here, "busy", False):
            raise RuntimeError("a transaction inside another one; use the one at hand")
        self._here.busy = True
        try:
            return self._until_committed(run, repeated=repeated)
        finally:
            self._here.busy = False

    def _until_committed(self, run: Callable[[Unit], T], *, repeated: bool) -> T:
        unknown = False
        trouble: BaseException | None = None
        until = self._until()
        for tried in range(TRIES):
            if tried:
                time.sleep(random.uniform(0, 0.004 * 2**tried))
            committing = False
            try:
                with self._connection(until) as link:
                    unit = self._kept.unit(link)
                    unit.repeated = repeated or tried > 0
                    value = run(unit)
                    unit.write_out()
                    committing = True
                    link.commit()
                self._kept.keep(unit.held, unit.gone)
                if unit.news is not None:
                    self._notices.tell(unit.news)
                return value
            except AGAIN as error:
                trouble = error
            except (*AWAY, errors.ReadOnlySqlTransaction, Broken) as error:
                trouble = _cause(error)
                if not isinstance(trouble, (*AWAY, errors.ReadOnlySqlTransaction)):
                    raise
                unknown = unknown or (committing and not isinstance(trouble, FINAL))
                if isinstance(trouble, FINAL):
                    break
                self._pool.check()
        raise _unavailable(trouble, unknown=unknown) from trouble

    @contextmanager
    def _connection(self, until: float, *, reading: bool = False) -> Iterator[Pipelined]:
        """A connection in a transaction that ends with the block; what is not committed then is rolled back."""
        with self._given(until) as connection:
            wanted = psycopg.IsolationLevel.REPEATABLE_READ if reading else None
            if connection.isolation_level != wanted:  # each setting costs as much as a statement
                connection.isolation_level, connection.read_only = wanted, reading or None
            try:
                with connection.pipeline() as pipeline:
                    yield Pipelined(connection, pipeline, self._clock)
            except BaseException:
                with suppress(psycopg.Error):  # a connection that cannot even do this is not used again
                    connection.rollback()
                raise
            connection.rollback()

    @contextmanager
    def _given(self, until: float) -> Iterator[psycopg.Connection]:
        """A connection of the pool; an outage, and its end, is told once."""
        with ExitStack() as stack:
            try:
                taken = self._pool.connection(timeout=max(LEAST, until - time.monotonic()))
                connection = stack.enter_context(taken)
            except PoolTimeout:
                if not self._away and not self._pool.get_stats()["pool_size"]:
                    log.warning("PostgreSQL cannot be reached; requests are refused until it can")
                    self._away = True
                raise
            if self._away:
                log.warning("PostgreSQL can be reached again")
                self._away = False
            yield connection


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
            raise MilepostError(f"{migrate.said_of(present)}; stop all nodes, then run: milepost db upgrade")


def _configure(connection: psycopg.Connection) -> None:
    connection.prepared_max = 400
    for name, value in SETTINGS.items():
        connection.execute("SELECT set_config($1, $2, false)", (name, value))
    connection.commit()


def _cause(error: BaseException) -> BaseException:
    """What a group is broken by, or the error itself."""
    return error.__cause__ or error if isinstance(error, Broken) else error


def _unavailable(error: BaseException | None, *, unknown: bool = False) -> Unavailable:
    cause = str(error).strip().splitlines()[0] if error is not None and str(error).strip() else type(error).__name__
    if unknown:
        return Unavailable(f"the database went away while it stored ({cause}); repeat with the same Idempotency-Key")
    return Unavailable(f"the database does not answer as it should ({cause}); nothing was stored, try again")
