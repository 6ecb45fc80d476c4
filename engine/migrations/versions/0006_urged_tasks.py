"""When a task was last urged, and by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("urged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("task", sa.Column("urged_by", sa.String(), nullable=True))
