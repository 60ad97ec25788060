"""Letters that went out; letters that wait, but alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import STRING, Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Adds the table with its indexes, and the column; what waits already waits for the day's digest."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    texts = ("message_id", "channel", "effect", "person", "address", "template", "sha256")
    op.create_table(
        "letter",
        sa.Column("id", big, nullable=False),
        sa.Column("case_id", big, nullable=False),
        *(sa.Column(name, STRING, nullable=False) for name in texts),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("status", STRING, nullable=False),
        sa.Column("reason", STRING, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_letter_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    op.create_index(
        op.f("ix_letter_message_id_channel_case_id"), "letter", ["message_id", "channel", "case_id"], unique=True
    )
    op.create_index(op.f("ix_letter_case_id_id"), "letter", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_letter_effect"), "letter", ["effect"], unique=False)
    op.add_column("digest_line", sa.Column("alone", sa.Boolean(), nullable=False, server_default=sa.false()))
