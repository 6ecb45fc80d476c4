"""What a supervisor does to many tasks at once: hand over, urge, extend. First a preview, then each case for itself."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, render_template, request
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.bulk_results import ACTIONS, back, chosen, each_for_itself
from webforms.database import now, reading
from webforms.i18n import local, office_language, sentences
from webforms.lights import light
from webforms.posts import KEY, new_key
from webforms.security import allow
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("bulk", __name__, url_prefix="/bulk")
REASON_LIMIT = 500
UNITS = {"wd": _l("working days"), "d": _l("days")}
STATUS_WRONG = 422


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


def _tasks() -> list[engine.ChosenTask]:
    ids = chosen("task") + engine.tasks_of(reading(), chosen("case"))
    return engine.chosen_tasks(reading(), ids, me(), now=now())


@blueprint.get("/reassign")
@allow("signed-in")
def reassign() -> str:
    """The chosen tasks, and who could do them with how much on their desks."""
    return _reassign_page()


@blueprint.post("/reassign")
@allow("signed-in")
def hand_over() -> Any:
    """Give every chosen task to one person."""
    person, reason = request.form.get("to", ""), _reason()
    problems = []
    if not person.isascii() or not person.isdigit() or len(person) > len("999999999"):
        problems.append(("to", gettext("Choose a person.")))
    if not reason:
        problems.append(("f-reason", gettext("Say why.")))
    if problems:
        return _reassign_page(problems), STATUS_WRONG
    texts = {task.row.task_id: handed_over_words(task.row.name, task.row.number, reason) for task in _tasks()}
    each = {"notice": lambda one: texts.get(one, "")}
    return each_for_itself(
        "reassign", chosen("task"), engine.reassign_task, each=each, person_id=int(person), reason=reason
    )


@office_language()
def handed_over_words(step: str, number: str, reason: str) -> str:
    """What somebody is told who gets a task."""
    words = gettext("%(who)s hands over to you: “%(step)s”, %(number)s", who=me().name, step=step, number=number)
    return sentences(words, reason)


def _reassign_page(problems: Iterable[tuple[str, str]] = ()) -> str:
    tasks = _tasks()
    mine = [task for task in tasks if task.may_lead]
    people = engine.candidates(reading(), mine, now=now())
    ids, today = [one.person_id for one in people], local(now()).date()
    away = {row.person_id: row for row in engine.absences(reading(), since=today, until=today, people=ids)}
    people.sort(key=lambda one: one.person_id in away)
    to = request.form.get("to", "")
    return _page("bulk/reassign.html", "reassign", tasks, problems, people=people, away=away, to=to)


@blueprint.post("/return")
@allow("signed-in")
def take_back() -> Response:
    """Undo: give every task back to who had it before."""
    return each_for_itself("return", chosen("task"), engine.return_task, reason="")


@blueprint.get("/urge")
@allow("signed-in")
def urge() -> str:
    """The chosen tasks, and when they were urged last."""
    return _page("bulk/urge.html", "urge", _tasks())


@blueprint.post("/urge")
@allow("signed-in")
def send_urge() -> Any:
    """Urge everybody who has one of the tasks."""
    tasks, reason = _tasks(), _reason()
    if any(task.is_urged_today and task.may_lead for task in tasks) and not reason:
        problems = [("f-reason", gettext("Some of these were urged today already. Say why you urge again."))]
        return _page("bulk/urge.html", "urge", tasks, problems), STATUS_WRONG
    texts = {task.row.task_id: _urge_words(task.row, reason) for task in tasks}
    return each_for_itself(
        "urge",
        chosen("task") or list(texts),
        engine.urge_task,
        reason=reason,
        each={"text": lambda one: texts.get(one, reason)},
    )


@office_language()
def _urge_words(row: engine.InboxRow, reason: str) -> str:
    words = gettext("%(who)s urges: “%(step)s”, %(number)s", who=me().name, step=row.name, number=row.number)
    return sentences(words, reason)


@blueprint.get("/extend")
@allow("signed-in")
def extend() -> str:
    """The chosen deadlines with their old and their new last day."""
    return _extend_page()


@blueprint.post("/extend")
@allow("signed-in")
def order_extension() -> Any:
    """Extend every chosen deadline, or only show what that would do."""
    if "_preview" in request.form:
        return _extend_page()
    problems = []
    if _period() is None:
        problems.append(("f-count", gettext("Enter by how many days, from 1 to 366.")))
    if not request.form.get("basis", "").strip():
        problems.append(("f-basis", gettext("Name the legal basis.")))
    if not _reason():
        problems.append(("f-reason", gettext("Say why.")))
    if problems:
        return _extend_page(problems), STATUS_WRONG
    basis = request.form["basis"].strip()[:REASON_LIMIT]
    more: dict[str, Any] = {"by": _period(), "basis": basis, "reason": _reason()}
    return each_for_itself("extend", chosen("deadline"), engine.extend_deadline, name="deadline", **more)


def _period() -> str | None:
    count, unit = request.values.get("count", "5").strip(), request.values.get("unit", "wd")
    valid = count.isascii() and count.isdigit() and len(count) < len("1000") and 0 < int(count) <= 366  # noqa: PLR2004 a year
    return f"{int(count)}{unit}" if valid and unit in UNITS else None


def _extend_page(problems: Iterable[tuple[str, str]] = ()) -> str:
    ids = chosen("deadline") + engine.deadlines_of(reading(), tasks=chosen("task"), cases=chosen("case"))
    rows = engine.extension_previews(reading(), dict.fromkeys(ids), _period() or "5wd", me(), now=now())
    return render_template(
        "bulk/extend.html",
        title=ACTIONS["extend"][0],
        rows=rows,
        possible=[row for row in rows if row.refusal is None],
        units=UNITS.items(),
        given={name: request.values.get(name, "") for name in ("basis", "reason")},
        count=request.values.get("count", "5"),
        unit=request.values.get("unit", "wd"),
        problems=problems,
        key=request.form.get(KEY) or new_key(),
        back=back(),
    )


def _reason() -> str:
    return request.form.get("reason", "").strip()[:REASON_LIMIT]


def _page(
    template: str,
    action: str,
    tasks: list[engine.ChosenTask],
    problems: Iterable[tuple[str, str]] = (),
    **more: Any,
) -> str:
    rows: list[dict[str, Any]] = [{"task": t, "row": t.row, "light": light(t.row.due, now())} for t in tasks]
    return render_template(
        template,
        title=ACTIONS[action][0],
        rows=rows,
        possible=[row for row in rows if row["task"].may_lead],
        missing=len(chosen("task")) - len(rows) if chosen("task") else 0,
        reason=request.form.get("reason", ""),
        problems=problems,
        key=request.form.get(KEY) or new_key(),
        back=back(),
        **more,
    )
