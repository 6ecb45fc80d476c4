"""Registers as expressions, papers and pages read them: by name, as of an instant."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from engine.deadlines import OFFICE
from engine.registry.changes import compared
from engine.registry.declaration import Register
from engine.registry.lookup import as_context, everywhere, find, listed


class Known(Protocol):
    """What a directory knows."""

    @property
    def registers(self) -> Mapping[str, Register]:
        """The declared registers by id."""

    def office_name(self, office: str) -> str:
        """The office's name."""

    def office_kind(self, office: str) -> str:
        """The office's kind."""


def day_of(now: datetime | None) -> date | None:
    """The day of an instant on the offices' calendar."""
    return None if now is None else now.astimezone(OFFICE).date()


def row(session: Session, known: Known, name: str, key: Any, office: str, now: datetime | None) -> dict[str, Any]:
    """A row of a register as of an instant; empty if there never was one."""
    register = known.registers.get(name)
    found = find(session, register, str(key), day_of(now), office) if register is not None else None
    return as_context(register, found) if register is not None and found is not None else {}


def rows(
    session: Session, known: Known, name: str, office: str | None, now: datetime | None
) -> list[dict[str, Any]] | None:
    """The rows of a register that apply to an office (None: all rows) as of an instant; None: no such register."""
    register = known.registers.get(name)
    if register is None:
        return None
    if office is None:
        found = everywhere(session, register, day_of(now))
    else:
        found = listed(session, register, office, known.office_kind(office), day_of(now))
    return [as_context(register, version) for version in found]


def changes(
    session: Session, known: Known, name: str, before: list[Any], after: list[Any], now: datetime | None
) -> list[dict[str, Any]] | None:
    """What changed between two lists of rows of a register, in words; None if there is no such register."""
    register = known.registers.get(name)
    if register is None:
        return None
    return compared(register, before, after, lambda kind, key: name_behind(session, known, kind, key, now))


def name_behind(session: Session, known: Known, kind: str, key: str, now: datetime | None) -> str:
    """The name of an office, or of a row of the register `kind`."""
    if kind == "office":
        return known.office_name(key)
    register = known.registers.get(kind)
    return str(row(session, known, kind, key, "", now).get(register.label, key)) if register else key
