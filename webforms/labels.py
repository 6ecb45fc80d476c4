"""What stands behind an id in an answer: the name of a person, an office, a row of a register, an option."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import engine
from webforms import database
from webforms.directory import directory
from webforms.facts import Labels


def case_labels(case_id: UUID, session: Session | None = None, *, now: datetime | None = None) -> Labels:
    """A function from fact, path and value to words; None when the value says it itself.

    `session` and `now` are those of a house in memory, where the case is not one of ours.
    """
    session, now = session or database.reading(), now or database.now()
    choices = engine.choice_labels(session, case_id)

    def label(fact: engine.Fact, path: str, value: Any) -> str | None:
        if fact.type == "office":
            return directory().office_name(str(value))
        if fact.type == "person" and str(value).isdigit():
            return engine.person_name(session, int(value))
        if fact.type == "register":
            return engine.register_label(session, str(value), now=now)
        return choices.get(path, {}).get(str(value))

    return label
