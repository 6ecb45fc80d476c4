"""A process publishes a register: what the effect `publish_register` says, as an edition."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import registry
from engine.authority import CLOCK, Actor
from engine.directory import directory
from engine.model import Event
from engine.registry import InvalidRegister, Publication

PUBLISH = "publish_register"  # the topic of the service task
SAID = frozenset(["register", "office", "rows", "changes", "effective", "published_on", "address", "note", "by"])


def publish_edition(session: Session, key: str, case_id: UUID | None, said: Mapping[str, Any], *, now: datetime) -> int:
    """Publish what the payload of a service task says; the edition's id. The same key again changes nothing.

    `register`, `effective` and either `rows` (the whole list) or `changes` (with `change` = add, change, remove or keep
    in each row) are needed. `office` is whose part it is; without it the edition is the whole house's.
    Raises InvalidRegister with everything that does not fit the declaration.
    """
    known = directory(session)
    unknown = sorted(set(said) - SAID)
    if unknown:
        raise InvalidRegister(f"publish_register does not know {', '.join(unknown)}")
    register = known.registers.get(str(said.get("register") or ""))
    if register is None:
        raise InvalidRegister(f"there is no register {said.get('register')!r}", register=str(said.get("register")))
    office = str(said.get("office") or "")
    if office and office not in known.offices:
        raise InvalidRegister(f"{register.title}: there is no office {office!r}", register=register.id)
    effective = _day(said.get("effective"), "effective")
    if effective is None:
        raise InvalidRegister(f"{register.title}: the day from which it applies (effective) is missing")
    wanted = Publication(
        office=office,
        effective=effective,
        rows=_rows(said.get("rows"), "rows"),
        changes=_rows(said.get("changes"), "changes"),
        published_on=_day(said.get("published_on"), "published_on"),
        address=str(said.get("address") or ""),
        note=str(said.get("note") or ""),
        case_id=case_id,
        stem=str(known.offices.get(office, {}).get("short", "") or register.id),
    )
    actor = Actor(None, str(said.get("by") or _last_person(session, case_id) or CLOCK.name))
    return registry.publish(session, register, wanted, key=key, actor=actor, now=now)


def _rows(given: Any, name: str) -> list[Mapping[str, Any]] | None:
    if given is None:
        return None
    if not isinstance(given, (list, tuple)) or not all(isinstance(row, Mapping) for row in given):
        raise InvalidRegister(f"{name} is not a list of rows")
    return list(given)


def _day(given: Any, name: str) -> date | None:
    if given in (None, ""):
        return None
    try:
        return given if type(given) is date else date.fromisoformat(str(given)[:10])
    except ValueError:
        raise InvalidRegister(f"{name} is not a day: {given!r}") from None


def _last_person(session: Session, case_id: UUID | None) -> str | None:
    """Who acted last in the case: the person whose step publishes."""
    query = select(Event.actor_name).where(Event.case_id == case_id, Event.actor.is_not(None))
    return session.scalar(query.order_by(Event.seq.desc()).limit(1))
