"""Uploaded files: the bytes by digest in the data folder, the row in the database, in this order."""

from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from sqlalchemy.orm import Session

from engine import files
from engine.authority import Actor
from engine.casefile import file_row
from engine.errors import NotAllowed
from engine.model import File
from engine.rows import FileRow


def add_file(session: Session, stream: BinaryIO, filename: str, store: Path, *, actor: Actor, now: datetime) -> FileRow:
    """Keep an uploaded file; it joins a case when the answers that name it are handed in.

    Raises FileRefused (type, size, content) and StorageFull.
    """
    if actor.id is None:
        raise NotAllowed
    name = files.display_name(filename)
    stored = files.put(stream, store, name=name)
    row = File(
        id=uuid4(),
        digest=stored.digest,
        name=name,
        media_type=stored.media_type,
        size=stored.size,
        case_id=None,
        uploaded_by=actor.id,
        uploaded_at=now,
    )
    session.add(row)
    session.flush()
    return file_row(row)


def file_path(store: Path, digest: str) -> Path:
    """Where the bytes of a file lie."""
    return store / digest[:2] / digest
