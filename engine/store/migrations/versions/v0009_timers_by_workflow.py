"""Timers by workflow, so that those of one that has many do not hold up the others'."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import STRING

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Adds the column, fills it from the cases, and the index."""
    op.add_column("timer", sa.Column("workflow", STRING, nullable=False, server_default=""))
    op.execute('UPDATE timer SET workflow = (SELECT c.workflow FROM "case" c WHERE c.id = timer.case_id)')
    op.create_index(op.f("ix_timer_workflow_due_case_id"), "timer", ["workflow", "due", "case_id"], unique=False)
