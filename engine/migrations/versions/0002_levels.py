"""The level of a case: how serious it is, where its process says so."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LEVELLED = sa.text("level IS NOT NULL")
OPEN = sa.text("level IS NOT NULL AND closed_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("case") as batch_op:
        batch_op.add_column(sa.Column("level", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("level_rank", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_case_level", "case", ["level", "opened_at"], sqlite_where=LEVELLED, postgresql_where=LEVELLED)
    op.create_index("ix_case_level_open", "case", ["level_rank", "due_at"], sqlite_where=OPEN, postgresql_where=OPEN)
