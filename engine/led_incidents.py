"""What failed in the cases that somebody steers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.inbox import LIMIT, definition_of_version
from engine.model import Case, Incident
from engine.steering import Scope, scope_of


@dataclass(frozen=True)
class LedIncident:
    """Something that failed in a case that is led."""

    id: int
    case_id: UUID | None
    number: str
    title: str
    office_name: str
    element: str
    error: str
    created_at: datetime


def led_incidents(
    session: Session, actor: Actor, *, office: str | None = None, limit: int = LIMIT
) -> tuple[LedIncident, ...]:
    """What failed and is not settled yet, the newest first. Raises NotAllowed."""
    scope = scope_of(session, actor, office)
    query = select(Incident, Case).outerjoin(Case, Case.id == Incident.case_id).where(Incident.state == "open")
    query = query.where(*scope.of_cases()).order_by(Incident.created_at.desc(), Incident.id.desc()).limit(limit)
    return tuple(_row(session, scope, incident, about) for incident, about in session.execute(query))


def _row(session: Session, scope: Scope, incident: Incident, about: Case | None) -> LedIncident:
    if about is None:
        return LedIncident(incident.id, None, "", "", "", incident.verb, incident.error, incident.created_at)
    element = definition_of_version(session, about.version_id).diagram.elements.get(incident.element or "")
    return LedIncident(
        incident.id,
        about.id,
        about.number,
        about.title,
        scope.known.office_name(about.office),
        (element.name or element.id) if element is not None else incident.verb,
        incident.error,
        incident.created_at,
    )
