"""What stands behind an id in an answer: the name of a person, an office, a row of a register, an option."""

from typing import Any
from uuid import UUID

import engine
from webforms.database import now, reading
from webforms.directory import directory
from webforms.facts import Labels


def case_labels(case_id: UUID) -> Labels:
    """A function from fact, path and value to words; None when the value says it itself."""
    choices = engine.choice_labels(reading(), case_id)

    def label(fact: engine.Fact, path: str, value: Any) -> str | None:
        if fact.type == "office":
            return directory().office_name(str(value))
        if fact.type == "person" and str(value).isdigit():
            return engine.person_name(reading(), int(value))
        if fact.type == "register":
            return engine.register_label(reading(), str(value), now=now())
        return choices.get(path, {}).get(str(value))

    return label
