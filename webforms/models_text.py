"""A file of a draft as text: what works everywhere, and where two texts are merged when two people saved."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.database import carry_out, reading
from webforms.i18n import translated
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("models_text", __name__, url_prefix="/models/<int:draft_id>/text")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/<path:name>")
@allow("signed-in")
def edit(draft_id: int, name: str) -> str:
    """The text, to read and to change; a file that is not there yet begins empty."""
    found = engine.draft(reading(), draft_id, me())
    if name not in found.files and not found.may_draw:
        raise engine.NotFound
    return _page(found, name, found.files.get(name, ""), found.row.revision)


def _page(
    found: engine.ModelFiles,
    name: str,
    text: str,
    revision: int,
    conflict: engine.DraftChanged | None = None,
    problem: str = "",
) -> str:
    return render_template(
        "models/text.html",
        found=found,
        name=name,
        text=text,
        revision=revision,
        conflict=conflict,
        saved_at=datetime.fromisoformat(conflict.params["at"]) if conflict is not None else None,
        problem=problem,
        writable=found.may_draw and found.row.state == "open",
    )


@blueprint.post("/<path:name>")
@allow("signed-in")
def save(draft_id: int, name: str) -> Any:
    """Save, or remove; what somebody else saved meanwhile is shown beside it and not overwritten."""
    text = request.form.get("text", "").replace("\r\n", "\n")
    revision = begun_from()
    new = None if "remove" in request.form else text
    try:
        carry_out(engine.write_draft_file, actor=me(), draft_id=draft_id, name=name, text=new, revision=revision)
    except engine.DraftChanged as error:
        return _page(engine.draft(reading(), draft_id, me()), name, text, error.revision, error), 409
    except engine.BundleRefused as error:
        found = engine.draft(reading(), draft_id, me())
        said = translated(error.code, str(error), error.params)
        return _page(found, name, text, revision, problem=said), 422
    flash(gettext("Removed.") if new is None else gettext("Saved."), "success")
    return redirect(url_for("models_publish.show", draft_id=draft_id), 303)


def begun_from() -> int:
    """The revision that what is sent was begun from; 0, which is before all others, where none is said."""
    number = request.form.get("revision", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < len("1000000000") else 0


@blueprint.post("")
@allow("signed-in")
def begin(draft_id: int) -> Any:
    """A new file: its page, where it begins empty."""
    engine.draft(reading(), draft_id, me())
    name = request.form.get("name", "").strip()
    if not name:
        return redirect(url_for("models_publish.show", draft_id=draft_id), 303)
    return redirect(url_for("models_text.edit", draft_id=draft_id, name=name), 303)
