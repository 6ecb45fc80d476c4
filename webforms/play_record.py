"""A play is recorded as a scenario of the draft: its steps, and what of what was seen is to hold from now on."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for

import engine
from webforms import play_view
from webforms.auth import me
from webforms.database import carry_out
from webforms.i18n import listed, translated
from webforms.play_stage import Stage, cannot_run, on_stage, plays
from webforms.security import allow
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
EXPECTED = {
    "open": _l("Open steps"),
    "stage": _l("Stage"),
    "status": _l("State"),
    "outcome": _l("Outcome"),
    "projected": _l("Provisional time limits"),
    "papers": _l("Papers"),
    "linked": _l("Linked cases"),
    "incidents": _l("Incidents"),
}
blueprint = Blueprint("play_record", __name__, url_prefix="/models/<int:draft_id>/play/<int:play_id>/record")
blueprint.register_error_handler(engine.InvalidDefinition, cannot_run)


def init_app(app: Flask) -> None:
    """Install the page."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def show(draft_id: int, play_id: int) -> str:
    """Name and title, and every step with what could be expected after it."""
    with on_stage(draft_id, play_id) as stage:
        return _page(stage, {})


@blueprint.post("")
@allow("signed-in")
def record(draft_id: int, play_id: int) -> Any:
    """Write the scenario; a file that is there is not overwritten."""
    name, title = request.form.get("name", "").strip(), request.form.get("title", "").strip()
    with on_stage(draft_id, play_id) as stage:
        if request.form.get("_revision") != str(stage.row.revision):
            flash(gettext("The play has gone on in another window. This is how it stands now."), "warning")
            return redirect(url_for("play_record.show", **stage.place), 303)
        problems = _problems(stage, name, title)
        if problems:
            return _page(stage, problems), 422
        left_out = frozenset(_offered(stage) - set(request.form.getlist("keep")))
        text = plays().text(stage.play, name, title, left_out)
        try:
            carry_out(
                engine.write_draft_file,
                actor=me(),
                draft_id=draft_id,
                name=f"scenarios/{name}.toml",
                text=text,
                revision=stage.draft.row.revision,
            )
        except engine.NotFound:
            raise
        except engine.EngineError as error:
            return _page(stage, {"name": translated(error.code, str(error), error.params)}), 422
    flash(gettext("The scenario “%(title)s” is in the draft.", title=title), "success")
    return redirect(url_for("scenario_pages.show", draft_id=draft_id, name=name), 303)


def _problems(stage: Stage, name: str, title: str) -> dict[str, str]:
    problems = {}
    if not NAME.fullmatch(name):
        problems["name"] = gettext("Lower-case letters, digits and _, beginning with a letter, at most 60 characters.")
    elif f"scenarios/{name}.toml" in stage.draft.files:
        problems["name"] = gettext("There is a scenario of this name; choose another one.")
    if not title or len(title) > 120:  # noqa: PLR2004 as everywhere
        problems["title"] = gettext("Enter a title.")
    return problems


def _page(stage: Stage, problems: Mapping[str, str]) -> str:
    if stage.play.stuck is not None or not stage.play.moves:
        raise engine.NotFound
    chosen = set(request.form.getlist("keep")) if request.method == "POST" else _offered(stage)
    return render_template(
        "models/play_record.html",
        stage=stage,
        problems=problems,
        summary=[(f"f-{name}", words) for name, words in problems.items()],
        typed=request.form,
        steps=_steps(stage),
        chosen=chosen,
    )


def _steps(stage: Stage) -> list[dict[str, Any]]:
    """Every move in words, with the places in the form of what could be expected after it."""
    made, words = stage.play.moves, _words(stage)
    return [
        {
            "number": number,
            "words": line["words"],
            "optional": bool(move.get("refused")),
            "expected": [(f"{number}.{key}", label, words(value)) for key, label, value in _lines(stage, number)],
        }
        for number, (move, line) in enumerate(zip(made, play_view.moves(stage), strict=False))
    ]


def _offered(stage: Stage) -> set[str]:
    """Everything that can be left out."""
    moves = {str(number) for number, move in enumerate(stage.play.moves) if move.get("refused")}
    return moves | {f"{n}.{key}" for n in range(len(stage.play.moves)) for key, _, _ in _lines(stage, n)}


def _lines(stage: Stage, number: int) -> list[tuple[str, str, Any]]:
    """What could be expected after a move: key, words for it, value; time limits one by one."""
    expect = stage.play.expects[number]
    found = [(key, str(EXPECTED.get(key, key)), value) for key, value in expect.items() if key != "deadlines"]
    declared = stage.play.definition.manifest.get("deadlines", {})
    return found + [
        (f"deadlines.{name}", str(declared.get(name, {}).get("label", name)), value)
        for name, value in expect.get("deadlines", {}).items()
    ]


def _words(stage: Stage) -> Any:
    names = play_view.names_of(stage.play.definition)

    def words(value: Any) -> str:
        if isinstance(value, list):
            return listed(str(names.get(one, one)) for one in value) or gettext("none")
        return names.get(str(value), str(value))

    return words
