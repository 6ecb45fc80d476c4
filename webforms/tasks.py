"""The work list: what is mine, what may be claimed, what is late, what my offices have open."""

import dataclasses
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import administers, me
from webforms.database import carry_out, now, reading
from webforms.directory import my_offices, processes, stages
from webforms.lights import light
from webforms.security import allow, local_address
from webforms.words import gettext, ngettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("tasks", __name__)
VIEWS = {"mine": _l("Mine"), "claimable": _l("To be claimed"), "overdue": _l("Overdue"), "office": _l("Of my offices")}
EMPTY = {
    "mine": (_l("Nothing to do"), _l("Look whether there is something to claim.")),
    "claimable": (_l("Nothing to claim"), _l("New tasks for your roles appear here.")),
    "overdue": (_l("Nothing is overdue"), _l("All time limits are kept.")),
    "office": (_l("No open tasks"), _l("Your offices have no open tasks.")),
}
FILTERS = ("q", "process", "stage", "office")
BULK_LIMIT = 100


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/")
@allow("signed-in")
def home() -> Response:
    """The work list, or the people for somebody who only administers."""
    only_people = administers() and {role for role, _ in me().roles} == {engine.ADMINISTRATOR}
    return redirect(url_for("people.index" if only_people else "tasks.index"), 303)


@blueprint.get("/tasks")
@allow("signed-in")
def index() -> str:
    """One view of the work list; everything that shapes it is in the address."""
    given = {name: value for name in (*FILTERS, "after") if (value := request.args.get(name, "").strip())}
    view = request.args.get("view", "mine")
    view = view if view in VIEWS else "mine"
    page = engine.inbox(
        reading(),
        me(),
        view=view,
        office=given.get("office"),
        process=given.get("process"),
        stage=given.get("stage"),
        q=given.get("q", ""),
        after=given.get("after"),
        now=now(),
    )
    counts = engine.inbox_counts(reading(), me(), now=now())
    return render_template(
        "tasks/list.html",
        view=view,
        titles=VIEWS,
        empty_words=EMPTY,
        counts=dataclasses.asdict(counts),
        rows=[_shown(row) for row in page.rows],
        next=page.next,
        given=given,
        filtered=any(name in given for name in FILTERS),
        processes=processes(),
        stages=stages(),
        my_offices=my_offices(),
        may_start=bool(engine.startable(reading(), me())),
        leads=view in ("overdue", "office") and engine.leads_anybody(reading(), me()),
        address=lambda **changed: url_for("tasks.index", **{"view": view, **given, **changed}),
    )


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.task_id,
        "case_id": row.case_id,
        "step": row.name or row.element,
        "number": row.number,
        "title": row.title,
        "stage": row.stage,
        "office": row.office_name,
        "holder": row.assignee_name,
        "acting": row.assignee in me().stands_in_for,
        "urged": row,
        "light": light(row.due, now()),
        "level": row.level,
    }


@blueprint.post("/tasks/claim")
@allow("signed-in")
def claim_several() -> Response:
    """Claim the chosen tasks; those somebody else took a moment ago are skipped."""
    taken, missed = 0, 0
    for text in request.form.getlist("task")[:BULK_LIMIT]:
        try:
            carry_out(engine.claim_task, task_id=UUID(text), actor=me())
            taken += 1
        except (engine.NotFound, engine.NotAllowed, engine.CaseChanged, ValueError):
            missed += 1
    if taken:
        flash(ngettext("%(num)d task is yours now.", "%(num)d tasks are yours now.", taken), "success")
    if missed:
        words = ngettext(
            "%(num)d task was taken by somebody else.", "%(num)d tasks were taken by somebody else.", missed
        )
        flash(words, "warning")
    if not taken and not missed:
        flash(gettext("Choose the tasks to claim first."), "warning")
    return redirect(local_address(request.form.get("next")), 303)
