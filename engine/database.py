"""Connections: one place that knows how SQLite must be opened so that nothing acknowledged is lost.

WAL with `synchronous=FULL`; writers take the lock at once (`BEGIN IMMEDIATE`: a reader that becomes a writer later can
only fail), readers do not (`BEGIN DEFERRED`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session, sessionmaker

from engine.model import Base

METADATA = Base.metadata
READ_ONLY: Mapping[str, Any] = {"sqlite_begin": "DEFERRED"}
BUSY_MS = 10_000
SEARCH_TABLE = "CREATE VIRTUAL TABLE IF NOT EXISTS case_search USING fts5(body)"

_keys: "WeakKeyDictionary[Engine, bytes]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Database:
    """A database and its two kinds of sessions."""

    bind: Engine
    sessions: "sessionmaker[Session]"
    reads: "sessionmaker[Session]"


def connect(url: str, *, key: bytes = b"", busy_ms: int = BUSY_MS, **options: Any) -> Database:
    """Open a database. `key` signs the audit trail. Tables are made by `upgrade` or `create_tables`."""
    database = create_engine(url, **options)
    if database.dialect.name == "sqlite":
        _tune_sqlite(database, busy_ms)
    _keys[database] = key
    readers = database.execution_options(**READ_ONLY)
    _keys[readers] = key
    return Database(database, sessionmaker(database), sessionmaker(readers))


def create_tables(database: Database) -> None:
    """Make all tables of this release in an empty database (sandboxes and tests; `upgrade` does it by migrations)."""
    with database.bind.begin() as connection:
        METADATA.create_all(connection)
        create_search(connection)


def create_search(connection: Connection) -> None:
    """The full-text table of SQLite; one character is one token, see `engine.search`."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(SEARCH_TABLE)


def upgrade(database: Database) -> None:
    """Bring a database to this release by its migrations, from empty if need be."""
    from alembic import command  # noqa: PLC0415 only the set-up command needs Alembic
    from alembic.config import Config  # noqa: PLC0415 only the set-up command needs Alembic

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.bind.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def key_of(session: Session) -> bytes:
    """The key that signs the audit trail of this session's database."""
    bind = session.get_bind()
    return _keys.get(bind.engine if isinstance(bind, Connection) else bind, b"")


def _tune_sqlite(database: Engine, busy_ms: int) -> None:
    @event.listens_for(database, "connect")
    def _open(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        pragmas = (
            f"busy_timeout={busy_ms}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
        )
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(database, "begin")
    def _begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        connection.exec_driver_sql(f"BEGIN {mode}")


def ready(session: Session) -> None:
    """Answer only if the database does."""
    session.execute(text("SELECT 1"))
