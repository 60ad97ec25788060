"""Letters that wait for a day's digest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import STRING, Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds the table with its indexes."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "digest_line",
        sa.Column("id", big, nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.Column("effect", STRING, nullable=False),
        sa.Column("person", STRING, nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("digest", STRING, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_digest_line_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_line")),
        sa.UniqueConstraint("effect", "person", name=op.f("uq_digest_line_effect_person")),
    )
    waiting = sa.text("digest IS NULL")
    op.create_index(
        op.f("ix_digest_line_due_at_person_id"),
        "digest_line",
        ["due_at", "person", "id"],
        unique=False,
        postgresql_where=waiting,
        sqlite_where=waiting,
    )
    op.create_index(op.f("ix_digest_line_digest"), "digest_line", ["digest"], unique=False)
    op.create_index(op.f("ix_digest_line_case_id"), "digest_line", ["case_id"], unique=False)
