"""Two versions of a process beside each other: coloured diagrams, and every change in words, to be put in the file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import reading
from webforms.i18n import bracketed, listed, moment, translated
from webforms.security import allow
from webforms.words import gettext

NOTHING = ""
NUMBER = 9  # digits
SETTING = re.compile(r"([\w./]+)(: | = )(.*)")
blueprint = Blueprint("models_compare", __name__, url_prefix="/models")


@dataclass(frozen=True)
class Side:
    """One of the two: a version, a draft, or nothing for what is new. `mark` is how the address names it."""

    mark: str
    process: str
    title: str
    name: str
    about: str
    files: Mapping[str, str]
    page: str
    sources: str  # where the texts of its files are


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/<int:draft_id>/compare")
@allow("signed-in")
def draft(draft_id: int) -> Response:
    """A draft beside the version it began from."""
    row = engine.draft(reading(), draft_id, me()).row
    base = f"v{row.base_id}" if row.base_id is not None else NOTHING
    return redirect(url_for("models_compare.show", a=base, b=f"d{draft_id}"), 302)


@blueprint.get("/compare")
@allow("signed-in")
def show() -> str:
    """What changes from a to b: `a` and `b` are v and the number of a version, or d and the number of a draft."""
    before, after = _side(request.args.get("a", "")), _side(request.args.get("b", ""))
    if before.mark == after.mark == NOTHING:
        raise engine.NotFound
    changes = engine.compare(before.files, after.files)
    shown = after if after.mark else before
    return render_template(
        "models/compare.html",
        before=before,
        after=after,
        shown=shown,
        groups=[(name, [_row(one) for one in found]) for name, found in groupby(changes, lambda one: one.file)],
        total=len(changes),
        diagrams=_diagrams(before, after, changes),
        choices=_choices(shown.process, (before, after)),
        kinds=kinds(),
    )


def _side(mark: str) -> Side:
    """Raises NotFound."""
    kind, number = mark[:1], mark[1:]
    if not mark:
        if not engine.sees_models(reading(), me()):
            raise engine.NotFound
        return Side("", "", "", gettext("nothing: the process is new"), "", {}, "", "")
    if kind not in {"v", "d"} or not (number.isascii() and number.isdigit() and len(number) <= NUMBER):
        raise engine.NotFound
    if kind == "v":
        row, files = engine.version_files(reading(), int(number), me())
        name = gettext("version %(number)s", number=row.id)
        about = f"{moment(row.deployed_at)} · {row.approved_by or row.deployed_by} · {row.digest[:8]}"
        address = url_for("models.version", version_id=row.id)
        return Side(f"v{row.id}", row.process, row.title, name, about, files, address, address + "/source/")
    found = engine.draft(reading(), int(number), me())
    line = found.row
    about = f"{moment(line.saved_at)} · {line.saved_name} · " + gettext("revision %(number)s", number=line.revision)
    address = url_for("models_publish.show", draft_id=line.id)
    name = gettext("draft %(number)s", number=line.id)
    return Side(f"d{line.id}", line.process, line.title, name, about, found.files, address, address + "/source/")


def _choices(process: str, sides: Sequence[Side]) -> list[tuple[str, str]]:
    """What the two can be chosen from: drafts and versions of the process, and what is shown now."""
    found = {f"d{row.id}": _draft_words(row) for row in engine.drafts(reading(), me(), process=process) if process}
    for version in engine.versions(reading(), process, me()) if process else ():
        words = gettext("version %(number)s", number=version.id)
        found[f"v{version.id}"] = words + bracketed(moment(version.deployed_at))
    for side in sides:
        found.setdefault(side.mark, side.name)
    return list(found.items())


def _draft_words(row: engine.DraftRow) -> str:
    return gettext("draft %(number)s", number=row.id) + (bracketed(row.title) if row.title else "")


def kinds() -> dict[str, str]:
    """The kinds of change in words."""
    return {kind: translated(f"change-kind-{kind}", kind) for kind in ("added", "removed", "changed", "moved")}


def _row(change: engine.Change) -> dict[str, Any]:
    texts = {"before": change.before, "after": change.after}
    if change.part == "role":
        texts = {side: _roles(text) for side, text in texts.items()}
    elif change.part == "kind" or change.kind in {"added", "removed"}:
        texts = {side: "\n".join(_said(line) for line in text.split("\n")) for side, text in texts.items()}
    return {"change": change, "said": in_words(change), "place": place(change), **texts}


def _said(line: str) -> str:
    """A line of what is added or removed: the kind of an element, or a setting and its value, by its name."""
    found = SETTING.fullmatch(line)
    if found is None:
        return translated(f"element-kind-{line}", line)
    key, sign, value = found.groups()
    return f"{translated(f'change-key-{key}', key)}{sign}{translated(f'element-kind-{value}', value)}"


def _roles(text: str) -> str:
    """Roles by their names; an expression stays what it is."""
    known = engine.directory(reading()).roles
    names = [one.strip() for one in text.split(",")]
    return listed(known[one].name for one in names) if all(one in known for one in names) else text


def in_words(change: engine.Change) -> str:
    """The change as a sentence in the language of the page."""
    key = translated(f"change-key-{change.key}", change.key)
    what = translated(f"change-part-{change.part}", "", {"key": key})
    return translated(f"change-{change.kind}", change.message, {"what": what})


def place(change: engine.Change) -> str:
    """Where it is, for people."""
    if change.part == "lines":
        old, _, new = change.element.partition(":")
        return gettext("line %(number)s", number=old if change.kind == "removed" else new)
    return change.place


def marks_of(name: str, changes: Sequence[engine.Change]) -> dict[str, str]:
    """What of a diagram is marked how: element -> kind of change."""
    marks: dict[str, str] = {}
    for one in changes:
        if one.file == name and one.element and one.part != "lines":
            marks.setdefault(one.element, one.kind if one.part in {"element", "flow"} else "changed")
            if one.part == "scope":
                marks[one.element] = "moved"
    return marks


def _diagrams(before: Side, after: Side, changes: Sequence[engine.Change]) -> list[dict[str, Any]]:
    """The pictures of every diagram with changes: on each side what is marked how."""
    found = []
    for name in dict.fromkeys(one.file for one in changes if one.file.endswith(".bpmn")):
        marks = marks_of(name, changes)
        sides = []
        for side, gone in ((before, "added"), (after, "removed")):
            kept = {element: kind for element, kind in marks.items() if kind != gone}
            sides.append({"side": side, "has": name in side.files, "marks": kept})
        found.append({"name": name, "sides": sides})
    return found
