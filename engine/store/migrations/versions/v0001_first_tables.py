"""The tables that the first release has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.columns import BIG, LONG, STRING, Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates them all."""
    op.create_table(
        "accepted",
        sa.Column("key", STRING, nullable=False),
        sa.Column("party", STRING, nullable=False),
        sa.Column("body_hash", STRING, nullable=False),
        sa.Column("case_id", STRING, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", "party", name=op.f("pk_accepted")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_accepted_accepted_at"), "accepted", ["accepted_at"], unique=False)
    op.create_table(
        "calendar_version",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", STRING, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", LONG, nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_version")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_calendar_version_name_version")),
    )
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("moment", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_table(
        "counter",
        sa.Column("name", STRING, nullable=False),
        sa.Column("period", STRING, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "period", name=op.f("pk_counter")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_job",
        sa.Column("id", BIG, nullable=False),
        sa.Column("sha256", STRING, nullable=False),
        sa.Column("workflow", STRING, nullable=False),
        sa.Column("file", STRING, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("problems", LONG, nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_job")),
    )
    op.create_index(op.f("ix_import_job_sha256_workflow"), "import_job", ["sha256", "workflow"], unique=False)
    op.create_table(
        "token",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", STRING, nullable=False),
        sa.Column("hash", STRING, nullable=False),
        sa.Column("actor_id", STRING, nullable=False),
        sa.Column("name", STRING, nullable=False),
        sa.Column("email", STRING, nullable=True),
        sa.Column("locale", STRING, nullable=False),
        sa.Column("roles", LONG, nullable=False),
        sa.Column("attributes", LONG, nullable=False),
        sa.Column("ties", LONG, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_token_hash")),
        sa.UniqueConstraint("public_id", name=op.f("uq_token_public_id")),
    )
    op.create_index(op.f("ix_token_actor_id"), "token", ["actor_id"], unique=False)
    op.create_table(
        "workflow_version",
        sa.Column("id", BIG, nullable=False),
        sa.Column("workflow", STRING, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", STRING, nullable=False),
        sa.Column("source", LONG, nullable=False),
        sa.Column("file", STRING, nullable=False),
        sa.Column("templates", LONG, nullable=False),
        sa.Column("calendar", STRING, nullable=True),
        sa.Column("calendar_version", sa.Integer(), nullable=True),
        sa.Column("published_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_version")),
        sa.UniqueConstraint("workflow", "version", name=op.f("uq_workflow_version_workflow_version")),
    )
    op.create_index(
        op.f("ix_workflow_version_workflow_digest"), "workflow_version", ["workflow", "digest"], unique=False
    )
    op.create_table(
        "case",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", STRING, nullable=False),
        sa.Column("workflow", STRING, nullable=False),
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("number", STRING, nullable=True),
        sa.Column("unique_key", STRING, nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("opened_by", LONG, nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("outcome", STRING, nullable=True),
        sa.Column("leaves", LONG, nullable=False),
        sa.Column("turn", LONG, nullable=False),
        sa.Column("memory", LONG, nullable=False),
        sa.Column("parent", LONG, nullable=True),
        sa.Column("search", LONG, nullable=False),
        sa.Column("next_due", Instant(), nullable=True),
        sa.Column("overdue_since", Instant(), nullable=True),
        sa.Column("hash", STRING, nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["workflow_version.id"], name=op.f("fk_case_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("public_id", name=op.f("uq_case_public_id")),
        sa.UniqueConstraint("workflow", "number", name=op.f("uq_case_workflow_number")),
        sa.UniqueConstraint("workflow", "unique_key", name=op.f("uq_case_workflow_unique_key")),
    )
    op.create_index(op.f("ix_case_number"), "case", ["number"], unique=False)
    op.create_index(op.f("ix_case_workflow"), "case", ["workflow"], unique=False)
    op.create_index(op.f("ix_case_workflow_closed_at"), "case", ["workflow", "closed_at"], unique=False)
    op.create_table(
        "case_index",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("path", STRING, nullable=False),
        sa.Column("value", STRING, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_index_case_id")),
        sa.PrimaryKeyConstraint("case_id", "path", "value", name=op.f("pk_case_index")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_case_index_path_value_case_id"), "case_index", ["path", "value", "case_id"], unique=False)
    op.create_table(
        "case_link",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("parent_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_link_case_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["case.id"], name=op.f("fk_case_link_parent_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_link")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_case_link_parent_id_case_id"), "case_link", ["parent_id", "case_id"], unique=False)
    op.create_table(
        "case_section",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("section", STRING, nullable=False),
        sa.Column("data", LONG, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_section_case_id")),
        sa.PrimaryKeyConstraint("case_id", "section", name=op.f("pk_case_section")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", BIG, nullable=False),
        sa.Column("number", STRING, nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("token", STRING, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("status", STRING, nullable=False),
        sa.Column("facts", LONG, nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_certificate_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("number", "issue", name=op.f("uq_certificate_number_issue")),
    )
    op.create_index(op.f("ix_certificate_case_id"), "certificate", ["case_id"], unique=False)
    op.create_index(op.f("ix_certificate_token"), "certificate", ["token"], unique=False)
    op.create_table(
        "effect",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", STRING, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", STRING, nullable=False),
        sa.Column("adapter", STRING, nullable=False),
        sa.Column("payload", LONG, nullable=False),
        sa.Column("state", STRING, nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("status", STRING, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", LONG, nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("result", LONG, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_effect_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effect")),
        sa.UniqueConstraint("key", name=op.f("uq_effect_key")),
    )
    op.create_index(
        op.f("ix_effect_case_id_adapter_next_at"), "effect", ["case_id", "adapter", "next_at"], unique=False
    )
    op.create_index(op.f("ix_effect_next_at"), "effect", ["next_at"], unique=False)
    op.create_table(
        "feed",
        sa.Column("pos", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", STRING, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_feed_case_id")),
        sa.PrimaryKeyConstraint("pos", name=op.f("pk_feed")),
    )
    op.create_table(
        "incident",
        sa.Column("id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=True),
        sa.Column("kind", STRING, nullable=False),
        sa.Column("subject", STRING, nullable=False),
        sa.Column("text", LONG, nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_incident_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_case_id"), "incident", ["case_id"], unique=False)
    op.create_index(op.f("ix_incident_closed_at"), "incident", ["closed_at"], unique=False)
    op.create_table(
        "position",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("state", STRING, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_position_case_id")),
        sa.PrimaryKeyConstraint("case_id", "state", name=op.f("pk_position")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_position_state_case_id"), "position", ["state", "case_id"], unique=False)
    op.create_table(
        "register_entry",
        sa.Column("id", BIG, nullable=False),
        sa.Column("entry_no", STRING, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("verb", STRING, nullable=False),
        sa.Column("status", STRING, nullable=False),
        sa.Column("facts", LONG, nullable=False),
        sa.Column("reason", LONG, nullable=False),
        sa.Column("tax_id", STRING, nullable=True),
        sa.Column("designation", STRING, nullable=True),
        sa.Column("code", STRING, nullable=True),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_register_entry_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
        sa.UniqueConstraint("entry_no", "revision", name=op.f("uq_register_entry_entry_no_revision")),
    )
    op.create_index(op.f("ix_register_entry_case_id"), "register_entry", ["case_id"], unique=False)
    op.create_index(op.f("ix_register_entry_code"), "register_entry", ["code"], unique=False)
    op.create_index(op.f("ix_register_entry_designation"), "register_entry", ["designation"], unique=False)
    op.create_index(
        op.f("ix_register_entry_tax_id_designation"), "register_entry", ["tax_id", "designation"], unique=False
    )
    op.create_table(
        "step",
        sa.Column("id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", STRING, nullable=False),
        sa.Column("name", STRING, nullable=False),
        sa.Column("record", LONG, nullable=False),
        sa.Column("payload", LONG, nullable=True),
        sa.Column("payload_hash", STRING, nullable=False),
        sa.Column("hash", STRING, nullable=False),
        sa.Column("command", STRING, nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("arrived_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_step_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_step_case_id_seq")),
        sa.UniqueConstraint("command", name=op.f("uq_step_command")),
    )
    op.create_table(
        "timer",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("key", STRING, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", STRING, nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("deadline", STRING, nullable=False),
        sa.Column("kind", STRING, nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("due", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_timer_case_id")),
        sa.PrimaryKeyConstraint("case_id", "key", name=op.f("pk_timer")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_timer_due_case_id"), "timer", ["due", "case_id"], unique=False)
    op.create_table(
        "certificate_file",
        sa.Column("certificate_id", BIG, nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", STRING, nullable=False),
        sa.Column("stored_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_file_certificate_id")
        ),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate_file")),
    )
    op.create_table(
        "certificate_status",
        sa.Column("id", BIG, nullable=False),
        sa.Column("certificate_id", BIG, nullable=False),
        sa.Column("verb", STRING, nullable=False),
        sa.Column("status", STRING, nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_status_certificate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_status")),
    )
    op.create_index(
        op.f("ix_certificate_status_certificate_id"), "certificate_status", ["certificate_id"], unique=False
    )
    op.create_table(
        "register_word",
        sa.Column("word", STRING, nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["register_entry.id"], name=op.f("fk_register_word_entry_id")),
        sa.PrimaryKeyConstraint("word", "entry_id", name=op.f("pk_register_word")),
        sqlite_with_rowid=False,
    )
