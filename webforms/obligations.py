"""The plan's obligations: how each one is carried out, and how it stands as far as data tell."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, url_for

import engine
from webforms.database import now, reading
from webforms.i18n import day
from webforms.lights import Light
from webforms.security import allow
from webforms.sheets import FORMATS, download
from webforms.words import gettext, ngettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("obligations", __name__, url_prefix="/obligations")
STATES = {
    "overdue": _l("Overdue"),
    "running": _l("Under way"),
    "done": _l("Done"),
    "waiting": _l("Not begun"),
    "standing": _l("Standing, shown on a page"),
    "on_paper": _l("On paper"),
}
COLOURS = {"overdue": "red", "running": "blue", "done": "green", "waiting": "orange", "standing": "blue"}


def init_app(app: Flask) -> None:
    """Install the page."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def index() -> str | Response:
    """Every obligation in the order of the plan; filters are in the address."""
    given = {name: value for name in ("state", "process") if (value := request.args.get(name, "").strip())}
    rows = engine.obligations(reading(), now=now())
    if (kind := request.args.get("format")) in FORMATS:
        return download(_table(rows), name="obligations", title=gettext("Obligations of the plan"), kind=kind)
    counts = Counter(row.state for row in rows)
    shown = [
        row
        for row in rows
        if given.get("state") in (None, row.state) and given.get("process") in (None, row.obligation.process)
    ]
    return render_template(
        "obligations.html",
        rows=[(row, state_light(row), place(row), kept(row), due_day(row)) for row in shown],
        total=len(rows),
        counts=[(state, words, counts[state]) for state, words in STATES.items() if counts[state]],
        processes=list({row.obligation.process: row.title for row in rows if row.obligation.process}.items()),
        given=given,
        address=lambda **changed: url_for("obligations.index", **{**given, **changed}),
    )


def state_light(row: engine.ObligationRow) -> Light:
    """How an obligation stands, in a colour and words."""
    if row.overdue:
        return Light("red", ngettext("%(num)d overdue", "%(num)d overdue", row.overdue))
    return Light(COLOURS.get(row.state, "none"), str(STATES[row.state]))


def place(row: engine.ObligationRow) -> str:
    """Where one can look at it; empty where there is nothing to look at."""
    given = row.obligation
    if given.page:
        return given.page
    if given.process:
        return url_for("cases.index", process=given.process)
    return url_for("registers.show", register=given.register) if given.register else ""


def kept(row: engine.ObligationRow) -> str:
    """The page of the register that is the evidence; empty where it is something else."""
    kind, _, name = row.obligation.evidence.partition(":")
    return url_for("registers.show", register=name) if kind == "register" else ""


def due_day(row: engine.ObligationRow) -> str:
    """The last day of what is due next: a limit ends with its day."""
    return day(row.next_due - timedelta(microseconds=1)) if row.next_due else ""


def _table(rows: list[engine.ObligationRow]) -> Iterator[list[Any]]:
    heading = ("Number", "Obligation", "Where the plan says so", "By whom", "Cadence", "Carried out by", "Step",
               "Time limit", "Evidence", "State", "Last done", "Next due")  # fmt: skip
    yield [gettext(word) for word in heading]
    for row in rows:
        given = row.obligation
        way = row.title or given.page or given.paper_reason
        dates = [day(row.last_done), due_day(row) or day(row.next_opening)]
        yield [given.id, given.text, given.seed, given.who, given.when, way, row.element, row.deadline, row.evidence,
               state_light(row).text, *dates]  # fmt: skip
