"""Which step has made a revision of the register; subscriptions to entries, which may be owed several revisions of one step;
which certificate takes the place of which.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa
from alembic import op

from engine.core.values import restore
from engine.store.columns import BIG, LONG, STRING

revision = "0013"
down_revision = "0012"

ENTRY = sa.table("register_entry", sa.column("id", BIG), sa.column("case_id", BIG), sa.column("seq", sa.Integer()))
STEP = sa.table("step", sa.column("case_id", BIG), sa.column("seq", sa.Integer()), sa.column("record", LONG))


def upgrade() -> None:
    """Adds the columns, and notes the steps of the revisions that are there."""
    op.add_column("register_entry", sa.Column("seq", sa.Integer(), nullable=True))
    op.add_column("subscription", sa.Column("entries", LONG, nullable=True))
    with op.batch_alter_table("delivery") as delivery:
        delivery.drop_constraint(op.f("uq_delivery_subscription_id_pos"), type_="unique")
        delivery.create_unique_constraint(
            op.f("uq_delivery_subscription_id_pos_seq"), ["subscription_id", "pos", "seq"]
        )
    op.add_column("certificate", sa.Column("replaces", STRING, nullable=True))
    op.create_index(op.f("ix_certificate_replaces"), "certificate", ["replaces"], unique=False)
    database = op.get_bind()
    rows = database.execute(sa.select(ENTRY.c.case_id, ENTRY.c.id).order_by(ENTRY.c.case_id, ENTRY.c.id)).all()
    noted = sa.update(ENTRY).where(ENTRY.c.id == sa.bindparam("row")).values(seq=sa.bindparam("step"))
    for case_id, own in groupby(rows, itemgetter(0)):
        entries, steps = [row.id for row in own], _steps(database, case_id)
        if len(steps) == len(entries):  # a case that was pruned has none
            database.execute(noted, [{"row": row, "step": seq} for row, seq in zip(entries, steps, strict=True)])


def _steps(database: sa.Connection, case_id: int) -> list[int]:
    """The step of each revision that a case's history tells of, in their order."""
    told = sa.select(STEP.c.seq, STEP.c.record).where(STEP.c.case_id == case_id, STEP.c.record.like('%"register:%'))
    return [
        row.seq
        for row in database.execute(told.order_by(STEP.c.seq))
        for fact in restore(row.record).get("facts", ())
        if fact.startswith("register:")
    ]
