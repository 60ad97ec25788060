"""What many nodes need: steps that wait for their place in the feed, checkpoints, lanes of adapters; pruned cases; bounded texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.bounded import WHOLE, bounded
from engine.store.columns import BIG, LONG, STRING, Instant

revision = "0002"
down_revision = "0001"

INDEXED = (
    ("case", "id", "unique_key"),
    ("register_entry", "id", "tax_id"),
    ("register_entry", "id", "designation"),
    ("register_entry", "id", "code"),
)
"""Texts that the first release has put into indexes as long as they were; (table, key, column)."""


def upgrade() -> None:
    """Adds them."""
    op.create_table(
        "unsequenced",
        sa.Column("id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", STRING, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_unsequenced_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsequenced")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("id", BIG, nullable=False),
        sa.Column("first_pos", BIG, nullable=False),
        sa.Column("last_pos", BIG, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("root", STRING, nullable=False),
        sa.Column("previous", STRING, nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("key", STRING, nullable=False),
        sa.Column("signature", STRING, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint")),
        sa.UniqueConstraint("first_pos", name=op.f("uq_checkpoint_first_pos")),
    )
    op.create_table(
        "lane",
        sa.Column("adapter", STRING, nullable=False),
        sa.Column("free_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("adapter", name=op.f("pk_lane")),
        sqlite_with_rowid=False,
    )
    op.add_column("case", sa.Column("pruned_at", Instant(), nullable=True))
    op.drop_index(op.f("ix_effect_next_at"), "effect")
    op.create_index(
        op.f("ix_effect_adapter_status_next_at_id"),
        "effect",
        ["adapter", "status", "next_at", "id"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_case_pruned_at_closed_at"), "case", ["pruned_at", "closed_at"], unique=False)
    op.create_index(op.f("ix_case_outcome"), "case", ["outcome"], unique=False)
    late = sa.text("overdue_since IS NOT NULL")
    op.create_index(
        op.f("ix_case_overdue_since"), "case", ["overdue_since"], postgresql_where=late, sqlite_where=late, unique=False
    )
    op.create_index(op.f("ix_feed_case_id"), "feed", ["case_id"], unique=False)
    op.add_column("incident", sa.Column("closed_by", LONG, nullable=True))
    op.add_column("incident", sa.Column("answer", LONG, nullable=True))
    for table, key, column in INDEXED:
        _bound(table, key, column)


def _bound(table: str, key: str, column: str) -> None:
    rows = sa.table(table, sa.column(key), sa.column(column))
    long = sa.select(rows.c[key], rows.c[column]).where(sa.func.length(rows.c[column]) > WHOLE)
    for row, text in op.get_bind().execute(long).all():
        op.execute(sa.update(rows).where(rows.c[key] == row).values({column: bounded(text)}))
