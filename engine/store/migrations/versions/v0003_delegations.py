"""Who may act for whom, for a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import BIG, LONG, STRING, Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds them."""
    op.create_table(
        "delegation",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", STRING, nullable=False),
        sa.Column("giver", STRING, nullable=False),
        sa.Column("receiver", STRING, nullable=False),
        sa.Column("name", STRING, nullable=False),
        sa.Column("roles", LONG, nullable=False),
        sa.Column("attributes", LONG, nullable=False),
        sa.Column("ties", LONG, nullable=False),
        sa.Column("reason", LONG, nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_delegation_public_id")),
    )
    op.create_index(op.f("ix_delegation_giver"), "delegation", ["giver"], unique=False)
    op.create_index(op.f("ix_delegation_receiver"), "delegation", ["receiver"], unique=False)
