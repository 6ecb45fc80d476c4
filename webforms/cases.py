"""Cases: list, search, the page of one case."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.directory import levels, my_offices, office_name, processes, stages
from webforms.facts import shown_facts
from webforms.i18n import OFFICE_ZONE, clauses, moment
from webforms.labels import case_labels
from webforms.lights import Light, light
from webforms.repair_words import KINDS
from webforms.sections import sections
from webforms.security import allow
from webforms.sheets import FORMATS, download
from webforms.story import story
from webforms.words import gettext, ngettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("cases", __name__)
FILTERS = ("q", "status", "process", "stage", "level", "office", "opened_from", "opened_to")
STATUSES = {
    "running": _l("Open"),
    "completed": _l("Closed"),
    "cancelled": _l("Cancelled"),
}
EXPORT_LIMIT = 10_000


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/cases")
@allow("signed-in")
def index() -> str | Response:
    """Cases I may see, newest first; what shapes the list is in the address."""
    given = {name: value for name in (*FILTERS, "after") if (value := request.args.get(name, "").strip())}
    if (kind := request.args.get("format")) in FORMATS:
        return export(given, kind)
    page = engine.cases(reading(), me(), **criteria(given), after=given.get("after"), now=now())
    return render_template(
        "cases/list.html",
        rows=[listed(row) for row in page.rows],
        next=page.next,
        given=given,
        statuses=STATUSES.items(),
        processes=processes(),
        stages=stages(),
        levels=[("any", gettext("With a level")), *levels()] if levels() else [],
        offices=my_offices(),
        may_start=bool(engine.startable(reading(), me())),
        address=lambda **changed: url_for("cases.index", **{**given, **changed}),
    )


def criteria(given: dict[str, str]) -> dict[str, Any]:
    """The filters as the engine wants them; a date that is none is no filter."""
    found: dict[str, Any] = {name: given.get(name) for name in ("status", "process", "stage", "level", "office")}
    first, until = _midnight(given.get("opened_from")), _midnight(given.get("opened_to"), days=1)
    return {**found, "q": given.get("q", ""), "since": first, "until": until}


def _midnight(text: str | None, days: int = 0) -> datetime | None:
    """The beginning of this day, or of one so many days later; as UTC, so that it can be compared."""
    try:
        first = datetime.fromisoformat(text[:10]).replace(tzinfo=OFFICE_ZONE) if text else None
        return (first + timedelta(days=days)).astimezone(UTC) if first else None
    except (ValueError, OverflowError):
        return None


def export(given: dict[str, str], kind: str) -> Response:
    """The filtered list for a spreadsheet."""
    heading = ("Number", "Title", "Procedure", "Office", "Stage", "Level", "State", "Outcome", "Opened", "Closed")
    rows = [[gettext(word) for word in heading]]
    rows += [
        [row.number, row.title, row.process_title, row.office_name, row.stage, row.level_label,
         str(state_light(row).text), row.outcome or "", moment(row.opened_at), moment(row.closed_at)]
        for row in _all(given)
    ]  # fmt: skip
    return download(rows, name="cases", title=gettext("Cases"), kind=kind)


def _all(given: dict[str, str]) -> Iterator[engine.CaseRow]:
    after, count = None, 0
    while True:
        page = engine.cases(reading(), me(), **criteria(given), after=after, limit=500, now=now())
        yield from page.rows
        count += len(page.rows)
        after = page.next
        if after is None or count >= EXPORT_LIMIT:
            return


@blueprint.get("/search")
@allow("signed-in")
def search() -> str:
    """By number, party, or words of the case."""
    q = request.args.get("q", "").strip()[:100]
    page = engine.search(reading(), me(), q, now=now(), after=request.args.get("after"))
    return render_template("cases/search.html", q=q, rows=[listed(row) for row in page.rows], next=page.next)


def listed(row: engine.CaseRow) -> dict[str, Any]:
    """A row of a list of cases."""
    return {
        "id": row.case_id,
        "number": row.number,
        "title": row.title,
        "stage": row.stage,
        "office": row.office_name,
        "opened_at": row.opened_at,
        "light": state_light(row),
        "level": level_of(row),
    }


def level_of(row: engine.CaseRow) -> engine.Level:
    """The badge of a case's level."""
    return engine.Level(row.level, row.level_label, row.level_rank, row.level_colour)


def state_light(row: engine.CaseRow) -> Light:
    """Whether the case runs, is late, or how it ended."""
    if row.status == "completed":
        return Light("blue", row.outcome or gettext("Closed"))
    if row.status == "cancelled":
        return Light("none", gettext("Cancelled"))
    if row.status == "incident":
        return Light("red", gettext("With an incident"))
    if row.is_overdue:
        return Light("red", gettext("Overdue"))
    return Light("green", gettext("Open"))


@blueprint.get("/cases/<uuid:case_id>")
@allow("signed-in")
def show(case_id: UUID) -> str:
    """Everything about one case: what is next, by when, whose turn; what may happen; what happened."""
    page = engine.case_page(reading(), case_id, me(), now=now())
    may_repair = engine.may_repair(reading(), case_id, me())
    asked = engine.change_requests(reading(), me(), case_id=case_id).rows if may_repair else ()
    return render_template("cases/show.html", case=_case(page), may_repair=may_repair, asked=asked, kinds=KINDS)


def _case(page: engine.CasePage) -> dict[str, Any]:
    row = page.row
    told = story(page)
    return {
        "id": row.case_id,
        "number": row.number,
        "title": row.title,
        "process_title": row.process_title,
        "office": row.office,
        "offices": sorted({task.office for task in page.tasks}),
        "light": state_light(row),
        "level": level_of(row),
        "outcome": row.outcome if row.status != "completed" else None,
        "opened_at": row.opened_at,
        "opened_by": told[-1].by if told else "",
        "closed_at": row.closed_at,
        "end": row.outcome,
        "badges": _badges(page),
        "stages": [{"label": label, "state": state} for _, label, state in page.stages]
        if row.closed_at is None
        else [],
        "tasks": [_task(task) for task in page.tasks],
        "rest": clauses(page.waits) if row.status == "running" else "",
        "waits": page.waits,
        "sections": sections(shown_facts(page.facts, page.values, case_labels(row.case_id)), page.timeline),
        "events": page.raisable,
        "papers": page.papers,
        "files": page.files,
        "story": told,
        "deadlines": [{"row": due, "light": light(due, now())} for due in page.deadlines],
        "incidents": [incident for incident in page.incidents if incident.state == "open"],
        "links": page.links,
    }


def _stages(page: engine.CasePage) -> list[dict[str, str]]:
    """How far a running case has come; for one that is over the outcome says more."""
    if page.row.closed_at is not None:
        return []
    return [{"label": label, "state": state} for _, label, state in page.stages]


def _badges(page: engine.CasePage) -> list[str]:
    stopped = [due.label for due in page.deadlines if due.status == "stopped"]
    words = [gettext("Clock stopped: %(label)s", label=label) for label in stopped]
    late = sum(due.is_overdue and due.status == "running" for due in page.deadlines)
    if late:
        words.append(ngettext("%(num)d time limit overdue", "%(num)d time limits overdue", late))
    return words


def _task(row: engine.InboxRow) -> dict[str, Any]:
    mine = row.assignee == me().id
    whose = row.assignee_name or f"{office_name(row.office)} · {row.role_name}"
    return {
        "id": row.task_id,
        "name": row.name or row.element,
        "mine": mine,
        "whose": gettext("yours") if mine else whose,
        "light": light(row.due, now()),
        "due": row.due,
        "urged": row,
    }
