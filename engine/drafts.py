"""What somebody has typed so far. Never validated, never process data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.model import Draft
from engine.values import json_ready


def save_draft(session: Session, key: str, answers: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    """Keep what somebody has typed; never validated. `key`: task id, `start:<process>` or `event:<case>:<name>`."""
    row = session.get(Draft, (key, actor.id))
    if row is None:
        row = Draft(key=key, person_id=actor.id)
        session.add(row)
    row.answers, row.saved_at = json_ready(dict(answers)), now


def drop_draft(session: Session, key: str, *, actor: Actor, now: datetime | None = None) -> None:  # noqa: ARG001 a verb's signature
    """Forget a draft."""
    row = session.get(Draft, (key, actor.id)) if actor.id is not None else None
    if row is not None:
        session.delete(row)
