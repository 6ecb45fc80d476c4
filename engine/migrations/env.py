"""Runs the migrations on the connection that `engine.database.upgrade` hands over."""

from typing import Any

from alembic import context

from engine.database import METADATA
from engine.model import Instant


def render_item(kind: str, item: Any, _context: Any) -> Any:
    """Write our instants as what they are in the database, so that old migrations do not depend on the model."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """The full-text table and its shadows are made by hand."""
    return kind != "table" or not str(name).startswith("case_search")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    render_item=render_item,
    include_name=include_name,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
