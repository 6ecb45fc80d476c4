"""How long tokens rest where: the stays, their sums by month, and the triggers that keep the sums."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("left_at IS NULL")
WITH_DUE = sa.text("left_at IS NULL AND due_at IS NOT NULL")
LEFT = sa.text("left_at IS NOT NULL")
BUCKET = (
    "CASE WHEN NOT NEW.completed THEN -1 WHEN NEW.seconds < 86400 THEN NEW.seconds / 3600 "
    "WHEN NEW.seconds < 5184000 THEN 23 + NEW.seconds / 86400 ELSE 81 + NEW.seconds / 2592000 END"
)
COUNT = f"""
INSERT INTO stay_tally (version_id, element, month, office, bucket, stays, seconds, late)
VALUES (NEW.version_id, NEW.element, NEW.month, NEW.office, {BUCKET}, 1, NEW.seconds, NEW.is_late)
ON CONFLICT (version_id, element, month, office, bucket) DO UPDATE
SET stays = stays + 1, seconds = seconds + excluded.seconds, late = late + excluded.late;
"""  # noqa: S608 our own constants
ENDED = f"""CREATE TRIGGER stay_ended AFTER UPDATE OF left_at ON stay
WHEN OLD.left_at IS NULL AND NEW.left_at IS NOT NULL BEGIN {COUNT} END"""
PASSED = f"""CREATE TRIGGER stay_passed AFTER INSERT ON stay
WHEN NEW.left_at IS NOT NULL AND NEW.seconds IS NOT NULL BEGIN {COUNT} END"""


def upgrade() -> None:
    op.create_table(
        "stay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("element", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("month", sa.String(), nullable=True),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_stay_case_id_case")),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name=op.f("fk_stay_version_id_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay")),
    )
    for name, columns, where in (
        ("ix_stay_open", ["version_id", "element", "office", "entered_at"], OPEN),
        ("ix_stay_office_due", ["office", "due_at", "id"], WITH_DUE),
        ("ix_stay_due", ["due_at", "id"], WITH_DUE),
        ("ix_stay_left", ["version_id", "element", "left_at", "id"], LEFT),
    ):
        op.create_index(name, "stay", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "stay_tally",
        sa.Column("version_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stays", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", "element", "month", "office", "bucket", name=op.f("pk_stay_tally")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(ENDED)
        op.execute(PASSED)
