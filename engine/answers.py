"""Answers on their way into a case: sensitive values into their own table, files attached, the trail told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, and_, insert, or_, select, update
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


def known_files(
    session: Session, actor: Actor, case_id: UUID | None, mentioned: Any
) -> Callable[[str], Mapping[str, Any] | None]:
    """A function from a file's id to what an answer keeps of it; only the actor's own new files and the case's.

    All files `mentioned` in raw answers and facts are read at once, and belong to the case from then on.
    """
    found: dict[str, dict[str, Any]] | None = None

    def known(file_id: str) -> dict[str, Any] | None:
        nonlocal found
        if found is None:
            found = {str(row.id): row._asdict() for row in _files(session, actor, case_id, list(_ids(mentioned)))}
        row = found.get(_canonical(file_id))
        return row and {"file": str(row["id"]), "name": row["name"], "type": row["media_type"], "size": row["size"]}

    return known


def _files(session: Session, actor: Actor, case_id: UUID | None, ids: list[UUID]) -> Sequence[Row[UUID, str, str, int]]:
    columns = (File.id, File.name, File.media_type, File.size)
    own = and_(File.case_id.is_(None), File.uploaded_by == actor.id)
    if case_id is None:
        return session.execute(select(*columns).where(File.id.in_(ids), own)).all()
    mine = update(File).where(File.id.in_(ids), or_(File.case_id == case_id, own)).values(case_id=case_id)
    return session.execute(mine.returning(*columns).execution_options(synchronize_session=False)).all()


def _ids(value: Any) -> Iterator[UUID]:
    """Everything that may be the id of a file."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _ids(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _ids(item)
    elif isinstance(value, str) and _canonical(value):
        yield UUID(value)


def _canonical(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
