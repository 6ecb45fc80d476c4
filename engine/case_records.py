"""What one case may know of another of the same office: FEEL's `case record`."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.facts import is_reference
from engine.model import Case
from engine.values import loads


def case_record(session: Session, number: str, office: str) -> dict[str, Any] | None:
    """A case by its number, as long as the office handles it itself; sensitive values are left out."""
    case = session.scalar(select(Case).where(Case.number == number.strip(), Case.office == office))
    if case is None:
        return None
    about = {"number": case.number, "title": case.title, "process": case.process, "status": case.status}
    return {**about, "outcome": case.outcome, "facts": _open(loads(case.data))}


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _open(each) for key, each in value.items() if not _is_hidden(each)}
    if isinstance(value, list):
        return [_open(each) for each in value if not _is_hidden(each)]
    return value


def _is_hidden(value: Any) -> bool:
    return isinstance(value, str) and is_reference(value)
