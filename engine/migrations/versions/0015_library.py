"""Drafts of models, their publication, and tokens for tools; scenarios beside a version."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _json(*names: str) -> list[sa.Column[sa.JSON]]:
    return [sa.Column(name, sa.JSON(), nullable=False) for name in names]


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _person(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=True)


def upgrade() -> None:
    op.add_column("version", sa.Column("scenarios", sa.JSON(), server_default="{}", nullable=False))
    op.create_table(
        "model_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        *_text("process", "title"),
        sa.Column("base_id", sa.Integer(), nullable=True),
        *_json("files"),
        sa.Column("revision", sa.Integer(), nullable=False),
        *_json("stamps", "authors", "trial"),
        *_text("state"),
        _person("created_by"),
        *_text("created_name"),
        _at("created_at"),
        _person("saved_by"),
        *_text("saved_name"),
        _at("saved_at"),
        sa.ForeignKeyConstraint(["base_id"], ["version.id"], name=op.f("fk_model_draft_base_id_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_draft")),
    )
    op.create_index(op.f("ix_model_draft_process"), "model_draft", ["process"])
    op.create_index("ix_model_draft_state", "model_draft", ["state", "saved_at"])
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        *_text("process", "digest", "reason"),
        sa.Column("effective_on", sa.Date(), nullable=True),
        *_json("findings", "trial"),
        _person("asked_by"),
        *_text("asked_name"),
        _at("asked_at"),
        *_text("state"),
        _person("decided_by"),
        *_text("decided_name"),
        _at("decided_at", nullable=True),
        *_text("note"),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["draft_id"], ["model_draft.id"], name=op.f("fk_publication_draft_id_model_draft")),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name=op.f("fk_publication_version_id_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
    )
    op.create_index(op.f("ix_publication_draft_id"), "publication", ["draft_id"])
    op.create_index(op.f("ix_publication_version_id"), "publication", ["version_id"])
    op.create_index("ix_publication_state", "publication", ["state", "effective_on"])
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        *_text("name", "digest"),
        _at("created_at"),
        _at("used_at", nullable=True),
        _at("revoked_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_api_token_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    op.create_index(op.f("ix_api_token_person_id"), "api_token", ["person_id"])
