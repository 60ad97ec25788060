"""Brings a database to the schema of this program, or refuses one that is newer; the revisions are in migrations/."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from engine.errors import MilepostError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from sqlite3 import Connection as SqliteConnection

    from psycopg import Connection as PostgresConnection
    from sqlalchemy import Connection

FOLDER = Path(__file__).parent / "migrations"
ONE_AT_A_TIME = 0x6D69_6C65
"""The key of the advisory lock under which a PostgreSQL database is upgraded."""


def configuration() -> Config:
    """Alembic's configuration; the connection is put into its attributes."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


@contextmanager
def open_sqlite(connect: Callable[[], SqliteConnection]) -> Iterator[Connection]:
    """A connection of its own in a transaction that is committed at the end."""
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()


@contextmanager
def open_postgres(connect: Callable[[], PostgresConnection]) -> Iterator[Connection]:
    """As `open_sqlite`; nodes that start together do this one after the other."""
    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
        yield connection
        connection.commit()


def upgrade(connection: Connection) -> None:
    """All revisions that are missing. Raises MilepostError where the database is newer than this program."""
    if is_behind(connection):
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_behind(connection: Connection) -> bool:
    """Raises MilepostError where the database has a revision that this program does not know."""
    script = ScriptDirectory.from_config(configuration())
    known = {revision.revision for revision in script.walk_revisions()}
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in known:
        newest = script.get_current_head()
        raise MilepostError(
            f"the database has the schema {present}, newer than {newest}, the last one this program knows;"
            " run the program that wrote it, or a later one"
        )
    return present != script.get_current_head()


def said_of(connection: Connection) -> str:
    """How a schema that is behind stands to this program."""
    present = MigrationContext.configure(connection).get_current_revision()
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    if present is None:
        return "the database has no schema of Milepost yet"
    return f"the database has the schema {present}, this program needs {newest}"
