"""An index that answers, for each process, what was done last and what is due next."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_case_process_closed", "case", ["process", "closed_at", "due_at"])
