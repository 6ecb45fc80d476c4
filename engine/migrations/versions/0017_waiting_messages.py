"""Messages that nobody waits for yet, found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LYING = sa.text("state = 'pending' AND kind = 'message'")


def upgrade() -> None:
    op.create_index("ix_effect_message", "effect", ["next_at"], sqlite_where=LYING, postgresql_where=LYING)


def downgrade() -> None:
    op.drop_index("ix_effect_message", "effect")
