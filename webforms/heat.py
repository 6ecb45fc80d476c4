"""The heat map of a procedure: where work piles up and where time goes, on the diagram and as a table."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.desk import shared
from webforms.desk_lists import PAGE, ROWS, everything, given, wanted_format, whole
from webforms.directory import processes
from webforms.i18n import OFFICE_ZONE
from webforms.lights import Light
from webforms.security import allow
from webforms.sheets import download
from webforms.spans import between, rough
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("heat", __name__, url_prefix="/processes/<process>/heat")
MEASURES = {"count": _l("Number of cases"), "duration": _l("Duration"), "overdue": _l("Overdue")}
WAITS = {"us": _l("for us"), "party": _l("for a party"), "court": _l("for the court"), "third": _l("for a third body")}
WHICH = {"now": _l("Here now"), "passed": _l("Completed"), "late": _l("Ended late"), "interrupted": _l("Broken off")}
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
FILTERS = ("version", "measure", "since", "until", "sort", "element", "which")
EVENTS = frozenset(["startEvent", "endEvent", "boundaryEvent", "intermediateThrowEvent"])
Key = Callable[[engine.HeatRow], Any]
SORTS: dict[str, Key] = {
    "now": lambda row: -row.now,
    "late": lambda row: -(row.now_late * 1_000_000 + row.late),
    "passed": lambda row: -row.passed,
    "duration": lambda row: -(row.typical.median if row.typical else timedelta()),
    "total": lambda row: -row.total,
}
HEAT: dict[str, Key] = {
    "count": lambda row: row.now + row.passed,
    "duration": lambda row: row.mean.total_seconds() if row.mean else 0,
    "overdue": lambda row: row.now_late + row.late,
}


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def show(process: str) -> str | Response:
    """Picture and table."""
    known = _known()
    measure = known.get("measure") if known.get("measure") in MEASURES else "count"
    page = engine.heat(
        reading(),
        process,
        me(),
        now=now(),
        version=whole(known.get("version")),
        since=known.get("since"),
        until=known.get("until"),
        office=known.get("office"),
    )
    rows = sorted(page.rows, key=SORTS[known["sort"]]) if known.get("sort") in SORTS else list(page.rows)
    if kind := wanted_format():
        return _sheet(page, rows, kind)
    return render_template(
        "desk/heat.html",
        **shared("heat.show"),
        page=page,
        rows=rows,
        measure=measure,
        measures=MEASURES.items(),
        events=EVENTS,
        versions=[(str(one.id), _version_words(one)) for one in page.versions],
        marks=_marks(page, str(measure)),
        waits=WAITS,
        shares=_shares(page),
        given=known,
        address=lambda **changed: url_for("heat.show", process=process, **{**known, **changed}),
        behind=lambda row, which: _behind(process, known, row, which),
        late_tasks=lambda row: _late_tasks(page, known, row),
    )


@blueprint.get("/model.bpmn")
@allow("signed-in")
def source(process: str) -> Response:
    """The model of the version."""
    version = whole(request.args.get("version"))
    return Response(engine.heat_diagram(reading(), process, me(), version=version), mimetype="application/xml")


@blueprint.get("/stays")
@allow("signed-in")
def stays(process: str) -> str | Response:
    """The cases behind one number of the map."""
    known = _known()
    which = known.get("which") if known.get("which") in WHICH else "now"

    def ask(after: str | None, limit: int = ROWS) -> engine.Page[engine.StayRow]:
        return engine.stays_at(
            reading(),
            process,
            known.get("element", ""),
            me(),
            now=now(),
            which=str(which),
            version=whole(known.get("version")),
            since=_month(known.get("since")),
            until=_month(known.get("until"), later=1),
            office=known.get("office"),
            after=after,
            limit=limit,
        )

    if kind := wanted_format():
        heading = [gettext("Number"), gettext("Title"), gettext("Office"), gettext("Entered"), gettext("Left"),
                   gettext("Duration"), gettext("State")]  # fmt: skip
        cells = ([row.number, row.title, row.office_name, row.entered_at, row.left_at, rough(row.lasted),
                  _state(row).text] for row in everything(lambda after: ask(after, PAGE)))  # fmt: skip
        return download([heading, *cells], name="stays", title=str(WHICH[str(which)]), kind=kind)
    page = ask(request.args.get("after"))
    known["which"] = str(which)
    return render_template(
        "desk/stays.html",
        **shared("heat.stays"),
        process=process,
        title=dict(processes()).get(process, process),
        which=which,
        kinds=WHICH.items(),
        name=page.rows[0].name if page.rows else known.get("element", ""),
        rows=[{"row": row, "light": _state(row)} for row in page.rows],
        next=page.next,
        after=request.args.get("after"),
        given=known,
        back=_back(process, known),
        address=lambda **changed: url_for("heat.stays", process=process, **{**known, **changed}),
    )


def _known() -> dict[str, str]:
    """What of the address shapes the map; a month that is none is left out."""
    found = given(*FILTERS)
    return {name: value for name, value in found.items() if name not in {"since", "until"} or MONTH.fullmatch(value)}


def _narrow(known: dict[str, str]) -> dict[str, str]:
    return {name: known[name] for name in ("version", "since", "until", "office") if name in known}


def _behind(process: str, known: dict[str, str], row: engine.HeatRow, which: str) -> str:
    """The address of the cases behind a number."""
    more: dict[str, Any] = {**_narrow(known), "element": row.element, "which": which}
    return url_for("heat.stays", process=process, **more)


def _late_tasks(page: engine.Heat, known: dict[str, str], row: engine.HeatRow) -> str:
    """The address of the open tasks that are late there."""
    more: dict[str, Any] = {"office": known["office"]} if "office" in known else {}
    more |= {"process": page.process, "element": row.element, "version": page.version.id}
    return url_for("desk_lists.tasks", view="overdue", **more)


def _back(process: str, known: dict[str, str]) -> str:
    more: dict[str, Any] = _narrow(known)
    return url_for("heat.show", process=process, **more)


def _month(text: str | None, later: int = 0) -> datetime | None:
    """The beginning of a month, or of a later one."""
    if not text:
        return None
    year, month = divmod(int(text[:4]) * 12 + int(text[5:]) - 1 + later, 12)
    return datetime(year, month + 1, 1, tzinfo=OFFICE_ZONE).astimezone(UTC) if 1 < year < 9999 else None  # noqa: PLR2004 what dates can hold


def _version_words(one: engine.HeatVersion) -> str:
    words = f"{one.deployed_at.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M} · {one.digest[:8]}"
    return gettext("%(version)s, in use", version=words) if one.active else words


def _state(row: engine.StayRow) -> Light:
    if row.is_late:
        return Light("red", gettext("overdue"))
    if row.left_at is None:
        return Light("blue", gettext("here now"))
    return Light("green", gettext("done")) if row.completed else Light("none", gettext("broken off"))


def _marks(page: engine.Heat, measure: str) -> list[dict[str, Any]]:
    """What the picture shows of each element: a heat of 0 to 100, a badge, what is late, who is awaited."""
    most = max((HEAT[measure](row) for row in page.rows if row.kind != "subProcess"), default=0)
    found = []
    for row in page.rows:
        value = HEAT[measure](row)
        found.append(
            {
                "id": row.element,
                "heat": round(100 * value / most) if most and row.kind != "subProcess" else 0,
                "badge": _badge(row, measure),
                "late": gettext("%(count)s overdue", count=row.now_late) if row.now_late else "",
                "waits": row.waits_for if row.waits_for != "us" else "",
            }
        )
    return found


def _badge(row: engine.HeatRow, measure: str) -> str:
    if measure == "duration":
        usual = row.typical.median if row.typical else row.mean
        return rough(usual) if usual and row.kind not in EVENTS else ""
    if measure == "overdue":
        return gettext("%(count)s late", count=row.late) if row.late else ""
    parts = [gettext("%(count)s now", count=row.now)] if row.now else []
    return " · ".join([*parts, gettext("%(count)s done", count=row.passed)] if row.passed else parts)


def _shares(page: engine.Heat) -> list[dict[str, Any]]:
    """Who is waited for: how many cases now, and which part of the time of what ended."""
    found: dict[str, list[Any]] = {}
    for row in page.rows:
        if row.waits_for:
            sums = found.setdefault(row.waits_for, [0, timedelta()])
            sums[0] += row.now
            sums[1] += row.total
    whole_time = sum((time for _, time in found.values()), timedelta())
    return [
        {"who": WAITS.get(who, who), "now": count, "time": time, "share": time / whole_time if whole_time else 0}
        for who, (count, time) in sorted(found.items(), key=lambda item: -item[1][1])
    ]


def _sheet(page: engine.Heat, rows: list[engine.HeatRow], kind: str) -> Response:
    heading = [gettext("Step"), gettext("Waits"), gettext("Here now"), gettext("Overdue"), gettext("Completed"),
               gettext("Broken off"), gettext("Ended late"), gettext("Median"), gettext("Quartiles"), gettext("Mean"),
               gettext("Days in all")]  # fmt: skip
    cells = [
        [row.name, str(WAITS.get(row.waits_for, row.waits_for)), row.now, row.now_late, row.passed, row.interrupted,
         row.late, rough(row.typical.median) if row.typical else "",
         between(row.typical.low, row.typical.high) if row.typical else "", rough(row.mean),
         round(row.total / timedelta(days=1))]
        for row in rows
    ]  # fmt: skip
    return download([heading, *cells], name=f"heat-{page.process}", title=page.title, kind=kind)
