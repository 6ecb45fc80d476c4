"""An occurrence that gets another value takes its sums along."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _adding(row: str, sign: str) -> str:
    return f"""
INSERT INTO tally (kind, office, dimension, period, value, measure, total)
SELECT {row}.kind, place.office, {row}.dimension, {row}.period, {row}.value, each.key, {sign}each.value
FROM (SELECT {row}.office AS office UNION ALL SELECT '*') AS place, json_each({row}.sums) AS each WHERE true
ON CONFLICT (kind, office, dimension, period, value, measure) DO UPDATE SET total = total + excluded.total;
"""  # noqa: S608 our own constants


MOVED = f"""CREATE TRIGGER occurrence_moved AFTER UPDATE ON occurrence
WHEN OLD.office <> NEW.office OR OLD.period <> NEW.period OR OLD.sums <> NEW.sums
OR OLD.kind <> NEW.kind OR OLD.dimension <> NEW.dimension OR OLD.value <> NEW.value
BEGIN {_adding("OLD", "-")} {_adding("NEW", "")} END"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER occurrence_moved")
        op.execute(MOVED)


def downgrade() -> None:
    raise NotImplementedError("restore the backup")
