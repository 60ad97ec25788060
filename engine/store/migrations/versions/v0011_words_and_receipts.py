"""The words of an entry, beside the entries of a word; and answers to the tender question with their receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import BIG, LONG, STRING, Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the index and the table."""
    op.create_index(op.f("ix_register_word_entry_id_word"), "register_word", ["entry_id", "word"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("id", BIG, nullable=False),
        sa.Column("receipt", STRING, nullable=False),
        sa.Column("tax_id", STRING, nullable=False),
        sa.Column("designation", STRING, nullable=False),
        sa.Column("asked_by", STRING, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("text", LONG, nullable=False),
        sa.Column("key", STRING, nullable=False),
        sa.Column("signature", STRING, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("receipt", name=op.f("uq_receipt_receipt")),
    )
    op.create_index(op.f("ix_receipt_tax_id_designation_id"), "receipt", ["tax_id", "designation", "id"], unique=False)
