"""Periodic reports of all offices: who has handed in, who is late, what it adds up to; and one report's revisions."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.lights import Light, light
from webforms.security import allow
from webforms.sheets import FORMATS, download
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
STATES = {
    "owed": _l("Not handed in"),
    "late": _l("Late"),
    "returned": _l("Returned"),
    "handed": _l("Handed in"),
    "accepted": _l("Accepted"),
}


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def index() -> str | Response:
    """One period of one kind of report; all that shapes the page is in the address."""
    kinds = engine.report_kinds(reading())
    if not kinds:
        return render_template("reports/board.html", board=None, kinds=())
    given = {name: value for name in ("process", "period", "state") if (value := request.args.get(name, "").strip())}
    process = given.get("process") or kinds[0].process
    board = engine.report_board(reading(), me(), process, first=_day(given.get("period")), now=now())
    if (kind := request.args.get("format")) in FORMATS:
        return download(_table(board), name=f"{process}-{board.first}", title=board.name, kind=kind)
    rows = [row for row in board.rows if given.get("state") in (None, *_states(row))]
    owing = [row.case_id for row in board.rows if row.is_owed]
    return render_template(
        "reports/board.html",
        board=board,
        kinds=kinds,
        given=given,
        rows=[(row, state_light(row), _values(row)) for row in rows],
        counts=[(key, words, sum(key in _states(row) for row in board.rows)) for key, words in STATES.items()],
        shown=[figure for figure in board.figures if figure["id"] in board.shown],
        urge=url_for("bulk.urge", case=owing) if owing else "",
        address=lambda **changed: url_for("reports.index", **{"process": process, **given, **changed}),
    )


@blueprint.get("/<uuid:case_id>")
@allow("signed-in")
def revisions(case_id: UUID) -> str:
    """Every revision of one report beside the one before it."""
    found = engine.report_revisions(reading(), me(), case_id)
    page = engine.case_page(reading(), case_id, me(), now=now())
    return render_template("reports/revisions.html", case=page.row, revisions=found, changes=_changes(found))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _states(row: engine.ReportRow) -> Iterator[str]:
    """Under which states a row is listed."""
    if row.is_owed:
        yield "owed" if row.handed is None else "returned"
    if row.is_late:
        yield "late"
    if row.handed is not None:
        yield "handed"
        if row.handed.accepted_at is not None:
            yield "accepted"


def state_light(row: engine.ReportRow) -> Light:
    """How far a report has come, in words."""
    late = (gettext("handed in late"),) if row.is_late else ()
    if row.case_id is None:
        return Light("none", gettext("Not opened"))
    if row.handed is None:
        return _not_handed_in(row)
    if row.is_owed:
        return Light("orange", row.stage_label, late)
    accepted = row.handed.accepted_at is not None
    return Light("green" if accepted else "blue", gettext("Accepted") if accepted else row.stage_label, late)


def _not_handed_in(row: engine.ReportRow) -> Light:
    if not row.is_owed:
        return Light("red", row.outcome_label or row.stage_label)
    if row.is_late:
        return Light("red", gettext("Late, not handed in"))
    due = light(row.due, now())
    return Light(due.level, f"{row.stage_label} · {due.text}", due.tags, due.hint)


def _values(row: engine.ReportRow) -> dict[str, Any]:
    return row.handed.values if row.handed is not None else {}


def _table(board: engine.ReportBoard) -> Iterator[list[Any]]:
    """Offices by figures, with the totals of what adds up."""
    figures = board.figures
    heading = ("Office", "State", "Late", "Revision", "Handed in")
    yield [*(gettext(word) for word in heading), *(figure["name"] for figure in figures)]
    for row in board.rows:
        given, values = row.handed, _values(row)
        late = gettext("Yes") if row.is_late else gettext("No")
        told = [given.revision, given.handed_in_at] if given is not None else [None, None]
        yield [row.office_name, state_light(row).text, late, *told, *(values.get(figure["id"]) for figure in figures)]
    yield [gettext("Total"), "", "", None, None, *(board.totals.get(figure["id"]) for figure in figures)]


def _changes(revisions: list[engine.Handed]) -> list[list[tuple[str, Any, Any]]]:
    """What each revision changed of the one before: name, before, after."""
    found = []
    for place, each in enumerate(revisions):
        before = revisions[place + 1].values if place + 1 < len(revisions) else None
        changed = [
            (str(row["name"]), before.get(str(row["id"])), row.get("value"))
            for row in (each.figures if before is not None else ())
            if before is not None and before.get(str(row["id"])) != row.get("value")
        ]
        found.append(changed)
    return found
