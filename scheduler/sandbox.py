"""A whole house in memory: reference data, processes, people, and a clock that jumps to the next due instant."""

import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

import engine
from scheduler.tick import Handlers, tick
from scheduler.ticked import Ticked

LOOKS = 10_000  # due instants in one stretch of waiting: more is a clock that will not come to rest


class ClockRunsWild(Exception):
    """Something is due again and again; the clock does not get to where it should."""


@dataclass
class Cast:
    """The people who act: the first, second, ... holder of a role in an office, made when first needed."""

    database: engine.Database
    known: dict[tuple[str, str], list[engine.Actor]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)  # of roles, where people are to be called by them
    taken: set[str] = field(default_factory=set)  # user names

    def holder(self, role: str, office: str, nth: int = 1, *, now: datetime) -> engine.Actor:
        """Somebody who holds the role in the office."""
        holders = self.known.setdefault((role, office), [])
        while len(holders) < nth:
            holders.append(self._hire(role, office, len(holders) + 1, now))
        return holders[nth - 1]

    def person(self, person_id: int) -> engine.Actor:
        """The actor with this id. Raises LookupError."""
        return next(actor for holders in self.known.values() for actor in holders if actor.id == person_id)

    def _hire(self, role: str, office: str, nth: int, now: datetime) -> engine.Actor:
        username = f"{role}.{office}.{nth}".replace("_", "-")
        username = username if len(username) <= 40 else f"{role[:12]}.{office[:20]}.{nth}".replace("_", "-")  # noqa: PLR2004 the engine's limit
        roles, name = [(role, office)], f"{self.names.get(role, role)}{nth}"
        with self.database.sessions.begin() as session:
            username, name = next(self._listed(session, role, office, now), (username, name))
            person, _ = engine.create_person(
                session, username=username, name=name, roles=roles, hasher=engine.CHEAP_HASHER,
                actor=engine.SYSTEM, now=now,
            )  # fmt: skip
        self.taken.add(username)
        return engine.Actor(person, name, frozenset(roles))

    def _listed(self, session: Session, role: str, office: str, now: datetime) -> Iterator[tuple[str, str]]:
        """Accounts that the office has published for this role and that nobody here has yet: forms offer only those."""
        day = now.astimezone(engine.OFFICE).date()
        for register in engine.directory(session).registers.values():
            if register.account and register.instead == role:
                page = engine.register_rows(session, register.id, as_of=day, office=office, limit=None)
                for row in page.rows if page.own else ():
                    account = str(row.data.get(register.account) or "")
                    if account and account not in self.taken and register.is_offered(row.data):
                        yield account, row.label


@dataclass
class Sandbox:
    """A database with a clock of its own."""

    database: engine.Database
    now: datetime
    files: Path
    handlers: Handlers | None = None
    anchors: bool = False
    calendar: Collection[str] | None = frozenset()  # the entries that the calendar opens here; None: all of them
    cast: Cast = field(init=False)

    def __post_init__(self) -> None:
        self.cast = Cast(self.database)

    def settle(self) -> Ticked:
        """Let everything due now happen."""
        return tick(self.database, self.now, self.handlers, anchors=self.anchors, calendar=self.calendar)

    def keep_calendar(self, entries: Collection[str] | None = None) -> None:
        """Let the calendar open cases ("<process>/<entry>", or all) from now on; the past is not made up for."""
        self.calendar = entries
        with self.database.sessions.begin() as session:
            engine.begin_calendar(session, now=self.now)

    def advance(self, until: datetime, looks: int = LOOKS) -> None:
        """Jump from due instant to due instant, up to and including `until`."""
        for _ in range(looks):
            upcoming = self.next_due()
            if upcoming is None or upcoming > until:
                break
            self.now = upcoming
            self.settle()
        else:
            raise ClockRunsWild(f"{looks} due instants before {until:%Y-%m-%d %H:%M}")
        self.now = max(until, self.now)
        self.settle()

    def next_due(self) -> datetime | None:
        """The next instant at which something is due."""
        with self.database.reads.begin() as session:
            return engine.next_due(session, after=self.now, only=self.calendar)

    def later(self, seconds: float) -> None:
        """Let a little time pass in which nothing is looked at."""
        self.now += timedelta(seconds=seconds)

    def close(self) -> None:
        """Give the memory back."""
        self.database.bind.dispose()


def in_memory() -> engine.Database:
    """An empty database that lives as long as the object."""
    database = engine.connect(
        "sqlite://", key=b"sandbox", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    engine.create_tables(database)
    return database


def serialized(database: engine.Database) -> bytes:
    """The content of a database in memory, which is given up."""
    with database.bind.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101 it is SQLite by construction
        connection.rollback()
        content = raw.serialize()
    database.bind.dispose()
    return content


class House:
    """Reference data and processes of a folder, loaded once; every sandbox is a copy of it."""

    def __init__(self, folder: Path, processes: Iterable[Path] | None = None) -> None:
        self.folder = folder
        self.processes = sorted(processes if processes is not None else process_folders(folder))
        self.files = Path(tempfile.mkdtemp(prefix="tiaojie-"))
        weakref.finalize(self, shutil.rmtree, self.files, ignore_errors=True)

    @cached_property
    def template(self) -> bytes:
        """The database of a house in which nothing has happened yet. Raises InvalidDefinition."""
        database = in_memory()
        born = datetime(2000, 1, 1, tzinfo=engine.OFFICE)
        with database.sessions.begin() as session:
            if (self.folder / "offices.toml").exists():
                engine.load_reference(session, self.folder, actor=engine.SYSTEM, now=born)
            for process in self.processes:
                engine.deploy(session, process, actor=engine.SYSTEM, now=born)
        return serialized(database)

    def sandbox(self, now: datetime) -> Sandbox:
        """A fresh copy whose clock shows `now`."""
        template = self.template
        database = engine.connect(
            "sqlite://", key=b"sandbox", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        with database.bind.connect() as connection:
            connection.rollback()
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)  # noqa: S101 it is SQLite by construction
            raw.deserialize(template)
        return Sandbox(database, now, self.files)


def process_folders(folder: Path) -> list[Path]:
    """The process folders in a tree: those with a manifest."""
    return sorted(path.parent for path in folder.glob("*/manifest.toml"))


def write_out(stage: Sandbox, target: Path) -> None:
    """Put the house in memory on disk, whole or not at all."""
    unfinished = target.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    copy = sqlite3.connect(unfinished)
    with stage.database.bind.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101 it is SQLite by construction
        raw.backup(copy)
    copy.close()
    unfinished.replace(target)
