"""Messages that nobody waits for yet: found by an index, woken by who begins to wait."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LYING = sa.text("state = 'pending' AND kind = 'message'")
WAKE = """CREATE TRIGGER subscription_wakes AFTER INSERT ON subscription WHEN NEW.kind = 'message'
BEGIN UPDATE effect SET next_at = created_at WHERE state = 'pending' AND kind = 'message' AND attempts = 0
AND next_at > created_at
AND EXISTS (SELECT 1 FROM json_each(payload) AS told WHERE told.key = 'name' AND told.value = NEW.name); END"""


def upgrade() -> None:
    op.create_index("ix_effect_message", "effect", ["next_at"], sqlite_where=LYING, postgresql_where=LYING)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(WAKE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER subscription_wakes")
    op.drop_index("ix_effect_message", "effect")
