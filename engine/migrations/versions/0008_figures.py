"""What statistics count."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _adding(row: str, sign: str) -> str:
    return f"""
INSERT INTO tally (kind, office, dimension, period, value, measure, total)
SELECT {row}.kind, place.office, {row}.dimension, {row}.period, {row}.value, each.key, {sign}each.value
FROM (SELECT {row}.office AS office UNION ALL SELECT '*') AS place, json_each({row}.sums) AS each WHERE true
ON CONFLICT (kind, office, dimension, period, value, measure) DO UPDATE SET total = total + excluded.total;
"""  # noqa: S608 our own constants


TRIGGERS = (
    f"CREATE TRIGGER occurrence_added AFTER INSERT ON occurrence BEGIN {_adding('NEW', '')} END",
    f"CREATE TRIGGER occurrence_removed AFTER DELETE ON occurrence BEGIN {_adding('OLD', '-')} END",
    f"""CREATE TRIGGER occurrence_moved AFTER UPDATE ON occurrence
WHEN OLD.office <> NEW.office OR OLD.period <> NEW.period OR OLD.sums <> NEW.sums
BEGIN {_adding("OLD", "-")} {_adding("NEW", "")} END""",
)


def upgrade() -> None:
    with op.batch_alter_table("case") as batch_op:
        batch_op.add_column(sa.Column("counted", sa.Text(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("counted_by", sa.String(), nullable=False, server_default=""))
        batch_op.create_index("ix_case_counted", ["process", "counted_by"], unique=False)
    with op.batch_alter_table("case") as batch_op:
        batch_op.alter_column("counted", server_default=None)
        batch_op.alter_column("counted_by", server_default=None)
    op.create_table(
        "occurrence",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("sums", sa.String(), nullable=False),
        sa.Column("ended", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_occurrence_case_id_case")),
        sa.PrimaryKeyConstraint("case_id", "kind", "dimension", "value", name=op.f("pk_occurrence")),
        sqlite_with_rowid=False,
    )
    before = ["kind", "dimension", "value"]
    op.create_index("ix_occurrence_day", "occurrence", [*before, "day", "case_id"])
    op.create_index("ix_occurrence_office_day", "occurrence", [*before, "office", "day", "case_id"])
    op.create_index("ix_occurrence_ended", "occurrence", [*before, "ended", "day", "case_id"])
    op.create_index("ix_occurrence_office_ended", "occurrence", [*before, "office", "ended", "day", "case_id"])
    op.create_table(
        "tally",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "office", "dimension", "period", "value", "measure", name=op.f("pk_tally")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tally_period", "tally", ["period"])
    if op.get_bind().dialect.name == "sqlite":
        for trigger in TRIGGERS:
            op.execute(trigger)


def downgrade() -> None:
    raise NotImplementedError("restore the backup")
