"""Indexes for the supervisor's desk: open stays in the order of entering, and who has the tasks of an office."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OPEN = sa.text("left_at IS NULL")


def upgrade() -> None:
    op.drop_index("ix_stay_open", "stay")
    columns = ["version_id", "element", "entered_at", "id", "office"]
    op.create_index("ix_stay_open", "stay", columns, sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index("ix_task_office_sort", "task")
    op.create_index("ix_task_office_sort", "task", ["office", "sort_at", "id", "assignee"])
