"""Opening the installation that the settings name. The command line owns the machine's clock, here."""

import os
from datetime import UTC, datetime
from pathlib import Path

import engine
from webforms.cli.output import Refused
from webforms.settings import PREFIX, InvalidSettings, Settings

SQLITE = "sqlite:///"


def read_settings(*, web: bool = False) -> Settings:
    """The settings of the environment; only the web needs the secret key."""
    given: dict[str, str] = {k.removeprefix(PREFIX): v for k, v in os.environ.items() if k.startswith(PREFIX)}
    if not web:
        given.setdefault("SECRET_KEY", "not used by this command")
    try:
        return Settings.of(given)
    except InvalidSettings as error:
        raise Refused(str(error)) from error


def machine_now(settings: Settings) -> datetime:
    """What the clock of this installation shows."""
    return datetime.now(UTC) + settings.clock_offset


def database_file(settings: Settings) -> Path | None:
    """The file of an SQLite database; None for any other database."""
    return Path(settings.database.removeprefix(SQLITE)) if settings.database.startswith(SQLITE) else None


def open_database(settings: Settings, *, create: bool = False) -> engine.Database:
    """Connect, and bring the tables to this release. Without `create` an installation must be there already."""
    file = database_file(settings)
    if file is not None and not file.exists():
        if not create:
            raise Refused(f"There is no database {file}. Make one with `tiaojie deploy processes` or `tiaojie demo`.")
        file.parent.mkdir(parents=True, exist_ok=True)
    database = engine.connect(settings.database, key=settings.audit_key())
    engine.upgrade(database)
    return database
