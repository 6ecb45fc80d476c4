"""Who acts for whom on a day. An absence begins and ends by itself, with its days."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.deadlines import OFFICE
from engine.model import Absence, Person


def in_force(query: Select[*tuple[Any, ...]], now: datetime) -> Select[*tuple[Any, ...]]:
    """The absences of this day only."""
    today = now.astimezone(OFFICE).date()
    return query.where(Absence.first_day <= today, Absence.last_day >= today, Absence.ended_at.is_(None))


def stands_in_for(session: Session, person_id: int, *, now: datetime) -> frozenset[int]:
    """The people for whom somebody acts now."""
    return frozenset(session.scalars(in_force(select(Absence.person_id).where(Absence.deputy_id == person_id), now)))


def deputies_of(session: Session, people: Collection[int], *, now: datetime) -> dict[int, tuple[int, str]]:
    """Of these people those who are away now and have a deputy: deputy -> (whom for, and their name)."""
    query = select(Absence.deputy_id, Absence.person_id, Person.name).join(Person, Person.id == Absence.person_id)
    query = in_force(query.where(Absence.person_id.in_(people), Absence.deputy_id.is_not(None)), now)
    return {row.deputy_id: (row.person_id, row.name) for row in session.execute(query)}


def acting_for(session: Session, actor: Actor, assignee: int | None) -> dict[str, Any]:
    """What an event says when a deputy does the task of somebody who is away; nothing otherwise."""
    if assignee is None or assignee == actor.id or assignee not in actor.stands_in_for:
        return {}
    name = session.scalar(select(Person.name).where(Person.id == assignee))
    return {"acting_for": assignee, "acting_for_name": name or str(assignee)}
