"""Imports as jobs: who sent a table, how far it is, its file, and what became of each row. What was imported before is done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import BIG, LONG, STRING, Instant

revision = "0004"
down_revision = "0003"

BEFORE = sa.table(
    "import_job",
    sa.column("id", BIG),
    sa.column("sha256"),
    sa.column("workflow"),
    sa.column("file"),
    sa.column("rows"),
    sa.column("opened"),
    sa.column("problems"),
    sa.column("imported_at", Instant()),
)
NOBODY = '{"id":""}'


def upgrade() -> None:
    """The table of jobs is made anew, as most of it is new."""
    rows = [dict(row._mapping) for row in op.get_bind().execute(sa.select(BEFORE).order_by(BEFORE.c.id))]  # noqa: SLF001
    op.drop_table("import_job")
    job = op.create_table(
        "import_job",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", STRING, nullable=False),
        sa.Column("actor_id", STRING, nullable=False),
        sa.Column("actor", LONG, nullable=False),
        sa.Column("workflow", STRING, nullable=False),
        sa.Column("parent", STRING, nullable=True),
        sa.Column("sheet", STRING, nullable=True),
        sa.Column("file", STRING, nullable=False),
        sa.Column("read_as", LONG, nullable=False),
        sa.Column("sha256", STRING, nullable=False),
        sa.Column("status", STRING, nullable=False),
        sa.Column("take", STRING, nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("columns", LONG, nullable=False),
        sa.Column("problems", LONG, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_job")),
        sa.UniqueConstraint("public_id", name=op.f("uq_import_job_public_id")),
    )
    op.create_index(op.f("ix_import_job_sha256_workflow"), "import_job", ["sha256", "workflow"], unique=False)
    op.create_index(op.f("ix_import_job_actor_id_id"), "import_job", ["actor_id", "id"], unique=False)
    op.create_index(op.f("ix_import_job_changed_at"), "import_job", ["changed_at"], unique=False)
    waits = sa.text("next_at IS NOT NULL")
    op.create_index(
        op.f("ix_import_job_next_at"),
        "import_job",
        ["next_at"],
        unique=False,
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.bulk_insert(job, [_done(row) for row in rows])
    if rows and op.get_bind().dialect.name == "postgresql":
        numbers = sa.text("SELECT setval(pg_get_serial_sequence('import_job', 'id'), :last)")
        op.get_bind().execute(numbers, {"last": rows[-1]["id"]})
    op.create_table(
        "import_file",
        sa.Column("job_id", BIG, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["import_job.id"], name=op.f("fk_import_file_job_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_import_file")),
    )
    op.create_table(
        "imported_row",
        sa.Column("job_id", BIG, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("status", STRING, nullable=False),
        sa.Column("key", STRING, nullable=True),
        sa.Column("party", STRING, nullable=True),
        sa.Column("body_hash", STRING, nullable=True),
        sa.Column("case_id", STRING, nullable=True),
        sa.Column("number", STRING, nullable=True),
        sa.Column("problems", LONG, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["import_job.id"], name=op.f("fk_imported_row_job_id")),
        sa.PrimaryKeyConstraint("job_id", "row", name=op.f("pk_imported_row")),
        sqlite_with_rowid=False,
    )
    opened = sa.text("status = 'opened'")
    op.create_index(
        op.f("ix_imported_row_key_party"),
        "imported_row",
        ["key", "party"],
        unique=True,
        sqlite_where=opened,
        postgresql_where=opened,
    )


def _done(row: dict[str, object]) -> dict[str, object]:
    """A file that was imported before there were jobs: nobody's, and done."""
    new = {"public_id": f"before-{row['id']}", "actor_id": "", "actor": NOBODY, "parent": None, "sheet": None}
    told = {"read_as": "", "status": "done", "take": "good", "known": 0, "wrong": 0, "columns": "{}", "attempt": 0}
    return {**row, **new, **told, "next_at": None, "changed_at": row["imported_at"]}
