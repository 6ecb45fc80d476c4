"""What the calendar opens: the rules, the next dates, what was opened and missed, and opening what was missed."""

import re
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import Failed, carry_out, now, reading
from webforms.directory import offices
from webforms.i18n import WEEKDAYS, in_chinese
from webforms.security import allow, local_address
from webforms.words import gettext, ngettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("openings", __name__, url_prefix="/calendar-starts")
FILTERS = ("process", "state", "office")
STATES = {
    "open": _l("Not opened"),
    "missed": _l("Missed"),
    "failed": _l("Failed"),
    "due": _l("Being opened"),
    "opened": _l("Has been opened"),
}
COLOURS = {"missed": "red", "failed": "red", "due": "orange", "opened": "green"}
EVERY = {
    "week": _l("every week"),
    "month": _l("every month"),
    "quarter": _l("every quarter"),
    "half_year": _l("every half year"),
    "year": _l("every year"),
}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
AHEAD = re.compile(r"last-(\d+)(wd|d)")
START = re.compile(r"\d{1,9}")
BULK_LIMIT = 100


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def index() -> str:
    """Every duty with its next date, and the periods with what became of them."""
    given = {name: value for name in (*FILTERS, "after") if (value := request.args.get(name, "").strip())}
    rules = engine.calendar_rules(reading(), me(), now=now())
    page = engine.calendar_starts(
        reading(),
        me(),
        process=given.get("process"),
        state=given.get("state"),
        office=given.get("office"),
        after=given.get("after"),
    )
    return render_template(
        "openings.html",
        rules=[(rule, when(rule)) for rule in rules],
        rows=page.rows,
        next=page.next,
        given=given,
        states=list(STATES.items()),
        words=STATES,
        colours=COLOURS,
        processes=list(dict.fromkeys((rule.process, rule.title) for rule in rules)),
        offices=offices(),
        address=lambda **changed: url_for("openings.index", **{**given, **changed}),
    )


@blueprint.post("/open")
@allow("signed-in")
def open_missed() -> Response:
    """Open the chosen periods now; what cannot be opened is said and stays."""
    opened, refused = 0, 0
    for text in request.form.getlist("start")[:BULK_LIMIT]:
        if not START.fullmatch(text):
            continue
        try:
            carry_out(engine.open_missed, actor=me(), start_id=int(text))
            opened += 1
        except engine.AlreadyDone:
            continue
        except (engine.NotFound, engine.NotAllowed, Failed):
            refused += 1
    if opened:
        flash(ngettext("%(num)d case was opened.", "%(num)d cases were opened.", opened), "success")
    if refused:
        flash(ngettext("%(num)d could not be opened.", "%(num)d could not be opened.", refused), "error")
    if not opened and not refused:
        flash(gettext("Choose what to open first."), "warning")
    return redirect(local_address(request.form.get("next")), 303)


def when(rule: engine.CalendarRule) -> str:
    """The rule in words: every month on the 20th at 08:30, on the working day before if that is a day off."""
    parts: list[Any] = [EVERY[rule.every], _day(rule.on, rule.every), rule.at]
    words = (" " if not in_chinese() else "").join(str(part) for part in parts[:2]) + f" {rule.at}"
    return words + (gettext(", a day off moves to the working day before") if rule.roll == "back" else "")


def _day(on: str, every: str) -> str:
    if every == "week" and on.isdigit():
        weekday = int(on) - 1
        return f"周{WEEKDAYS[weekday]}" if in_chinese() else DAYS[weekday]
    if on.startswith("last"):
        return _last(on)
    if on.endswith("wd"):
        return gettext("on working day %(number)s", number=on.removesuffix("wd"))
    month, _, day = on.rpartition("-")
    if not month:
        return gettext("on day %(day)s", day=int(day))
    if every == "year":
        return gettext("on %(month)s/%(day)s", month=int(month), day=int(day))
    return gettext("on day %(day)s of month %(month)s", month=int(month), day=int(day))


def _last(on: str) -> str:
    found = AHEAD.fullmatch(on)
    if found is None:
        return gettext("on the last day")
    count = int(found[1])
    if found[2] == "wd":
        return ngettext("%(num)d working day before the last day", "%(num)d working days before the last day", count)
    return ngettext("%(num)d day before the last day", "%(num)d days before the last day", count)
