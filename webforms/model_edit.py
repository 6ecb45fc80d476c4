"""The editors of a draft's files: diagram, decision tables, form, and plain text. What is typed saves by itself."""

from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template, request
from werkzeug.wrappers import Response as AnyResponse

import engine
from webforms import model_pages
from webforms.auth import me
from webforms.database import carry_out, now, reading
from webforms.element_templates import element_templates
from webforms.finding_words import said
from webforms.i18n import clock_time, translated
from webforms.model_pages import Opened, in_text, opened, steps, styled, trial
from webforms.security import allow
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("model_edit", __name__, url_prefix="/models/<int:draft_id>")
PICKED = ("roles", "forms", "decisions", "deadlines", "papers", "stages", "outcomes", "columns")
LEVELS = {"semantics": _l("error"), "house": _l("before publishing"), "warning": _l("advice")}
WORDS = {
    "changed": _l("Not saved yet"),
    "saving": _l("Saving…"),
    "saved": _l("Saved"),
    "failed": _l("Not saved; trying again"),
    "signed_out": _l("Not saved: please sign in again in another window"),
    "none": _l("Nothing to correct."),
    "declare": _l("Add it to the facts"),
    "role": _l("Role"),
    "form": _l("Form"),
    "decision": _l("Decision"),
    "deadline": _l("Legal time limit"),
    "paper": _l("Document"),
    "due": _l("To be done within"),
    "timer": _l("Timer"),
    "whom": _l("Tell whom"),
    "say": _l("Tell what"),
    "payload": _l("Content (FEEL)"),
    "law": _l("Legal basis"),
    "choose": _l("Please choose"),
    "unknown": _l("not in this folder"),
    "open": _l("Open the form"),
    "decided": _l("Decided in the table {table}, column {column}"),
    "nothing": _l("Choose an element of the diagram."),
    "plain": _l("This element has only the properties below."),
}


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/edit/<path:name>")
@allow("signed-in")
def edit(draft_id: int, name: str) -> str | AnyResponse:
    """The editor of the file; the same page only shows it where it may not be changed (now)."""
    draft = engine.draft(reading(), draft_id, me())
    file = _file(draft, name)
    if not draft.may_draw or draft.row.state != "open":
        return _shown(draft, file)
    common = {
        "file": file,
        "draft": draft,
        "over": gettext("%(title)s · draft", title=draft.row.title),
        "words": {key: str(words) for key, words in WORDS.items()},
    }
    if file.kind == "bpmn":
        choices = engine.model_choices(reading(), file.files)
        picked = {key: getattr(choices, key) for key in PICKED}
        return styled(render_template("models/edit_bpmn.html", **common, choices=picked))
    if file.kind == "dmn":
        return styled(render_template("models/edit_dmn.html", **common, trial=trial(file), in_text=in_text))
    if file.kind == "form":
        return styled(render_template("models/edit_form.html", **common))
    return render_template("models/edit_text.html", **common)


@blueprint.get("/source/<path:name>")
@allow("signed-in")
def source(draft_id: int, name: str) -> Response:
    """The text of the file as it is saved."""
    return model_pages.source(_file(engine.draft(reading(), draft_id, me()), name))


@blueprint.route("/preview/<path:name>", methods=["GET", "POST"])
@allow("signed-in")
def preview(draft_id: int, name: str) -> str | Response:
    """A form of the draft with its conditions and lists; nothing typed here is kept."""
    file = _file(engine.draft(reading(), draft_id, me()), name)
    if file.kind != "form":
        raise engine.NotFound
    return model_pages.preview(file)


@blueprint.post("/save/<path:name>")
@allow("signed-in")
def save(draft_id: int, name: str) -> tuple[dict[str, Any], int]:
    """Save the text; 409 names who saved this file meanwhile, and the revision to save on top of theirs."""
    given = request.get_json(silent=True)
    text, revision = (given.get("text"), given.get("revision")) if isinstance(given, dict) else (None, None)
    if not isinstance(text, str) or not isinstance(revision, int):
        return {"message": gettext("What you sent does not fit here.")}, 400
    try:
        saved = carry_out(
            engine.write_draft_file, actor=me(), draft_id=draft_id, name=name, text=text, revision=revision
        )
    except engine.DraftChanged as error:
        who = str(error.params.get("who", ""))
        return {"who": who, "revision": error.revision, "removed": error.theirs is None}, 409
    except engine.NotFound as error:
        return {"message": translated(error.code, str(error), error.params)}, 404
    except engine.EngineError as error:
        return {"message": translated(error.code, str(error), error.params)}, 422
    return {"revision": saved, "at": clock_time(now())}, 200


@blueprint.get("/findings.json")
@allow("signed-in")
def findings(draft_id: int) -> Response:
    """What the checks say of the whole folder, as saved."""
    found, _ = engine.draft_checks(reading(), draft_id, me())
    names = engine.element_names(engine.draft(reading(), draft_id, me()).files) if found else {}
    return jsonify([{**_told(finding), "name": names.get(finding.element or "", "")} for finding in found])


@blueprint.post("/facts")
@allow("signed-in")
def declare(draft_id: int) -> dict[str, int]:
    """What forms ask for is declared in the manifest."""
    return {"declared": carry_out(engine.declare_facts, actor=me(), draft_id=draft_id)}


@blueprint.get("/templates.json")
@allow("signed-in")
def templates(draft_id: int) -> Response:
    """The element templates with what this folder has to choose from."""
    draft = engine.draft(reading(), draft_id, me())
    return jsonify(element_templates(engine.model_choices(reading(), draft.files)))


def _told(finding: engine.Finding) -> dict[str, Any]:
    message, remedy = said(finding)
    return {
        "file": finding.file,
        "element": finding.element or "",
        "line": finding.line,
        "level": finding.level,
        "kind": str(LEVELS.get(finding.level, finding.level)),
        "message": message,
        "remedy": remedy,
        "declare": finding.rule == "undeclared-form-key",
    }


def _shown(draft: engine.ModelFiles, file: Opened) -> str | AnyResponse:
    over = gettext("%(title)s · draft, cannot be changed now", title=draft.row.title)
    if file.kind == "bpmn":
        return render_template("models/view_bpmn.html", file=file, over=over, steps=steps(file.files))
    if file.kind == "dmn":
        page = render_template("models/view_dmn.html", file=file, over=over, trial=trial(file), in_text=in_text)
        return styled(page)
    if file.kind == "form":
        return model_pages.preview(file)
    return render_template("models/view_text.html", file=file, over=over)


def _file(draft: engine.ModelFiles, name: str) -> Opened:
    return opened(draft.row.title, draft.files, name, f"/models/{draft.row.id}", "edit")
