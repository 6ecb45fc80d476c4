"""Models handed in by tools: some files of a folder, merged into a draft of their process."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.deployment import newest_version
from engine.model import ModelDraft
from engine.model_drafts import create_draft, require_drawing, told_by, write_draft_files

MANIFEST = "manifest.toml"


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
    version = newest_version(session, process)
    if version is None:
        made = create_draft(session, files=_with_manifest(files, process, title), title=title, actor=actor, now=now)
        return made, 1
    made = create_draft(session, version_id=version.id, title=title, actor=actor, now=now)
    before = version.files | version.scenarios
    placed = _whole(before, files) if whole else placed_in(before, files)
    return made, write_draft_files(session, made, placed, revision=1, actor=actor, now=now)


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


def _with_manifest(files: Mapping[str, str], process: str, title: str) -> dict[str, str]:
    if MANIFEST in files:
        return dict(files)
    words = " ".join(title.split()).replace("\\", "").replace('"', "")
    return {MANIFEST: f'id = "{process}"\ntitle = "{words}"\n', **files}
