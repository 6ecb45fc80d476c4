"""Transactions of a request: a page reads in one (DEFERRED), a verb writes in one of its own (BEGIN IMMEDIATE)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask, current_app, g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import engine


class Storage(SQLAlchemy):
    """Flask-SQLAlchemy on the engine's tables; connections are made and tuned by the engine, not by us."""

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:  # noqa: ARG002 the extension's signature
        database: engine.Database = app.extensions["tiaojie.database"]
        return database.bind


db = Storage(metadata=engine.METADATA)


class Failed(Exception):
    """A verb broke down; its input is kept in the incident of this number."""

    def __init__(self, incident: int | None) -> None:
        super().__init__(f"incident {incident}")
        self.incident = incident


def init_app(app: Flask, url: str, key: bytes) -> None:
    """Connect; `key` signs the audit trail."""
    app.extensions["tiaojie.database"] = engine.connect(url, key=key)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)


def now() -> datetime:
    """The moment of this request; one request has one."""
    if "now" not in g:
        g.now = current_app.config["CLOCK"]()
    moment: datetime = g.now
    return moment


def reading() -> Session:
    """The session of this page."""
    session = db.session()
    if not session.in_transaction():
        session.connection(execution_options=engine.READ_ONLY)
    return session


@contextmanager
def writing() -> Iterator[Session]:
    """A write transaction: committed at the end of the block, rolled back when it raises."""
    session = db.session()
    session.rollback()  # the page's read transaction ends here: a reader cannot become a writer
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def carry_out(verb: Callable[..., Any], *, actor: engine.Actor, about: UUID | None = None, **arguments: Any) -> Any:
    """Run one verb in its own transaction. When it breaks down, keep what was submitted as an incident.

    `about` is the case it concerns, for the incident.
    """
    try:
        with writing() as session:
            return verb(session, actor=actor, now=now(), **arguments)
    except engine.RunFailed as error:
        raise Failed(_record(verb, arguments, actor, error, about)) from error
    except (engine.EngineError, OperationalError):
        raise
    except Exception as error:
        current_app.logger.exception("The verb %s broke down", verb.__name__)
        raise Failed(_record(verb, arguments, actor, error, about)) from error


def _record(
    verb: Callable[..., Any], arguments: Mapping[str, Any], actor: engine.Actor, error: Exception, about: UUID | None
) -> int:
    kept = {name: str(value) if isinstance(value, UUID) else value for name, value in arguments.items()}
    with writing() as session:
        number: int = engine.record_incident(session, verb.__name__, kept, error, case_id=about, actor=actor, now=now())
    return number
