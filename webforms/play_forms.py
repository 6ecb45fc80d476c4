"""The forms of a play: how the case is opened, a task handed in, an event reported; with the real questions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

import engine
from webforms.directory import directory
from webforms.fields import Options, view
from webforms.i18n import translated
from webforms.play_answers import sample, tidied, typed, with_samples
from webforms.play_stage import Stage, cannot_run, make, on_stage
from webforms.rows import rows_changed
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("play_forms", __name__, url_prefix="/models/<int:draft_id>/play/<int:play_id>")
blueprint.register_error_handler(engine.InvalidDefinition, cannot_run)


@dataclass(frozen=True)
class Asked:
    """A form that somebody fills in: who, what is known, and where choices come from."""

    kind: str  # start | do | raise
    name: str
    of: str
    title: str
    who: engine.Actor
    role: str
    form: engine.Form
    facts: Mapping[str, Any]
    options: Options
    documentation: str = ""
    law: str = ""


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("/start", methods=["GET", "POST"])
@allow("signed-in")
def start(draft_id: int, play_id: int) -> Any:
    """The form that opens the case."""
    return _answer(draft_id, play_id, "start", "")


@blueprint.route("/do/<name>", methods=["GET", "POST"])
@allow("signed-in")
def do(draft_id: int, play_id: int, name: str) -> Any:
    """The form of an open task, by its element."""
    return _answer(draft_id, play_id, "do", name)


@blueprint.route("/raise/<name>", methods=["GET", "POST"])
@allow("signed-in")
def report(draft_id: int, play_id: int, name: str) -> Any:
    """The form by which something is reported."""
    return _answer(draft_id, play_id, "raise", name)


def _answer(draft_id: int, play_id: int, kind: str, name: str) -> Any:
    """Show the form, draw it again, or hand it in: what is refused there is shown here as in a task."""
    failure: engine.EngineError | None = None
    try:
        with on_stage(draft_id, play_id) as stage:
            asked = _asked(stage, kind, name)
            if request.method == "GET":
                return _page(stage, asked, _example(stage, asked))
            answers = typed()
            changed = rows_changed(asked.form, answers, request.form)
            if changed is not None:
                return _page(stage, asked, changed)
            told = _told(stage, asked, answers)
            problems = make(stage, {"kind": kind, "name": name, "of": asked.of, "answers": told})
            if not problems:
                begun = gettext("The made-up case is open.")
                flash(begun if kind == "start" else gettext("“%(name)s” is done.", name=asked.title), "success")
                return redirect(url_for("plays.show", **stage.place, of=asked.of or None), 303)
    except engine.PlayChanged:
        flash(gettext("The play has gone on in another window. This is how it stands now."), "warning")
        return redirect(url_for("plays.show", draft_id=draft_id, play_id=play_id), 303)
    except engine.InvalidAnswers as error:
        problems = error.problems
    except engine.NotFound:
        raise
    except engine.EngineError as error:
        problems, failure = {}, error
    with on_stage(draft_id, play_id) as stage:  # as it was before, or with the refused move
        return _page(stage, _asked(stage, kind, name), typed(), problems, failure), 422


def _told(stage: Stage, asked: Asked, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as a scenario says them."""
    if "_samples" in request.form:
        drawn = view(asked.form, answers, {}, asked.options, asked.facts, files=sample, now=stage.play.now)
        answers = with_samples(drawn, answers)
    clean = tidied(asked.form, answers, asked.facts, asked.options, stage.play.now)
    return stage.play.as_told(asked.form, clean)


def _asked(stage: Stage, kind: str, name: str) -> Asked:
    """Raises NotFound where nothing is asked (any more)."""
    play, of = stage.play, request.args.get("of", "")
    if (kind == "start") == (play.case_id is not None) or play.stuck is not None:
        raise engine.NotFound
    try:
        if kind == "do":
            return _task(stage, name, of)
        who = play.opener if kind == "start" else play.reporter(name, of)
        case_id = None if kind == "start" else play.cases()[of].case_id
        with stage.reading() as session:
            if case_id is None:
                page = engine.start_page(session, play.definition.process, who, office=str(stage.row.setup["office"]))
            else:
                page = engine.event_page(session, case_id, name, who, now=play.now)
    except (engine.MoveImpossible, engine.CaseChanged, engine.NotAllowed, LookupError) as error:
        raise engine.NotFound from error

    def offered(session: Session) -> Options:
        return engine.options_for(session, directory(), page.office, who, now=play.now, facts=page.answers)

    options = _asking(stage, offered)
    return Asked(kind, name, of, page.name, who, _role(who), page.form, page.answers, options, page.documentation)


def _task(stage: Stage, name: str, of: str) -> Asked:
    seen, who = stage.play.doer(name, of)
    now = stage.play.now
    with stage.reading() as session:
        page = engine.task_page(session, seen.id, who, now=now)
    options = _asking(stage, lambda session: engine.task_options(session, seen.id, who, now=now))
    return Asked(
        "do", name, of, page.name or name, who, page.role_name, page.form, page.answers, options, page.documentation,
        page.law,
    )  # fmt: skip


def _role(who: engine.Actor) -> str:
    return next((directory().role_name(role) for role, _ in sorted(who.roles)), "")


def _asking(stage: Stage, source: Callable[[Session], Options]) -> Options:
    """Choices from the house in memory, each asked for once."""
    known: dict[str, Sequence[engine.Option]] = {}

    def options(key: str) -> Sequence[engine.Option]:
        if key not in known:
            with stage.reading() as session:
                known[key] = source(session)(key)
        return known[key]

    return options


def _example(stage: Stage, asked: Asked) -> dict[str, Any]:
    """How a scenario that was chosen answers here."""
    chosen = request.args.get("like", "")
    _, answers = stage.play.examples(asked.kind, asked.name).get(chosen, ("", {}))
    return answers


def _page(
    stage: Stage,
    asked: Asked,
    answers: Mapping[str, Any],
    problems: Mapping[str, engine.Problem] = {},
    failure: engine.EngineError | None = None,
) -> str:
    examples = {key: title for key, (title, _) in stage.play.examples(asked.kind, asked.name).items()}
    drawn = view(asked.form, answers, problems, asked.options, asked.facts, files=sample, now=stage.play.now)
    return render_template(
        "models/play_form.html",
        stage=stage,
        asked=asked,
        form=drawn,
        examples=examples,
        samples=request.method == "GET" or "_samples" in request.form,
        like=request.args.get("like", ""),
        failure=failure,
        failed=failure and translated(failure.code, str(failure), failure.params),
    )
