"""Asking for a repair of a case: choose what, see what it would do, say why. Another person decides."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.database import now, reading, writing
from webforms.fields import view
from webforms.i18n import office_language, sentences
from webforms.labels import case_labels
from webforms.posts import Posted, Problems
from webforms.repair_words import KINDS, LIST_PARTS, shown_preview, value_words
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("repairs", __name__, url_prefix="/cases/<uuid:case_id>/repair")
ASKED = {  # what each kind needs beside the reason
    "move": ("token", "target"),
    "skip": ("task",),
    "fact": ("fact", "value"),
    "deadline": ("deadline", "last_day", "basis"),
    "retry": ("incident", "fact", "value"),
    "cancel": (),
    "reopen": ("target",),
}
PREFIX = "repair_"  # of our own fields, so that the questions of a step keep their names
STATUS_WRONG = 422


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def index(case_id: UUID) -> str:
    """What can be repaired in this case, and what was asked for so far."""
    page = engine.repair_page(reading(), case_id, me(), now=now())
    rows = engine.change_requests(reading(), me(), state="", case_id=case_id).rows
    return render_template("repairs/index.html", page=page, kinds=_offered(page), rows=rows, kind_words=KINDS)


def _offered(page: engine.RepairPage) -> list[tuple[str, Any, Any]]:
    """(kind, name, what it is for) of what makes sense in this case now."""
    over = page.status in {"completed", "cancelled"}
    possible = {
        "move": bool(page.places),
        "skip": bool(page.tasks),
        "fact": not over,
        "deadline": bool(page.deadlines) and not over,
        "retry": bool(page.incidents),
        "cancel": not over,
        "reopen": over,
    }
    return [(kind, words, help_) for kind, (words, help_) in KINDS.items() if possible[kind]]


@blueprint.get("/model.bpmn")
@allow("signed-in")
def model(case_id: UUID) -> Response:
    """The model the case runs on."""
    return Response(engine.model_of(reading(), case_id, me()), mimetype="application/xml")


@blueprint.get("/<repair>")
@allow("signed-in")
def form(case_id: UUID, repair: str) -> str:
    """The form of one kind of repair."""
    return _page(case_id, repair, {})


@blueprint.post("/<repair>")
@allow("signed-in")
def ask(case_id: UUID, repair: str) -> Any:
    """Show what it would do; or ask for it."""
    kind = repair
    if kind not in ASKED:
        raise engine.NotFound
    posted = Posted()
    typed = {key: value for key, value in posted.answers.items() if not key.startswith(PREFIX)}
    page = engine.repair_page(reading(), case_id, me(), now=now())
    step = _step(page) if kind == "skip" else None
    if step is not None and posted.only_redisplay(step.form):
        return _page(case_id, kind, posted.answers)
    arguments: dict[str, Any] = {name: request.form.get(PREFIX + name, "").strip() for name in ASKED[kind]}
    several = [one.strip() for one in request.form.getlist(PREFIX + "value") if one.strip()]
    if len(several) > 1:
        arguments["value"] = several
    if kind == "skip":
        arguments |= {"values": typed}
    reason = request.form.get(PREFIX + "reason", "").strip()
    try:
        shown = engine.preview_change(reading(), case_id, kind, arguments, me(), now=now())
        if "_preview" in request.form:
            return _page(case_id, kind, typed, preview=shown, is_previewed=True)
        with writing() as transaction:
            number = engine.ask_change(
                transaction, case_id, kind, arguments, reason=reason, notice=_notice(page, kind, reason),
                actor=me(), now=now(),
            )  # fmt: skip
    except engine.InvalidAnswers as error:
        return _page(case_id, kind, typed, problems=error.problems), STATUS_WRONG
    except engine.NotFound:
        raise
    except engine.EngineError as error:
        return _page(case_id, kind, typed, refusal=error), STATUS_WRONG
    flash(gettext("Asked for. Another person with the right to do so has to approve it."), "success")
    return redirect(url_for("change_requests.show", request_id=number), 303)


@office_language()
def _notice(page: engine.RepairPage, kind: str, reason: str) -> str:
    words = gettext(
        "%(who)s asks for a repair: %(what)s, %(number)s", who=me().name, what=KINDS[kind][0], number=page.number
    )
    return sentences(words, reason)


def _step(page: engine.RepairPage) -> engine.Skippable | None:
    wanted = request.values.get(PREFIX + "task") or request.args.get("task", "")
    return next((task for task in page.tasks if str(task.task_id) == wanted), None)


def _page(
    case_id: UUID,
    kind: str,
    typed: Mapping[str, Any],
    *,
    problems: Problems = {},  # noqa: B006 never changed
    refusal: engine.EngineError | None = None,
    preview: engine.ChangePreview | None = None,
    is_previewed: bool = False,
) -> str:
    if kind not in ASKED:
        raise engine.NotFound
    page = engine.repair_page(reading(), case_id, me(), now=now())
    given = {name: request.values.get(PREFIX + name, request.args.get(name, "")).strip() for name in ASKED[kind]}
    given["reason"] = request.form.get(PREFIX + "reason", "")
    if len(page.places) == 1:
        given["token"] = given.get("token") or str(page.places[0].token)
    if len(page.tasks) == 1 and kind == "skip":
        given["task"] = given.get("task") or str(page.tasks[0].task_id)
    place = next((one for one in page.places if str(one.token) == given.get("token")), None)
    variable = next((one for one in page.variables if one.path == given.get("fact")), None)
    step = (
        next((task for task in page.tasks if str(task.task_id) == given.get("task")), None) if kind == "skip" else None
    )
    return render_template(
        "repairs/form.html",
        page=page,
        kind=kind,
        title=KINDS[kind][0],
        help=KINDS[kind][1],
        given=given,
        place=place,
        variable=variable,
        present=value_words(variable, case_id) if variable is not None else "",
        parts=LIST_PARTS,
        step=step,
        form=_drawn(step, typed, problems) if step is not None else None,
        problems={name: problem for name, problem in problems.items() if name in {*ASKED[kind], "reason"}},
        refusal=refusal,
        preview=shown_preview(preview, page.facts, case_labels(case_id)) if preview is not None else None,
        is_previewed=is_previewed,
    )


def _drawn(step: engine.Skippable, typed: Mapping[str, Any], problems: Problems) -> Any:
    options = engine.task_options(reading(), step.task_id, me(), now=now())
    own = {path: problem for path, problem in problems.items() if path not in ASKED["skip"]}
    return view(step.form, typed, own, options, step.answers, now=now())
