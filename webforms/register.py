"""Opening a case by its start form, and reporting an event in a running one: both are a form that is handed in."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.directory import directory
from webforms.i18n import clock_time
from webforms.posts import Posted, Problems, drawn, new_key, save_draft
from webforms.security import allow
from webforms.words import gettext
from webforms.work import onward

blueprint = Blueprint("register", __name__)


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/cases/new")
@allow("signed-in")
def choose() -> str | Response:
    """Which procedure, for which office; no question where there is one answer only."""
    choices = engine.startable(reading(), me())
    if len(choices) == 1 and len(choices[0].offices) == 1:
        only = choices[0]
        return redirect(url_for("register.new", process=only.process, office=only.offices[0][0]), 303)
    return render_template("cases/choose.html", choices=choices)


@blueprint.get("/cases/new/<process>")
@allow("signed-in")
def new(process: str) -> str:
    """The start form, as it was left."""
    page = _start(process)
    return _page(page)


@blueprint.post("/cases/new/<process>")
@allow("signed-in")
def open_case(process: str) -> Any:
    """Open the case."""
    posted, page = Posted(), _start(process)
    draft_key = f"start:{process}"
    if (answer := _not_yet(page, posted, draft_key, request.full_path)) is not None:
        return answer
    try:
        done = posted.hand_in(engine.start_case, process=process, office=page.office)
    except engine.InvalidAnswers as error:
        save_draft(draft_key, posted.answers)
        return _page(page, posted.answers, error.problems, posted.key), 422
    return onward(done, gettext("The case is registered under %(number)s.", number=done.number))


@blueprint.post("/cases/new/<process>/draft")
@allow("signed-in")
def draft(process: str) -> str:
    """Autosave."""
    posted = Posted()
    _start(process)
    save_draft(f"start:{process}", posted.answers)
    return gettext("Saved at %(time)s", time=clock_time(now()))


@blueprint.get("/cases/<uuid:case_id>/events/<name>")
@allow("signed-in")
def event(case_id: UUID, name: str) -> str:
    """The form by which something is reported."""
    page = engine.event_page(reading(), case_id, name, me(), now=now())
    return _page(page)


@blueprint.post("/cases/<uuid:case_id>/events/<name>")
@allow("signed-in")
def report(case_id: UUID, name: str) -> Any:
    """Report it; the procedure reacts at once."""
    posted = Posted()
    page = engine.event_page(reading(), case_id, name, me(), now=now())
    draft_key = f"event:{case_id}:{name}"
    if (answer := _not_yet(page, posted, draft_key, request.full_path)) is not None:
        return answer
    try:
        done = posted.hand_in(engine.raise_event, about=case_id, case_id=case_id, name=name)
    except engine.InvalidAnswers as error:
        save_draft(draft_key, posted.answers)
        return _page(page, posted.answers, error.problems, posted.key), 422
    flash(gettext("“%(name)s” is recorded.", name=page.name), "success")
    return redirect(url_for("cases.show", case_id=done.case_id), 303)


@blueprint.post("/cases/<uuid:case_id>/events/<name>/draft")
@allow("signed-in")
def event_draft(case_id: UUID, name: str) -> str:
    """Autosave."""
    posted = Posted()
    engine.event_page(reading(), case_id, name, me(), now=now())
    save_draft(f"event:{case_id}:{name}", posted.answers)
    return gettext("Saved at %(time)s", time=clock_time(now()))


def _start(process: str) -> engine.StartPage:
    """The start form for the office of the address, or the only one there is."""
    offices = [
        office for one in engine.startable(reading(), me()) if one.process == process for office, _ in one.offices
    ]
    office = request.args.get("office") or (offices[0] if offices else "")
    return engine.start_page(reading(), process, me(), office=office)


def _not_yet(page: engine.StartPage, posted: Posted, draft_key: str, address: str) -> Any:
    """The answer to the buttons that do not hand in: rows and saving."""
    if posted.only_redisplay(page.form):
        return _page(page, posted.answers, posted.refused, posted.key)
    if posted.wants_draft:
        save_draft(draft_key, posted.answers)
        flash(gettext("Saved. You can go on whenever you like."), "success")
        return redirect(address, 303)
    return None


def _page(
    page: engine.StartPage,
    answers: Mapping[str, Any] | None = None,
    problems: Problems = {},  # noqa: B006 never changed
    key: str | None = None,
) -> str:
    options = engine.options_for(reading(), directory(), page.office, me(), now=now(), facts=page.answers)
    return render_template(
        "cases/form.html",
        page=page,
        form=drawn(page, answers, problems, options),
        key=key or new_key(),
        save_at=request.path + "/draft" + ("?" + request.query_string.decode() if request.query_string else ""),
    )
