"""Registers: editions and entries versioned in time."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "register_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Date(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_register_edition_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_edition")),
        sa.UniqueConstraint("key", name=op.f("uq_register_edition_key")),
    )
    with op.batch_alter_table("register_edition") as batch_op:
        batch_op.create_index(batch_op.f("ix_register_edition_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_register_edition_number", ["register", "office", "number"], unique=True)

    op.create_table(
        "register_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("edition_from", sa.Integer(), nullable=False),
        sa.Column("edition_to", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_from"], ["register_edition.id"], name=op.f("fk_register_entry_edition_from_register_edition")
        ),
        sa.ForeignKeyConstraint(
            ["edition_to"], ["register_edition.id"], name=op.f("fk_register_entry_edition_to_register_edition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
    )
    with op.batch_alter_table("register_entry") as batch_op:
        batch_op.create_index(batch_op.f("ix_register_entry_edition_from"), ["edition_from"], unique=False)
        batch_op.create_index(batch_op.f("ix_register_entry_edition_to"), ["edition_to"], unique=False)
        batch_op.create_index("ix_register_entry_office", ["register", "office", "valid_to", "position"], unique=False)
        batch_op.create_index("ix_register_entry_day", ["register", "valid_to", "office", "position"], unique=False)
        batch_op.create_index("ix_register_entry_key", ["register", "key", "valid_from"], unique=False)
    # rows of registers lay in the reference documents; `tiaojie deploy processes` publishes them as the first edition
    op.execute("DELETE FROM reference WHERE name LIKE 'registers:%'")


def downgrade() -> None:
    raise NotImplementedError("restore the backup")
