"""One task: its form, its case at a glance, and what else may be done with it."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.absences import away, warn_of_absence
from webforms.auth import me
from webforms.bulk import handed_over_words
from webforms.database import carry_out, now, reading
from webforms.facts import shown_facts
from webforms.i18n import bracketed, clock_time
from webforms.labels import case_labels
from webforms.lights import light
from webforms.posts import Posted, Problems, drawn, new_key, save_draft
from webforms.security import allow, local_address
from webforms.words import gettext

PERSON = re.compile(r"[0-9]{1,9}")
blueprint = Blueprint("work", __name__, url_prefix="/tasks/<uuid:task_id>")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def show(task_id: UUID) -> str:
    """The form as it was left."""
    page = engine.task_page(reading(), task_id, me(), now=now())
    return _page(page)


@blueprint.post("")
@allow("signed-in")
def hand_in(task_id: UUID) -> Any:
    """Complete the task; or save it, or only show the form again, as the button says."""
    posted = Posted()
    try:
        page = engine.task_page(reading(), task_id, me(), now=now())
    except engine.TaskClosed:  # perhaps by this very submission, sent twice
        return onward(posted.hand_in(engine.complete_task, task_id=task_id), gettext("This was already handed in."))
    if posted.only_redisplay(page.form):
        return _page(page, posted.answers, posted.refused, posted.key)
    if posted.wants_draft:
        save_draft(str(task_id), posted.answers)
        flash(gettext("Saved. You can go on whenever you like."), "success")
        return redirect(url_for("work.show", task_id=task_id), 303)
    try:
        done = posted.hand_in(engine.complete_task, about=page.case_id, task_id=task_id)
    except engine.InvalidAnswers as error:
        save_draft(str(task_id), posted.answers)
        return _page(page, posted.answers, error.problems, posted.key), 422
    return onward(done, gettext("“%(name)s” is done.", name=page.name))


def onward(done: engine.Done, words: str) -> Response:
    """To the next task of the same case, else to the case."""
    warn_of_absence(done.case_id)
    if done.next_tasks:
        flash(words + gettext(" Go on with the next step."), "success")
        return redirect(url_for("work.show", task_id=done.next_tasks[0]), 303)
    flash(words, "success")
    return redirect(url_for("cases.show", case_id=done.case_id), 303)


@blueprint.post("/draft")
@allow("signed-in")
def draft(task_id: UUID) -> str:
    """Autosave: keeps what was typed and says when."""
    posted = Posted()
    engine.task_page(reading(), task_id, me(), now=now())  # only for those who may see it
    save_draft(str(task_id), posted.answers)
    return gettext("Saved at %(time)s", time=clock_time(now()))


@blueprint.post("/claim")
@allow("signed-in")
def claim(task_id: UUID) -> Response:
    """Take it."""
    carry_out(engine.claim_task, actor=me(), task_id=task_id)
    return redirect(url_for("work.show", task_id=task_id), 303)


@blueprint.post("/release")
@allow("signed-in")
def release(task_id: UUID) -> Response:
    """Put it back."""
    carry_out(engine.release_task, actor=me(), task_id=task_id, reason=request.form.get("reason", "").strip())
    flash(gettext("The task is back in the list for everybody with this role."), "success")
    return redirect(url_for("tasks.index"), 303)


@blueprint.post("/reassign")
@allow("signed-in")
def reassign(task_id: UUID) -> Response:
    """Give it to somebody else, with a reason."""
    person, reason = request.form.get("to", ""), request.form.get("reason", "").strip()
    if not PERSON.fullmatch(person) or not reason:
        flash(gettext("Choose a person and say why."), "error")
        return redirect(url_for("work.show", task_id=task_id) + "#others", 303)
    notice = next(
        (handed_over_words(one.row.name, one.row.number, reason)
         for one in engine.chosen_tasks(reading(), [task_id], me(), now=now())),
        "",
    )  # fmt: skip
    try:
        carry_out(
            engine.reassign_task, actor=me(), task_id=task_id, person_id=int(person), reason=reason, notice=notice
        )
    except engine.NotAllowed:
        flash(gettext("Only the head of the unit or whoever has the task can hand it over. Claim it first."), "error")
        return redirect(url_for("work.show", task_id=task_id) + "#others", 303)
    flash(gettext("The task was handed over."), "success")
    for words in away({int(person): ""}).values():
        flash(gettext("Whoever has the task now is %(away)s.", away=words), "warning")
    return redirect(local_address(request.form.get("next")), 303)


def _page(
    page: engine.TaskPage,
    answers: Mapping[str, Any] | None = None,
    problems: Problems = {},  # noqa: B006 never changed
    key: str | None = None,
) -> str:
    """The task with its form filled in as given."""
    asked = {field.key for field in page.form.questions}
    known = [one for one in shown_facts(page.facts, page.answers, case_labels(page.case_id)) if one.key not in asked]
    return render_template(
        "tasks/task.html",
        page=page,
        form=drawn(page, answers, problems, engine.task_options(reading(), page.task_id, me(), now=now())),
        key=key or new_key(),
        known=known,
        since=[one for one in known if one.kind != "list" and one.key not in page.opening],
        light=light(page.due, now()),
        limits=[(limit, light(limit, now())) for limit in page.limits],
        save_at=url_for("work.draft", task_id=page.task_id),
        mine=page.assignee == me().id,
        acting=page.assignee in me().stands_in_for,
        others=_others(page),
    )


def _others(page: engine.TaskPage) -> list[tuple[int, str]]:
    """The colleagues who could do it; those who are away last, and marked."""
    known = {person: name for person, name in page.colleagues if person != page.assignee}
    gone = away(known)
    marked = [(person, name + bracketed(gone[person]) if person in gone else name) for person, name in known.items()]
    return sorted(marked, key=lambda one: one[0] in gone)
