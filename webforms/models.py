"""The library of processes: versions in force, drafts, how to begin one, and folders to take along."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import engine
from webforms import rehearsals
from webforms.auth import me
from webforms.blank_model import ID, blank_model
from webforms.database import carry_out, reading
from webforms.i18n import translated
from webforms.lights import Light
from webforms.security import allow
from webforms.uploads import DOWNLOAD_POLICY
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

STATES = {
    "open": _l("In work"),
    "submitted": _l("Waits for approval"),
    "approved": _l("Approved, waits for its day"),
    "published": _l("Is published"),
    "discarded": _l("Discarded"),
}
LEVELS = {"open": "blue", "submitted": "orange", "approved": "orange", "published": "green", "discarded": "none"}
UPLOADS = 400  # files of one upload
MADE = _l("The draft is made. Nothing changes for cases until it is published.")
blueprint = Blueprint("models", __name__, url_prefix="/models")


def init_app(app: Flask) -> None:
    """Install the pages."""
    rehearsals.init_app(app)
    app.register_blueprint(blueprint)


def state_light(state: str) -> Light:
    """What has become of a draft."""
    return Light(LEVELS[state], str(STATES[state]))


@blueprint.get("")
@allow("signed-in")
def index() -> str:
    """The processes with their version in force, and the drafts."""
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    rows = engine.drafts(reading(), me(), state=state)
    return render_template(
        "models/index.html",
        versions=engine.active_versions(reading(), me()),
        drafts=[(row, state_light(row.state)) for row in rows],
        state=state,
        states=[("", gettext("Current")), *((code, STATES[code]) for code in ("published", "discarded"))],
        draws=engine.draws_models(reading(), me()),
    )


@blueprint.get("/new")
@allow("signed-in")
def new() -> str:
    """How to begin a draft: from nothing, or from files."""
    if not engine.draws_models(reading(), me()):
        raise engine.NotFound
    return _new({})


def _new(problems: Mapping[str, str]) -> str:
    known = engine.directory(reading()).roles
    return render_template(
        "models/new.html",
        problems=problems,
        summary=[(f"f-{name}", words) for name, words in problems.items()],
        typed=request.form,
        roles=[(role.id, role.name) for role in known.values()],
    )


@blueprint.post("/new")
@allow("signed-in")
def begin() -> Any:
    """A draft from the smallest process that runs."""
    process, title = request.form.get("process", "").strip(), request.form.get("title", "").strip()
    role = request.form.get("role", "")
    problems = {}
    if not ID.fullmatch(process):
        problems["process"] = gettext(
            "Lower-case letters, digits and _, beginning with a letter, at most 40 characters."
        )
    elif any(row.process == process for row in engine.active_versions(reading(), me())):
        problems["process"] = gettext("There is a process with this id; begin from its version.")
    if not title:
        problems["title"] = gettext("Enter a title.")
    if role not in engine.directory(reading()).roles:
        problems["role"] = gettext("Choose a role.")
    if problems:
        return _new(problems), 422
    return _made(files=blank_model(process, title, role), title=title)


@blueprint.post("/upload")
@allow("signed-in")
def upload() -> Any:
    """A draft from a zip or from several files."""
    try:
        files = engine.unpack(taken_in())
        title = request.form.get("name", "").strip()
        draft_id = carry_out(engine.draft_of_files, actor=me(), files=files, title=title)
    except engine.BundleRefused as error:
        return _new({"files": translated(error.code, str(error), error.params)}), 422
    flash(MADE, "success")
    page = "repairs" if engine.proposed_repairs(files) else "publish"
    return redirect(url_for(f"models_{page}.show", draft_id=draft_id), 303)


def taken_in() -> list[tuple[str, bytes]]:
    """Name and content of what was sent; how much that may be says the application's limit.

    What was dropped as a folder says its places apart, in the order of the files: a file's own name has no folders.
    """
    found = [part for part in request.files.getlist("files") if part.filename][: UPLOADS + 1]
    names = [part.filename or "" for part in found]
    paths = request.form.getlist("path")
    named = zip(paths if len(paths) == len(found) else names, found, strict=True)
    return [(name, part.stream.read()) for name, part in named]


@blueprint.post("/versions/<int:version_id>/draft")
@allow("signed-in")
def begin_from_version(version_id: int) -> AnyResponse:
    """A draft from a version."""
    return _made(version_id=version_id)


@blueprint.post("/<int:draft_id>/copy")
@allow("signed-in")
def copy(draft_id: int) -> AnyResponse:
    """A draft from another one."""
    source = engine.draft(reading(), draft_id, me())
    return _made(copy_of=draft_id, title=gettext("%(title)s (copy)", title=source.row.title))


def _made(**arguments: Any) -> AnyResponse:
    draft_id = carry_out(engine.create_draft, actor=me(), **arguments)
    flash(MADE, "success")
    return redirect(url_for("models_publish.show", draft_id=draft_id), 303)


@blueprint.get("/versions/<int:version_id>")
@allow("signed-in")
def version(version_id: int) -> str:
    """A version: why it was published, its files, and the other versions of the process."""
    row, files = engine.version_files(reading(), version_id, me())
    return render_template(
        "models/version.html",
        row=row,
        files=sorted(files),
        others=engine.versions(reading(), row.process, me()),
        draws=engine.draws_models(reading(), me()),
    )


@blueprint.get("/versions/<int:version_id>/picture.svg")
@allow("signed-in")
def version_picture(version_id: int) -> Response:
    """A small picture of a version."""
    return _picture(engine.version_files(reading(), version_id, me())[1])


@blueprint.get("/<int:draft_id>/picture.svg")
@allow("signed-in")
def draft_picture(draft_id: int) -> Response:
    """A small picture of a draft."""
    return _picture(engine.draft(reading(), draft_id, me()).files)


@blueprint.get("/versions/<int:version_id>/folder.zip")
@allow("signed-in")
def version_folder(version_id: int) -> Response:
    """The folder of a version."""
    row, files = engine.version_files(reading(), version_id, me())
    return _folder(files, row.process, f"{row.process}-{row.digest[:8]}")


@blueprint.get("/<int:draft_id>/folder.zip")
@allow("signed-in")
def draft_folder(draft_id: int) -> Response:
    """The folder of a draft."""
    found = engine.draft(reading(), draft_id, me())
    process = found.row.process if ID.fullmatch(found.row.process) else "process"
    return _folder(found.files, process, f"{process}-draft-{draft_id}")


def _picture(files: Mapping[str, str]) -> Response:
    answer = current_app.response_class(engine.thumbnail(files), mimetype="image/svg+xml")
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer


def _folder(files: Mapping[str, str], process: str, name: str) -> Response:
    answer = current_app.response_class(engine.pack(files, process), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer
