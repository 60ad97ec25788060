"""Who hears of events at which address, and what is still to be posted there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import BIG, LONG, STRING, Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds both tables."""
    op.create_table(
        "subscription",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", STRING, nullable=False),
        sa.Column("actor_id", STRING, nullable=False),
        sa.Column("actor", LONG, nullable=False),
        sa.Column("party", STRING, nullable=False),
        sa.Column("url", LONG, nullable=False),
        sa.Column("secret", STRING, nullable=False),
        sa.Column("workflow", STRING, nullable=True),
        sa.Column("type", STRING, nullable=True),
        sa.Column("case_party", STRING, nullable=True),
        sa.Column("pos", BIG, nullable=False),
        sa.Column("free_at", Instant(), nullable=True),
        sa.Column("paused_at", Instant(), nullable=True),
        sa.Column("paused_why", LONG, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscription_public_id")),
    )
    op.create_index(op.f("ix_subscription_actor_id"), "subscription", ["actor_id"], unique=False)
    op.create_index(op.f("ix_subscription_party"), "subscription", ["party"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", BIG, nullable=False),
        sa.Column("subscription_id", BIG, nullable=False),
        sa.Column("pos", BIG, nullable=False),
        sa.Column("case_id", STRING, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("status", STRING, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("last_error", LONG, nullable=True),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_delivery_subscription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("subscription_id", "pos", name=op.f("uq_delivery_subscription_id_pos")),
    )
    is_open = sa.text("next_at IS NOT NULL")
    for columns in (["subscription_id", "next_at"], ["subscription_id", "case_id", "pos"]):
        name = op.f(f"ix_delivery_{'_'.join(columns)}")
        op.create_index(name, "delivery", columns, unique=False, sqlite_where=is_open, postgresql_where=is_open)
    op.create_index(
        op.f("ix_delivery_subscription_id_status_id"), "delivery", ["subscription_id", "status", "id"], unique=False
    )
    op.create_index(op.f("ix_delivery_changed_at"), "delivery", ["changed_at"], unique=False)
