"""Requests for repair: the list to decide, one request with what it would do now, approval by another person."""

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import now, reading, writing
from webforms.i18n import office_language, sentences, translated
from webforms.labels import case_labels
from webforms.lights import Light
from webforms.repair_words import KINDS, LEVELS, STATES, asked_for, shown_preview
from webforms.security import allow
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("change_requests", __name__, url_prefix="/change-requests")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def index() -> str:
    """The requests about cases I lead; what shapes the list is in the address."""
    given = {name: value for name in ("state", "kind", "after") if (value := request.args.get(name, "").strip())}
    state = given.get("state", "open")
    after = given.get("after", "")
    page = engine.change_requests(
        reading(),
        me(),
        state="" if state == "all" else state,
        kind=given.get("kind", ""),
        after=int(after) if after.isascii() and after.isdigit() and len(after) < len("9999999999") else None,
    )
    return render_template(
        "repairs/list.html",
        rows=[_listed(row) for row in page.rows],
        next=page.next,
        given=given,
        state=state,
        states=[*STATES.items(), ("all", gettext("All"))],
        kinds=[(kind, words) for kind, (words, _) in KINDS.items()],
        address=lambda **changed: url_for("change_requests.index", **{**given, **changed}),
    )


def _listed(row: engine.ChangeRow) -> dict[str, Any]:
    return {"row": row, "kind": KINDS[row.kind][0], "light": state_light(row), "mine": row.asked_by == me().id}


def state_light(row: engine.ChangeRow) -> Light:
    """What has become of a request."""
    return Light(LEVELS[row.state], str(STATES[row.state]))


@blueprint.get("/<int:request_id>")
@allow("signed-in")
def show(request_id: int) -> str:
    """What is asked for, why, and what it would do to the case as it is now."""
    return _page(request_id)


def _page(request_id: int, problem: str = "") -> str:
    page = engine.change_page(reading(), request_id, me(), now=now())
    labels = case_labels(page.row.case_id)
    return render_template(
        "repairs/show.html",
        page=page,
        row=page.row,
        kind=KINDS[page.row.kind][0],
        light=state_light(page.row),
        asked=asked_for(page),
        preview=shown_preview(page.preview, page.facts, labels) if page.preview is not None else None,
        problem=problem,
        note=request.form.get("note", ""),
    )


@blueprint.post("/<int:request_id>/approve")
@allow("signed-in")
def approve(request_id: int) -> Response:
    """Approve and carry out, if the case still is what was looked at."""
    back = redirect(url_for("change_requests.show", request_id=request_id), 303)
    seen, note = request.form.get("seen", ""), request.form.get("note", "")
    notice = _notice(request_id, _l("approved"), note)
    try:
        with writing() as transaction:
            engine.approve_change(transaction, request_id, seen=seen, note=note, notice=notice, actor=me(), now=now())
    except engine.CaseMoved as error:
        flash(translated(error.code, str(error)), "warning")
        return back
    except (engine.TaskClosed, engine.NotFound, engine.NotAllowed) as error:
        if isinstance(error, engine.NotAllowed) and not isinstance(error, engine.OwnRequest):
            return _failed(request_id, error, back)
        raise
    except engine.EngineError as error:
        return _failed(request_id, error, back)
    flash(gettext("Approved and carried out."), "success")
    return back


def _failed(request_id: int, error: engine.EngineError, back: Response) -> Response:
    """It could not be carried out: nothing was changed, the request is closed and says why."""
    with writing() as transaction:
        engine.fail_change(transaction, request_id, error, actor=me(), now=now())
    why = translated(error.code, str(error), error.params)
    flash(gettext("It could not be carried out, nothing was changed: %(why)s", why=why), "error")
    return back


@blueprint.post("/<int:request_id>/refuse")
@allow("signed-in")
def refuse(request_id: int) -> Any:
    """Refuse, and say why."""
    note = request.form.get("note", "")
    if not note.strip():
        return _page(request_id, gettext("Say why you refuse.")), 422
    notice = _notice(request_id, _l("refused"), note)
    with writing() as transaction:
        engine.refuse_change(transaction, request_id, note=note, notice=notice, actor=me(), now=now())
    flash(gettext("Refused. Nothing was changed."), "success")
    return redirect(url_for("change_requests.show", request_id=request_id), 303)


@office_language()
def _notice(request_id: int, decision: Any, note: str) -> str:
    row = engine.change_page(reading(), request_id, me(), now=now()).row
    what = gettext(
        "%(who)s: your request “%(what)s”, %(number)s is %(decision)s",
        who=me().name, what=KINDS[row.kind][0], number=row.number, decision=decision,
    )  # fmt: skip
    return sentences(what, note.strip())


@blueprint.post("/<int:request_id>/withdraw")
@allow("signed-in")
def withdraw(request_id: int) -> Response:
    """Take one's own request back."""
    with writing() as transaction:
        engine.withdraw_change(transaction, request_id, actor=me(), now=now())
    flash(gettext("Taken back. Nothing was changed."), "success")
    return redirect(url_for("change_requests.show", request_id=request_id), 303)
