"""Documents that were uploaded, and the cases that refer to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import BIG, LONG, STRING, Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds both tables."""
    op.create_table(
        "document",
        sa.Column("id", BIG, nullable=False),
        sa.Column("sha256", STRING, nullable=False),
        sa.Column("owner", STRING, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("media_type", STRING, nullable=False),
        sa.Column("name", LONG, nullable=False),
        sa.Column("actor_id", STRING, nullable=False),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("sha256", "owner", name=op.f("uq_document_sha256_owner")),
    )
    op.create_index(op.f("ix_document_owner"), "document", ["owner"], unique=False)
    op.create_index(op.f("ix_document_used_at"), "document", ["used_at"], unique=False)
    op.create_table(
        "document_use",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("sha256", STRING, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("media_type", STRING, nullable=False),
        sa.Column("name", LONG, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_document_use_case_id")),
        sa.PrimaryKeyConstraint("case_id", "sha256", name=op.f("pk_document_use")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_document_use_sha256"), "document_use", ["sha256"], unique=False)
