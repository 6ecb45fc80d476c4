"""Drafts of models: made, written file by file, thrown away. Saving on top of somebody else's save is refused.

A draft is text until it is published: whatever is in it can be saved, what is wrong with it say the checks.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lxml import etree
from sqlalchemy.orm import Session

from engine.audit import append_ledger
from engine.authority import Actor, may_draw
from engine.bundles import BundleName, require_name, require_room
from engine.definitions import digest_of
from engine.deployment import newest_version
from engine.directory import directory
from engine.errors import DraftChanged, DraftClosed, NotFound
from engine.includes import apart
from engine.model import ModelDraft, Version
from engine.xml import BPMN, UnsafeXml, parse_xml, tag

CHANGES = "CHANGES.md"
TITLE = 120  # characters
ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,79}")


def create_draft(
    session: Session,
    *,
    files: Mapping[str, str] | None = None,
    version_id: int | None = None,
    copy_of: int | None = None,
    title: str = "",
    actor: Actor,
    now: datetime,
) -> int:
    """A new draft: of these files, from a version, or as a copy of another draft; its id.

    It is compared with the version it comes from, or with the newest one of the process it names. Raises NotFound for
    people who may not draw, and BundleRefused.
    """
    require_drawing(session, actor)
    base = None
    if version_id is not None:
        base = session.get(Version, version_id)
        if base is None:
            raise NotFound
        files = base.files | base.scenarios
    elif copy_of is not None:
        source = draft_row(session, copy_of)
        files = source.files
        base = session.get(Version, source.base_id) if source.base_id is not None else None
    files = dict(files or {})
    for name in files:
        require_name(name)
    require_room(files)
    process, named = told_by(files)
    base = base or (newest_version(session, process) if process else None)
    row = ModelDraft(
        process=process,
        title=(title.strip() or named or process)[:TITLE],
        base_id=base.id if base is not None else None,
        files=files,
        revision=1,
        stamps={},
        authors=[actor.id],
        trial={},
        state="open",
        created_by=actor.id,
        created_name=actor.name,
        created_at=now,
        saved_by=actor.id,
        saved_name=actor.name,
        saved_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, row, "draft_created", actor, now)
    return row.id


def write_draft_file(
    session: Session, draft_id: int, name: str, text: str | None, *, revision: int, actor: Actor, now: datetime
) -> int:
    """Save one file, or remove it (None); the new revision. The same verb saves by itself while somebody types.

    `revision` is the one the text was begun from; saves of other files meanwhile do no harm. Raises NotFound,
    DraftClosed, BundleRefused, and DraftChanged when this file was saved since: nothing is overwritten unseen.
    """
    return write_draft_files(session, draft_id, {name: text}, revision=revision, actor=actor, now=now)


def write_draft_files(
    session: Session,
    draft_id: int,
    texts: Mapping[str, str | None],
    *,
    revision: int,
    actor: Actor,
    now: datetime,
) -> int:
    """`write_draft_file` for several files that belong together: all of them or none."""
    require_drawing(session, actor)
    row = open_draft(session, draft_id)
    first = {"revision": 1, "name": row.created_name, "at": row.created_at.isoformat()}
    for name, text in texts.items():
        require_name(name)
        stamp = row.stamps.get(name, first)
        if stamp["revision"] > revision and row.files.get(name) != text:
            raise DraftChanged(
                theirs=row.files.get(name), revision=row.revision, file=name, who=stamp["name"], at=stamp["at"]
            )
    changed = {name: text for name, text in texts.items() if row.files.get(name) != text}
    if not changed:
        return row.revision
    if row.files.keys() == {name for name, text in changed.items() if text is None}:
        raise BundleName("The last file of a draft is not removed; discard the draft.", name=next(iter(changed)))
    merged = {**row.files, **changed}
    files = {name: text for name, text in merged.items() if text is not None}
    require_room(files)
    row.files = files
    row.revision += 1
    stamp = {"revision": row.revision, "person": actor.id, "name": actor.name, "at": now.isoformat()}
    row.stamps = {**row.stamps, **dict.fromkeys(changed, stamp)}
    row.saved_by, row.saved_name, row.saved_at = actor.id, actor.name, now
    if actor.id not in row.authors:
        row.authors = [*row.authors, actor.id]
    process, named = told_by(files)
    row.process, row.title = process, (named or row.title)[:TITLE]
    session.flush()
    return row.revision


def add_change_entry(session: Session, draft_id: int, heading: str, words: str, *, actor: Actor, now: datetime) -> int:
    """Write an entry on top of the record of changes; the new revision. Raises like `write_draft_file`."""
    row = open_draft(session, draft_id)
    text = str(row.files.get(CHANGES, f"# {row.title}\n"))
    top, mark, rest = text.partition("\n## ")
    entry = f"\n## {' '.join(heading.split())}\n\n{words.strip()}\n"
    text = top.rstrip("\n") + "\n" + entry + (mark + rest if mark else "")
    return write_draft_file(session, draft_id, CHANGES, text, revision=row.revision, actor=actor, now=now)


def discard_draft(session: Session, draft_id: int, *, actor: Actor, now: datetime) -> None:
    """Put a draft away; its files stay readable. Raises NotFound, DraftClosed."""
    require_drawing(session, actor)
    row = open_draft(session, draft_id)
    row.state = "discarded"
    _record(session, row, "draft_discarded", actor, now)


def restore_draft(session: Session, draft_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a discarded draft out again. Raises NotFound, DraftClosed."""
    require_drawing(session, actor)
    row = draft_row(session, draft_id, lock=True)
    if row.state != "discarded":
        raise DraftClosed(state=row.state)
    row.state = "open"
    _record(session, row, "draft_restored", actor, now)


def rebase_draft(session: Session, draft_id: int, *, actor: Actor, now: datetime) -> None:
    """Compare the draft with the version that is in force now: its author has looked at the difference.

    Raises NotFound, DraftClosed.
    """
    require_drawing(session, actor)
    row = open_draft(session, draft_id)
    newest = newest_version(session, row.process)
    row.base_id = newest.id if newest is not None else None
    _record(session, row, "draft_rebased", actor, now)


def require_drawing(session: Session, actor: Actor) -> None:
    """Raise NotFound: for people who may not draw there are no drafts to be changed."""
    if not may_draw(actor, directory(session).roles):
        raise NotFound


def draft_row(session: Session, draft_id: int, *, lock: bool = False) -> ModelDraft:
    """The row. Raises NotFound."""
    row = session.get(ModelDraft, draft_id, with_for_update=lock or None)
    if row is None:
        raise NotFound
    return row


def open_draft(session: Session, draft_id: int) -> ModelDraft:
    """A draft that may be changed now. Raises NotFound, DraftClosed."""
    row = draft_row(session, draft_id, lock=True)
    if row.state != "open":
        raise DraftClosed(state=row.state)
    return row


def told_by(files: Mapping[str, str]) -> tuple[str, str]:
    """Process id and title as the files say: the manifest, or the executable process of a diagram.

    The id is empty where none is said, or none that can be one: it also names a folder.
    """
    try:
        manifest = tomllib.loads(files.get("manifest.toml", ""))
    except (tomllib.TOMLDecodeError, RecursionError):
        manifest = {}
    found, title = manifest.get("id"), manifest.get("title")
    if isinstance(found, str) and found:
        return found if ID.fullmatch(found) else "", title if isinstance(title, str) else ""
    for name in sorted(files, key=lambda name: (name != "process.bpmn", name)):
        if name.endswith(".bpmn") and (process := main_of(files[name])) is not None:
            found = process.get("id", "")
            return found if ID.fullmatch(found) else "", process.get("name", "")
    return "", ""


def main_of(diagram: str) -> etree._Element | None:
    """The process that a diagram draws: the executable one, or the first."""
    try:
        processes = list(parse_xml(diagram).iter(tag("process", BPMN)))
    except UnsafeXml:
        return None
    executable = [each for each in processes if each.get("isExecutable") == "true"]
    return next(iter([*executable, *processes]), None)


def behaviour_digest(files: Mapping[str, Any]) -> str:
    """The content hash of what can change how a case runs, and of what is tried: all but the record of changes."""
    return digest_of({name: text for name, text in files.items() if name != CHANGES})


def version_digest(files: Mapping[str, Any]) -> str:
    """The content hash of the version that these files would become."""
    return digest_of(apart(files)[0])


def _record(session: Session, row: ModelDraft, kind: str, actor: Actor, now: datetime) -> None:
    about = {"draft": row.id, "process": row.process, "title": row.title, "base": row.base_id}
    append_ledger(session, kind, about, actor, now)
