"""Models handed in: by tools, merged into a draft of their process; by upload, as a draft of their own.

What comes alone becomes a folder: a diagram of a process that is known joins the files in force, one that is not gets
the manifest and the names that the host looks for.
"""

from collections.abc import Mapping
from datetime import datetime
from json import dumps
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.deployment import newest_version
from engine.layouts import with_drawing
from engine.model import ModelDraft
from engine.model_drafts import create_draft, require_drawing, told_by, write_draft_files
from engine.model_repairs import apply_repairs

MANIFEST = "manifest.toml"
DIAGRAM = "process.bpmn"
TITLE = 120  # characters


def deploy_to_draft(
    session: Session, files: Mapping[str, str], *, title: str, whole: bool = False, actor: Actor, now: datetime
) -> tuple[int, int]:
    """Merge files into this person's open draft of their process, or a new one; draft and revision.

    A new draft begins from the version in force; what was not handed in stays as it is, or goes where this is the
    `whole` folder. A draft in which somebody else
    has saved one of these files since is left alone, and a new one made: nothing is overwritten unseen.
    Raises NotFound for people who may not draw, and BundleRefused.
    """
    require_drawing(session, actor)
    process, _ = told_by(files)
    mine = (ModelDraft.process == process, ModelDraft.state == "open", ModelDraft.created_by == actor.id)
    for row in session.scalars(select(ModelDraft).where(*mine).order_by(ModelDraft.id.desc())):
        placed = _whole(row.files, files) if whole else placed_in(row.files, files)
        others = (row.stamps[name]["person"] for name in placed if name in row.stamps)
        if all(person == actor.id for person in others):
            revision = write_draft_files(session, row.id, placed, revision=row.revision, actor=actor, now=now)
            return row.id, revision
    made = _draft_of(session, files, process, title, whole=whole, actor=actor, now=now)
    return made, session.get_one(ModelDraft, made).revision


def draft_of_files(session: Session, files: Mapping[str, str], *, title: str = "", actor: Actor, now: datetime) -> int:
    """A new draft of what was uploaded; its id. A folder with its manifest is taken as it is, anything else completed.

    A diagram without any drawing is laid out: no editor opens it otherwise. Raises NotFound for people who may not
    draw, and BundleRefused.
    """
    require_drawing(session, actor)
    files = with_drawing(files)
    if MANIFEST in files:
        return create_draft(session, files=files, title=title, actor=actor, now=now)
    return _draft_of(session, files, told_by(files)[0], title, whole=False, actor=actor, now=now)


def _draft_of(
    session: Session, files: Mapping[str, str], process: str, title: str, *, whole: bool, actor: Actor, now: datetime
) -> int:
    version = newest_version(session, process) if process else None
    if version is None:
        return create_draft(session, files=as_folder(files, title), title=title, actor=actor, now=now)
    made = create_draft(session, version_id=version.id, title=title, actor=actor, now=now)
    before = version.files | version.scenarios
    placed = _whole(before, files) if whole else placed_in(before, files)
    write_draft_files(session, made, placed, revision=1, actor=actor, now=now)
    return made


def placed_in(folder: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str | None]:
    """These files under the names they have in a folder: a tool knows the file, not always its place.

    >>> placed_in({"process.bpmn": "a", "forms/x.form": "b"}, {"my process.bpmn": "c", "x.form": "d"})
    {'process.bpmn': 'c', 'forms/x.form': 'd'}
    """
    diagrams = [name for name in folder if name.endswith(".bpmn")]
    placed: dict[str, str | None] = {}
    for name, text in files.items():
        same = [known for known in folder if PurePosixPath(known).name == PurePosixPath(name).name]
        if name in folder:
            place = name
        elif len(same) == 1:
            place = same[0]
        elif name.endswith(".bpmn") and len(diagrams) == 1 and diagrams[0] not in placed:
            place = diagrams[0]
        else:
            place = name
        placed[place] = text
    return placed


def _whole(folder: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str | None]:
    return {name: files.get(name) for name in {*folder, *files}}


def as_folder(files: Mapping[str, str], title: str = "") -> dict[str, str]:
    r"""The folder of a process that is new here, around files without a manifest: the id is the diagram's own.

    >>> files = as_folder({"My process.bpmn": "<x/>"}, "Land")
    >>> sorted(files), files["manifest.toml"]
    (['manifest.toml', 'process.bpmn'], 'id = ""\ntitle = "Land"\n')
    """
    diagrams = [name for name in files if name.endswith(".bpmn")]
    if MANIFEST in files or not diagrams:
        return dict(files)
    main = DIAGRAM if DIAGRAM in files else diagrams[0] if len(diagrams) == 1 else ""
    folder = {DIAGRAM if name == main else name: text for name, text in files.items()}
    process, named = told_by(apply_repairs(folder))  # an id that cannot stay as it is will be repaired
    words = " ".join((title or named or PurePosixPath(diagrams[0]).stem).split())[:TITLE]
    manifest = f"id = {_quoted(process)}\ntitle = {_quoted(words)}\n"
    return {MANIFEST: manifest, **folder}


def _quoted(text: str) -> str:
    """A TOML string; a character that XML allows and TOML escapes is escaped as in JSON."""
    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
