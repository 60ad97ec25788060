"""New versions of calendars, and outages, by which deadlines of running cases are counted again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import BIG, LONG, STRING, Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "recount",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", STRING, nullable=False),
        sa.Column("name", STRING, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("earlier", sa.Boolean(), nullable=False),
        sa.Column("reason", LONG, nullable=False),
        sa.Column("since", Instant(), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("actor_id", STRING, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("seen", BIG, nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recount")),
    )
    op.create_index(op.f("ix_recount_done_at"), "recount", ["done_at"], unique=False)
