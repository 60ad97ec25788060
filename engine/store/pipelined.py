"""A connection to PostgreSQL in pipeline mode: what is asked and written goes out together when somebody needs an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from engine.store.columns import Instant
from engine.store.link import Asked, Link
from engine.store.outgoing import UPDATE_SEARCH
from engine.store.statement import POSTGRESQL, Statement
from engine.store.writes import named, together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from psycopg import Connection, Pipeline

    from engine.store.writes import Write

FEW = 48
"""So many rows are written by one statement. What sizes there are is prepared once each, so they are bounded."""
CLOCK = Statement(select(func.clock_timestamp(type_=Instant()).label("now")))


class Pipelined(Link):
    """Others write to this database too. `clock` None: the database's own."""

    owned = False
    dialect = POSTGRESQL

    def __init__(self, connection: Connection, pipeline: Pipeline, clock: Callable[[], datetime] | None) -> None:
        super().__init__(connection, clock)
        self._pipeline = pipeline

    def now(self) -> datetime:
        """The database's clock as it reads it now, not at the start of the transaction."""
        if self._clock is not None:
            return self._clock()
        ((row,),) = self.peek((CLOCK, {}))
        moment: datetime = row[0]
        return moment

    def peek(self, *asked: Asked) -> list[list[Any]]:
        """All questions travel before the first answer is waited for.

        They end with a Sync: without one the server takes a transaction for busy, and one that sleeps is never ended.
        """
        cursors = [self._execute(statement, binds) for statement, binds in asked]
        self._pipeline.sync()
        return [self._fetched(cursor, statement) for cursor, (statement, _) in zip(cursors, asked, strict=True)]

    def rows(self, statement: Statement, **binds: Any) -> list[Any]:
        """All rows of a result, after what they depend on."""
        self._settle(statement)
        return self.peek((statement, binds))[0]

    def run(self, statement: Statement, **binds: Any) -> int:
        """Waits for the number of rows."""
        self._settle(statement)
        cursor = self._execute(statement, binds)
        self._pipeline.sync()
        count: int = cursor.rowcount
        return count

    def write(self, rows: Sequence[tuple[Write, Sequence[dict[str, Any]]]]) -> None:
        """In one statement where they are few, which a step's are; the search columns of a case before its other ones, as
        both are in one row.
        """
        super().write([(write, of_table) for write, of_table in rows if write is UPDATE_SEARCH])
        rest = [(write, of_table) for write, of_table in rows if write is not UPDATE_SEARCH]
        if sum(len(of_table) for _, of_table in rest) > FEW:
            super().write(rest)
        elif rest:
            self.changes += 1
            self._execute(together(tuple((write, len(of_table)) for write, of_table in rest)), named(rest))

    def commit(self) -> None:
        """Makes it durable, together with what was not sent yet: all of it travels when the pipeline ends, which raises
        what went wrong with any of it.
        """
        self.connection.commit()
