"""Answers on their way into a case: sensitive values into their own table, files attached, the trail told."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.definitions import Definition
from engine.facts import protect
from engine.model import File, SensitiveFact
from engine.projections import Loaded


def keeper(loaded: Loaded) -> Any:
    """A function that puts a sensitive value aside and gives its reference."""

    def keep(path: str, value: str) -> str:
        row = {"id": uuid4(), "case_id": loaded.case.id, "fact": path, "value": value}
        loaded.sensitive.append(row)
        return str(row["id"])

    return keep


def keep_sensitive(session: Session, loaded: Loaded) -> None:
    """Write the values put aside."""
    if loaded.sensitive:
        session.execute(insert(SensitiveFact), loaded.sensitive)


def told(definition: Definition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as the audit trail keeps them: sensitive ones only as a note that they were given."""
    return protect(definition.facts, answers, lambda path, _: path)


def _file_ids(value: Any) -> list[UUID]:
    if isinstance(value, Mapping):
        if set(value) >= {"file", "name"}:
            return [UUID(str(value["file"]))]
        return [found for item in value.values() for found in _file_ids(item)]
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in _file_ids(item)]
    return []


def attach_files(session: Session, case_id: UUID, answers: Mapping[str, Any]) -> None:
    """The files that the answers name now belong to the case."""
    ids = _file_ids(answers)
    if ids:
        session.execute(update(File).where(File.id.in_(ids), File.case_id.is_(None)).values(case_id=case_id))


def known_files(session: Session, actor: Actor, case_id: UUID | None) -> Callable[[str], Mapping[str, Any] | None]:
    """A function from a file's id to what an answer keeps of it; only the actor's own new files and the case's."""

    def known(file_id: str) -> dict[str, Any] | None:
        try:
            row = session.get(File, UUID(file_id))
        except ValueError:
            return None
        if row is None or not (row.case_id == case_id if row.case_id else row.uploaded_by == actor.id):
            return None
        return {"file": str(row.id), "name": row.name, "type": row.media_type, "size": row.size}

    return known
