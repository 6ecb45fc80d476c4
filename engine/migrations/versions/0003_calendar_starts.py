"""What the calendar opens."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_entry",
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("looked_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("process", "entry", name=op.f("pk_calendar_entry")),
    )
    op.create_table(
        "calendar_start",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("period_first", sa.Date(), nullable=False),
        sa.Column("period_last", sa.Date(), nullable=False),
        sa.Column("period_name", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_calendar_start_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_start")),
        sa.UniqueConstraint("process", "entry", "office", "period_first", name=op.f("uq_calendar_start_process")),
    )
    op.create_index("ix_calendar_start_due", "calendar_start", ["process", "due_at"])
    op.create_index("ix_calendar_start_case", "calendar_start", ["case_id"])
    op.create_index(
        "ix_calendar_start_next",
        "calendar_start",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
