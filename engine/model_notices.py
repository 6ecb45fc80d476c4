"""Who is told about drafts: those who may decide when one is handed in, its authors when something is decided.

The text is a sentence of the reader's language; `params` say which deed, draft and day, who did it and what they wrote.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.deadlines import OFFICE
from engine.directory import directory
from engine.model import ModelDraft, Person, PersonRole, Publication
from engine.notices import write_notices

KIND = "draft"
SAID: dict[str, Callable[[Publication], str]] = {
    "draft_submitted": lambda publication: publication.reason,
    "draft_approved": lambda publication: publication.note,
    "draft_refused": lambda publication: publication.note,
}
AUTHORS = ("draft_approved", "draft_refused", "draft_published", "publication_failed")


def tell_about(session: Session, publication: Publication, deed: str, actor: Actor, now: datetime) -> None:
    """Tell whom a deed about a draft concerns; nobody is told what they did themselves."""
    row = session.get_one(ModelDraft, publication.draft_id)
    day = publication.effective_on
    if deed == "draft_submitted":
        people = _deciders(session) - set(row.authors)
    elif deed == "draft_approved" and (day is None or day <= now.astimezone(OFFICE).date()):
        return  # that it is published says the same
    elif deed in AUTHORS:
        people = set(row.authors)
        if deed == "publication_failed" and publication.decided_by is not None:
            people.add(publication.decided_by)
    else:
        return
    params = {
        "deed": deed,
        "draft": row.id,
        "title": row.title or row.process,
        "who": actor.name if actor.id is not None else "",
        "said": SAID[deed](publication) if deed in SAID else "",
        "day": day.isoformat() if day is not None else None,
    }
    told = _active(session, people - {actor.id or 0})
    write_notices(
        session, f"publication:{publication.id}:{deed}", told, KIND, params=params,
        urgent=deed == "publication_failed", case_id=None, now=now,
    )  # fmt: skip


def _deciders(session: Session) -> set[int]:
    """The active people who may approve drafts."""
    deciding = [role.id for role in directory(session).roles.values() if role.models in {"draw", "approve"}]
    query = select(Person.id).join(PersonRole, PersonRole.person_id == Person.id)
    return set(session.scalars(query.where(Person.active, PersonRole.role.in_(deciding))))


def _active(session: Session, people: set[int]) -> set[int]:
    """Those of them who are still here."""
    return set(session.scalars(select(Person.id).where(Person.id.in_(people), Person.active)))
