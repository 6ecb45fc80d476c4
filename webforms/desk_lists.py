"""The lists behind the numbers of the desk: tasks, dangerous cases, forecast, filings, incidents."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.desk import DAYS, chosen_office, danger, month_end, shared
from webforms.directory import levels, processes
from webforms.i18n import OFFICE_ZONE
from webforms.security import allow
from webforms.sheets import FORMATS, download
from webforms.spans import between, late_or_left, rough, until
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("desk_lists", __name__, url_prefix="/desk")
WITHIN = ("1", "2", "5", "10", "20")  # working days
TITLES = {"overdue": _l("Overdue"), "due": _l("Due soon"), "open": _l("All open tasks")}
FILTERS = ("process", "limit", "element", "version", "person", "within", "q")
FILING_STATES = {"missing": _l("not opened"), "late": _l("past the limit"), "open": _l("under way")}
FILING_LEVELS = {"missing": "red", "late": "red", "open": "green"}
EXPORT_LIMIT = 10_000
ROWS, PAGE = 50, 500  # of a page, of a step of an export


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


def given(*names: str) -> dict[str, str]:
    """What of the address shapes a list."""
    found = {name: value for name in names if (value := request.args.get(name, "").strip())}
    return found | ({"office": office} if (office := chosen_office()) else {})


def wanted_format() -> str | None:
    """The file format that the address asks for, if it does."""
    kind = request.args.get("format", "")
    return kind if kind in FORMATS else None


def everything(ask: Callable[[str | None], engine.Page[Any]]) -> Iterator[Any]:
    """All rows of a list, page by page, up to a limit."""
    after, count = None, 0
    while True:
        page = ask(after)
        yield from page.rows
        count, after = count + len(page.rows), page.next
        if after is None or count >= EXPORT_LIMIT:
            return


def whole(text: str | None) -> int | None:
    """A number of the address; None for what is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004 digits of an id


@blueprint.get("/overdue", defaults={"view": "overdue"})
@blueprint.get("/due", defaults={"view": "due"})
@blueprint.get("/open", defaults={"view": "open"})
@allow("signed-in")
def tasks(view: str) -> str | Response:
    """Open tasks that are late, due soon, or all; to hand over, urge or extend."""
    known = given(*FILTERS)
    within = known.get("within") if known.get("within") in WITHIN else str(DAYS)

    def ask(after: str | None, limit: int = ROWS) -> engine.Page[engine.InboxRow]:
        return engine.led_tasks(
            reading(),
            me(),
            now=now(),
            late=view == "overdue",
            days=int(within or DAYS) if view == "due" else None,
            office=known.get("office"),
            process=known.get("process"),
            limit_name=known.get("limit"),
            element=known.get("element"),
            version=whole(known.get("version")),
            person=whole(known.get("person")),
            q=known.get("q", ""),
            after=after,
            limit=limit,
        )

    if kind := wanted_format():
        return _task_sheet(everything(lambda after: ask(after, PAGE)), view, kind)
    page = ask(request.args.get("after"))
    kinds = engine.limit_kinds(reading(), me(), now=now(), office=known.get("office"))
    people = engine.person_loads(reading(), me(), now=now(), office=known.get("office"))
    endpoint = "desk_lists.tasks"
    return render_template(
        "desk/tasks.html",
        **shared(endpoint + "." + view),
        view=view,
        title=TITLES[view],
        rows=[{"row": row, "light": late_or_left(row.due, now())} for row in page.rows],
        next=page.next,
        after=request.args.get("after"),
        given=known,
        filtered=any(name in known for name in FILTERS),
        within=within,
        choices={
            "within": [(days, gettext("%(days)s working days", days=days)) for days in WITHIN],
            "process": processes(),
            "limit": list(dict.fromkeys((kind.name, kind.label) for kind in kinds)),
            "person": [("0", gettext("not claimed")), *((one.id, one.name) for one in people)],
        },
        address=lambda **changed: url_for(endpoint, **{"view": view, **known, **changed}),
    )


def _task_sheet(rows: Iterator[engine.InboxRow], view: str, kind: str) -> Response:
    heading = [gettext("Time limit"), gettext("Last day"), gettext("State"), gettext("Step"), gettext("Number"),
               gettext("Title"), gettext("Procedure"), gettext("Office"), gettext("With")]  # fmt: skip
    cells = (
        [row.due.label if row.due else "", row.due.last_day if row.due else None, late_or_left(row.due, now()).text,
         row.name, row.number, row.title, row.process_title, row.office_name,
         row.assignee_name or gettext("not claimed")]
        for row in rows
    )  # fmt: skip
    return _sheet(heading, cells, view, str(TITLES[view]), kind)


def _sheet(heading: Sequence[Any], cells: Iterator[Sequence[Any]], name: str, title: str, kind: str) -> Response:
    return download([heading, *cells], name=name, title=title, kind=kind)


@blueprint.get("/dangerous")
@allow("signed-in")
def dangerous() -> str | Response:
    """Every open case with a level."""
    known = given("level")

    def ask(after: str | None, limit: int = ROWS) -> engine.Page[engine.DangerRow]:
        return engine.dangers(
            reading(), me(), now=now(), office=known.get("office"), level=known.get("level"), after=after, limit=limit
        )

    if kind := wanted_format():
        heading = [gettext("Level"), gettext("Number"), gettext("Title"), gettext("Office"), gettext("Opened"),
                   gettext("Step"), gettext("With"), gettext("Next limit"), ""]  # fmt: skip
        found = (danger(one) for one in everything(lambda after: ask(after, PAGE)))
        cells = (
            [one["row"].level_label, one["row"].number, one["row"].title, one["row"].office_name, one["row"].opened_at,
             one["step"], one["who"], one["row"].due_at, one["next"].text]
            for one in found
        )  # fmt: skip
        return _sheet(heading, cells, "dangerous", gettext("High-impact disputes"), kind)
    page = ask(request.args.get("after"))
    return render_template(
        "desk/dangerous.html",
        **shared("desk_lists.dangerous"),
        dangers={"rows": [danger(row) for row in page.rows], "next": page.next, "at": now()},
        after=request.args.get("after"),
        levels=levels(),
        given=known,
        address=lambda **changed: url_for("desk_lists.dangerous", **{**known, **changed}),
    )


@blueprint.get("/forecast")
@allow("signed-in")
def forecast() -> str | Response:
    """Steps that will probably miss their limit, with what that is based on."""
    known = given("until", "process")
    until_at = _end_of(known.get("until")) or month_end(now())
    found = engine.forecast(
        reading(), me(), until=until_at, now=now(), office=known.get("office"), process=known.get("process")
    )
    if kind := wanted_format():
        heading = [gettext("Number"), gettext("Title"), gettext("Step"), gettext("Office"), gettext("Due"),
                   gettext("So far"), gettext("Chance of missing it"), gettext("Cases it is based on"),
                   gettext("Median"), gettext("Quartiles")]  # fmt: skip
        cells = ([row.number, row.title, row.name, row.office_name, row.due_at, rough(row.lasted),
                  _chance(row), row.past, *_typical(row.typical)] for row in found.misses)  # fmt: skip
        return _sheet(heading, cells, "forecast", gettext("Forecast"), kind)
    return render_template(
        "desk/forecast.html",
        **shared("desk_lists.forecast"),
        found=found,
        last_day=until_at - timedelta(microseconds=1),
        rows=[{"row": row, "left": until(row.due_at, now())} for row in found.misses],
        given=known,
        processes=processes(),
        address=lambda **changed: url_for("desk_lists.forecast", **{**known, **changed}),
    )


def _chance(row: engine.ForecastRow) -> str:
    return f"{(row.chance or 0):.0%}" if row.as_long else gettext("longer than ever")


def _typical(usual: engine.Typical | None) -> tuple[str, str]:
    return (rough(usual.median), between(usual.low, usual.high)) if usual is not None else ("", "")


def _end_of(text: str | None) -> datetime | None:
    try:
        first = datetime.fromisoformat(text[:10]).replace(tzinfo=OFFICE_ZONE) if text else None
        return (first + timedelta(days=1)).astimezone(UTC) if first is not None and first.year > 1 else None
    except (ValueError, OverflowError):
        return None


@blueprint.get("/filings")
@allow("signed-in")
def filings() -> str | Response:
    """Filings and reports of the units that are missing, late or under way."""
    known = given("state", "process")

    def ask(after: str | None, limit: int = ROWS) -> engine.Page[engine.FilingRow]:
        return engine.filings(
            reading(),
            me(),
            now=now(),
            state=known.get("state"),
            process=known.get("process"),
            office=known.get("office"),
            after=after,
            limit=limit,
        )

    if kind := wanted_format():
        heading = [gettext("Office"), gettext("Procedure"), gettext("Period"), gettext("State"), gettext("Due"),
                   gettext("Number")]  # fmt: skip
        cells = ([row.office_name, row.title, row.period, str(FILING_STATES[row.state]), row.due_at, row.number]
                 for row in everything(lambda after: ask(after, PAGE)))  # fmt: skip
        return _sheet(heading, cells, "filings", gettext("Filings of the units"), kind)
    page = ask(request.args.get("after"))
    counts = engine.filing_counts(reading(), me(), now=now(), office=known.get("office"))
    return render_template(
        "desk/filings.html",
        **shared("desk_lists.filings"),
        rows=[{"row": row, "next": until(row.due_at, now())} for row in page.rows],
        next=page.next,
        after=request.args.get("after"),
        given=known,
        states=list(FILING_STATES.items()),
        words=FILING_STATES,
        levels=FILING_LEVELS,
        kinds=list(dict.fromkeys((one.process, one.title) for one in counts)),
        address=lambda **changed: url_for("desk_lists.filings", **{**known, **changed}),
    )


@blueprint.get("/incidents")
@allow("signed-in")
def incidents() -> str:
    """What failed in the cases that are led; an administrator settles it."""
    rows = engine.led_incidents(reading(), me(), office=chosen_office(), limit=200)
    return render_template("desk/incidents.html", **shared("desk_lists.incidents"), rows=rows)
