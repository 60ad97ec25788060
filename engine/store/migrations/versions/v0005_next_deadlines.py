"""Cases in the order of their next deadlines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """An index for them."""
    coming = sa.text("next_due IS NOT NULL")
    op.create_index(
        op.f("ix_case_next_due_id"),
        "case",
        ["next_due", "id"],
        unique=False,
        sqlite_where=coming,
        postgresql_where=coming,
    )
