"""Trying a draft out: begin a play, see where it stands, move the clock, take a move back."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

import engine
from webforms import play_view
from webforms.auth import me
from webforms.database import carry_out, reading
from webforms.directory import directory, offices
from webforms.i18n import OFFICE_ZONE, translated
from webforms.play_stage import Stage, cannot_run, keep, make, on_stage, plays, require_newest, today
from webforms.security import allow
from webforms.words import gettext

DAYS = 3650  # how far a clock may go in one jump
NUMBER = re.compile(r"[0-9]{1,4}")
blueprint = Blueprint("plays", __name__, url_prefix="/models/<int:draft_id>/play")
blueprint.register_error_handler(engine.InvalidDefinition, cannot_run)


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def index(draft_id: int) -> Any:
    """The plays of the draft, and how to begin one."""
    return _index(draft_id, {})


def _index(draft_id: int, problems: Mapping[str, str]) -> Any:
    draft = engine.draft(reading(), draft_id, me())
    plays()
    try:
        definition = engine.define(draft.files)
    except engine.InvalidDefinition as error:
        return cannot_run(error)
    entries = [
        (f"by:{role}", gettext("by %(role)s", role=directory().role_name(role))) for role in definition.start_roles
    ]
    entries += [(f"open:{one.id}", gettext("by the calendar: %(entry)s", entry=one.id)) for one in definition.calendar]
    return render_template(
        "models/play_new.html",
        draft=draft,
        rows=[(row, len(row.moves)) for row in engine.plays(reading(), draft_id, me())],
        entries=entries,
        offices=offices(),
        problems=problems,
        typed=request.form,
        at=today(),
    )


@blueprint.post("")
@allow("signed-in")
def begin(draft_id: int) -> Any:
    """Begin a play; a case that the calendar opens is open at once."""
    draft = engine.draft(reading(), draft_id, me())
    plays()
    kind, _, entry = request.form.get("entry", "").partition(":")
    office, at = request.form.get("office", ""), _moment(request.form.get("at", ""))
    problems = {}
    if kind not in {"by", "open"} or not entry or len(entry) > 80:  # noqa: PLR2004 as ids are
        problems["entry"] = gettext("Choose how the case begins.")
    if office not in directory().offices:
        problems["office"] = gettext("Choose an office.")
    if at is None:
        problems["at"] = gettext("Enter a day and a time.")
    if problems or at is None:
        return _index(draft_id, problems), 422
    process, _ = engine.told_by(draft.files)
    setup = {"process": process, "office": office, "at": at.isoformat(), kind: entry}
    digest = engine.behaviour_digest(draft.files)
    play_id = carry_out(engine.begin_play, actor=me(), draft_id=draft_id, setup=setup, digest=digest)
    if kind == "by":
        return redirect(url_for("play_forms.start", draft_id=draft_id, play_id=play_id), 303)
    with on_stage(draft_id, play_id) as stage:
        opening: list[Mapping[str, Any]] = [{"kind": "start", "answers": {}}]
        keep(stage, opening)
    return redirect(url_for("plays.show", draft_id=draft_id, play_id=play_id), 303)


@blueprint.get("/<int:play_id>")
@allow("signed-in")
def show(draft_id: int, play_id: int) -> Any:
    """Where the play stands."""
    with on_stage(draft_id, play_id) as stage:
        play = stage.play
        if play.case_id is None and play.stuck is None:
            return redirect(url_for("play_forms.start", **stage.place), 303)
        cases = play.cases()
        of = request.args.get("of", "")
        of = of if of in cases else ""
        return render_template(
            "models/play.html",
            stage=stage,
            setup=stage.row.setup,
            stuck=play.stuck and translated(play.stuck.code, str(play.stuck), play.stuck.params),
            stuck_element=getattr(play.stuck, "element", None),
            made=len(play.moves),
            moves=play_view.moves(stage),
            clock=play.now,
            next_due=play.next_due() if cases else None,
            case=play_view.case_view(stage, of) if cases else None,
            others=_others(stage, of),
            happened=play_view.happened(stage),
            sent=play_view.sent(stage),
            changed=stage.row.digest != engine.behaviour_digest(stage.draft.files),
        )


def _others(stage: Stage, of: str) -> list[dict[str, Any]]:
    """The cases of the play, to go from one to the other."""
    cases = stage.play.cases()
    if len(cases) < 2:  # noqa: PLR2004 no choice
        return []
    with stage.reading() as session:
        pages = {key: engine.case_page(session, seen.case_id, engine.SYSTEM, now=stage.play.now)
                 for key, seen in cases.items()}  # fmt: skip
    return [
        {"of": key, "title": page.row.process_title, "tasks": len(page.tasks), "current": key == of}
        for key, page in pages.items()
    ]


@blueprint.post("/<int:play_id>/wait")
@allow("signed-in")
def wait(draft_id: int, play_id: int) -> AnyResponse:
    """Let the clock go on: to what is due next, or to a moment."""

    def until(stage: Stage) -> datetime | None:
        return stage.play.next_due() if "next" in request.form else _moment(request.form.get("until", ""))

    try:
        with on_stage(draft_id, play_id) as stage:
            moment = until(stage)
            if moment is None or stage.play.case_id is None:
                flash(gettext("Enter a day and a time."), "error")
            elif not stage.play.now < moment <= stage.play.now + timedelta(days=DAYS):
                flash(gettext("The clock only goes on, by ten years at most."), "error")
            else:
                make(stage, {"kind": "wait", "until": moment.astimezone(engine.OFFICE).isoformat()})
    except engine.EngineError as error:
        _tell(error)
    return _back(draft_id, play_id)


@blueprint.post("/<int:play_id>/back")
@allow("signed-in")
def back(draft_id: int, play_id: int) -> AnyResponse:
    """Take moves back: the last one, or all after the first `keep`."""
    row = engine.play(reading(), draft_id, play_id, me())
    number = request.form.get("keep", "")
    kept = int(number) if NUMBER.fullmatch(number) else len(row.moves) - 1
    try:
        with on_stage(draft_id, play_id) as stage:
            require_newest(stage)
            keep(stage, list(stage.row.moves[: max(kept, 0)]))
    except engine.EngineError as error:
        _tell(error)
    return _back(draft_id, play_id)


@blueprint.post("/<int:play_id>/discard")
@allow("signed-in")
def discard(draft_id: int, play_id: int) -> AnyResponse:
    """Forget the play."""
    carry_out(engine.discard_play, actor=me(), draft_id=draft_id, play_id=play_id)
    flash(gettext("The play is removed."), "success")
    return redirect(url_for("plays.index", draft_id=draft_id), 303)


@blueprint.get("/<int:play_id>/diagram.bpmn")
@allow("signed-in")
def source(draft_id: int, play_id: int) -> Response:
    """The model a case of the play runs on."""
    with on_stage(draft_id, play_id) as stage:
        seen = stage.play.cases().get(request.args.get("of", ""))
        if seen is None:
            raise engine.NotFound
        with stage.reading() as session:
            picture = engine.diagram(session, seen.case_id, engine.SYSTEM, now=stage.play.now)
    return Response(picture.xml, mimetype="application/xml")


@blueprint.get("/<int:play_id>/paper")
@allow("signed-in")
def paper(draft_id: int, play_id: int) -> str:
    """A paper as it would be printed."""
    number = request.args.get("n", "")
    with on_stage(draft_id, play_id) as stage:
        seen = stage.play.cases().get(request.args.get("of", ""))
        if seen is None or not NUMBER.fullmatch(number) or int(number) >= len(seen.papers):
            raise engine.NotFound
        with stage.reading() as session:
            page = engine.case_page(session, seen.case_id, engine.SYSTEM, now=stage.play.now)
            sheet = engine.paper_page(session, page.papers[int(number)].id, engine.SYSTEM)
        back_to = url_for("plays.show", **stage.place, of=request.args.get("of") or None)
    # The body comes from the process's own template, rendered in a sandbox with autoescape.
    body = Markup(sheet.html)  # noqa: S704
    return render_template("papers/sheet.html", page=sheet, task_id=None, body=body, back_to=back_to)


def _tell(error: engine.EngineError) -> None:
    if isinstance(error, (engine.NotFound, engine.InvalidDefinition)):
        raise error
    flash(translated(error.code, str(error), error.params), "error")


def _back(draft_id: int, play_id: int) -> AnyResponse:
    of = request.form.get("_of") or None
    return redirect(url_for("plays.show", draft_id=draft_id, play_id=play_id, of=of), 303)


def _moment(text: str) -> datetime | None:
    """A moment of the office as a browser sends it."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=OFFICE_ZONE)).astimezone(engine.OFFICE)
    except (ValueError, OverflowError):
        return None
