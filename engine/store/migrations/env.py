"""Run by alembic for every command, on the connection that migrate.py puts into the configuration."""

from __future__ import annotations

from alembic import context

from engine.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
