"""Who steers: people who lead an office, or see every one; and what of it they see."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.authority import Actor, Role
from engine.calendars import Calendar
from engine.deadlines import OFFICE, day_due
from engine.directory import Directory, directory
from engine.errors import NotAllowed
from engine.model import Case, CaseOffice


@dataclass(frozen=True)
class Scope:
    """The offices whose work somebody steers; `offices` is None for all of them."""

    known: Directory
    offices: tuple[str, ...] | None

    def of(self, column: InstrumentedAttribute[str]) -> list[ColumnElement[bool]]:
        """The condition on a column with an office."""
        return [] if self.offices is None else [column.in_(self.offices)]

    def of_cases(self) -> list[ColumnElement[bool]]:
        """The condition on cases: the office owns it or takes part."""
        if self.offices is None:
            return []
        part = select(CaseOffice.case_id).where(CaseOffice.office.in_(self.offices))
        return [or_(Case.office.in_(self.offices), Case.id.in_(part))]

    @property
    def listed(self) -> tuple[str, ...]:
        """The offices by name; every one of the directory for those who see all."""
        return self.offices if self.offices is not None else tuple(self.known.offices)


def steers(session: Session, actor: Actor) -> bool:
    """Whether the person has a supervisor's desk."""
    return _offices(actor, directory(session).roles) != frozenset()


def scope_of(session: Session, actor: Actor, office: str | None = None) -> Scope:
    """What this person steers, or of that one office. Raises NotAllowed for those who steer nothing."""
    known = directory(session)
    offices = _offices(actor, known.roles)
    if offices == frozenset():
        raise NotAllowed("your role does not steer the work of others")
    if office and (offices is None or office in offices):
        return Scope(known, (office,))
    return Scope(known, None if offices is None else tuple(sorted(offices)))


def _offices(actor: Actor, roles: Mapping[str, Role]) -> frozenset[str] | None:
    held = [(roles[role], office) for role, office in actor.roles if role in roles]
    if actor.id is None or any(role.sees == "all" for role, _ in held):
        return None
    return frozenset(office for role, office in held if role.leads and role.sees != "none")


def day_end(now: datetime, days: int, calendar: Calendar) -> datetime:
    """The end of the working day so many working days from today; 0 is the end of today, whatever day it is."""
    day: date = now.astimezone(OFFICE).date()
    while days > 0:
        day += timedelta(days=1)
        days -= calendar.day(day).working
    return day_due(day)


def led_offices(session: Session, actor: Actor) -> tuple[tuple[str, str], ...]:
    """(id, name) of the offices whose work this person steers. Raises NotAllowed."""
    scope = scope_of(session, actor)
    return tuple((office, scope.known.office_name(office)) for office in scope.listed)
