"""Brings a database to the schema of this program, or refuses one that is newer; the revisions are in migrations/."""

from __future__ import annotations

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
    from collections.abc import Callable
    from sqlite3 import Connection as SqliteConnection

    from sqlalchemy import Connection

FOLDER = Path(__file__).parent / "migrations"


def configuration() -> Config:
    """Alembic's configuration; the connection is put into its attributes."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def upgrade(connect: Callable[[], SqliteConnection]) -> None:
    """All revisions that are missing, in one transaction of a connection of its own."""
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        if _is_behind(connection):
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        connection.commit()


def _is_behind(connection: Connection) -> bool:
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
