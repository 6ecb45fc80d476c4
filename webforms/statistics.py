"""Statistics: fixed dashboards over the sums. Every number opens its cases, every chart has its table."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request

import engine
from webforms.auth import me
from webforms.cases import state_light
from webforms.charts import columns, lines, share
from webforms.database import now, reading
from webforms.directory import directory, my_offices
from webforms.figure_tables import (
    bars,
    breakdowns,
    compared,
    file_of,
    heading,
    labels_of,
    rounded,
    series_of,
    table_lines,
    value_of,
)
from webforms.figure_views import Question, asked, number
from webforms.i18n import bracketed
from webforms.security import allow
from webforms.sheets import FORMATS
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("statistics", __name__, url_prefix="/statistics")
TABS = {
    "statistics.index": _l("Volume and results"),
    "statistics.offices": _l("Offices and kinds"),
    "statistics.quality": _l("Time, after-care, escalation"),
    "statistics.table": _l("All figures"),
}
TILES = ("accepted", "closed", "pending", "success_of_closed", "success_of_mediated", "average_days", "overdue")
MONTHLY = ("applied", "accepted", "closed", "agreed", "pending", "success_of_closed", "success_of_mediated")
RESULTS = ("agreed_written", "agreed_oral", "agreed_on_spot", "no_agreement", "withdrawn", "terminated")
BY_OFFICE = ("opening", "accepted", "closed", "pending", "agreed", "success_of_closed", "average_days", "overdue",
             "performance_rate")  # fmt: skip
KINDS = ("accepted_by_category", "accepted_by_matter", "applied_by_source", "groups")
TIME = ("average_days", "closing_rate", "extended", "overdue")
AFTER = ("agreed", "performed", "performance_rate", "unperformed", "confirmation_applied", "confirmed", "notarised",
         "reneged", "visited", "satisfied", "satisfaction_rate")  # fmt: skip
MAJOR = ("major_opening", "major_reported", "major_closed", "major_pending", "major_late")
EXPORT_LIMIT = 10_000


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def index() -> str | Response:
    """Volume and results, month by month, compared with the span before and the year before."""
    question = asked()
    months = [engine.Span(month, month) for month in question.months]
    shown = [question.known.all[each] for each in MONTHLY if each in question.known.all]
    series = question.figures(*MONTHLY, *RESULTS, spans=months)
    rows = [(span, [(each, value_of(series, span, question, each)) for each in shown]) for span in months]
    if (kind := request.args.get("format")) in FORMATS:
        head = [gettext("Month"), *(each.name + bracketed(each.unit) for each in shown)]
        table = [[span.first, *(rounded(each, value) for each, value in cells)] for span, cells in rows]
        return file_of([head, *table], question, "statistics-months", gettext("Volume and results"), kind)
    names = [span.first if len(months) <= 6 else span.first[2:] for span in months]  # noqa: PLR2004 what fits
    volume, rates = ("accepted", "closed"), ("success_of_closed", "success_of_mediated")
    return _page(
        "statistics/index.html",
        question,
        tiles=compared(question, TILES),
        shown=shown,
        rows=rows,
        volume=columns(gettext("Accepted and concluded by month"), names, series_of(question, series, months, *volume)),
        rates=lines(gettext("Success rate by month"), names, series_of(question, series, months, *rates)),
        results=bars(question, RESULTS),
        grounds=breakdowns(question, ["ended_by_ground"]).get("ended_by_ground"),
    )


@blueprint.get("/offices")
@allow("signed-in")
def offices() -> str | Response:
    """Offices beside each other; kinds of disputes, sources, groups."""
    question = asked()
    shown = [question.known.all[each] for each in BY_OFFICE if each in question.known.all]
    reporting = [key for key, _ in my_offices() if directory().offices[key].get("reporting")]
    listed = [question.office] if question.office else reporting or [key for key, _ in my_offices()]
    found = question.figures(*BY_OFFICE, offices=[None, *listed] if not question.office else [question.office])
    rows = [(office, [(each, found[question.span, office, each.id].value) for each in shown]) for office in listed]
    total = [(each, found[question.span, question.office or "", each.id].value) for each in shown]
    if (kind := request.args.get("format")) in FORMATS:
        head = [gettext("Office"), *(each.name + bracketed(each.unit) for each in shown)]
        named = [(directory().office_name(office), cells) for office, cells in rows] + [(gettext("Total"), total)]
        table = [[name, *(rounded(each, value) for each, value in cells)] for name, cells in named]
        return file_of([head, *table], question, "statistics-offices", gettext("Offices and kinds"), kind)
    largest = max((cells[1][1] or Decimal(0) for _, cells in rows), default=Decimal(0))
    return _page(
        "statistics/offices.html",
        question,
        shown=shown,
        rows=[(office, cells, share(cells[1][1], largest)) for office, cells in rows],
        total=total,
        kinds=breakdowns(question, KINDS).values(),
    )


@blueprint.get("/quality")
@allow("signed-in")
def quality() -> str | Response:
    """How long it takes, what became of agreements, what was escalated, who does the work."""
    question = asked()
    force = [each.id for each in question.known.all.values() if each.section == "force" and not each.typed]
    groups = (
        ("time", gettext("Time limits"), TIME, "overdue"),
        ("after", gettext("Performance and follow-up"), AFTER, "visited"),
        ("major", gettext("Escalation"), MAJOR, "major_reported"),
        ("force", gettext("Staff and venues"), tuple(force), ""),
    )
    rows = {row["each"].id: row for row in compared(question, [name for _, _, names, _ in groups for name in names])}
    if (kind := request.args.get("format")) in FORMATS:
        title = gettext("Time, after-care, escalation")
        table = table_lines(question, list(rows.values()))
        return file_of([heading(), *table], question, "statistics-quality", title, kind)
    parts = breakdowns(question, [part for _, _, _, part in groups])
    shown = [(key, words, [rows[n] for n in names if n in rows], parts.get(part)) for key, words, names, part in groups]
    return _page("statistics/quality.html", question, groups=shown)


@blueprint.get("/table")
@allow("signed-in")
def table() -> str | Response:
    """Every figure with its definition, compared; and whether they agree with each other."""
    question = asked()
    rows = compared(question, [each.id for each in question.known.shown])
    if (kind := request.args.get("format")) in FORMATS:
        return file_of([heading(), *table_lines(question, rows)], question, "statistics", gettext("All figures"), kind)
    checks = engine.cross_checks(reading(), me(), period=question.span, office=question.office)
    parts = breakdowns(question, [each.id for each in question.known.shown])
    return _page("statistics/table.html", question, compared=rows, checks=checks, parts=parts)


@blueprint.get("/cases")
@allow("signed-in")
def cases() -> str | Response:
    """The cases behind a number; for what is computed the numbers it is computed from."""
    question = asked()
    each = question.known.all.get(request.args.get("indicator", ""))
    if each is None:
        raise engine.NotFound
    value = request.args.get("value") or None
    label = labels_of(question, each, [value]).get(value, value) if value else ""
    found = question.figures(each.id, *(term.id for term in question.known.terms(each.id)))
    figure = found[question.span, question.office or "", each.id]
    shown = figure.parts.get(value, Decimal(0)) if value else figure.value
    terms = [(term, value_of(found, question.span, question, term)) for term in question.known.terms(each.id)]
    if (kind := request.args.get("format")) in FORMATS and each.count:
        return file_of(list(_all_cases(question, each, value)), question, f"cases-{each.id}", each.name, kind)
    page = _behind(question, each, value, request.args.get("after")) if each.count else None
    return _page(
        "statistics/cases.html",
        question,
        each=each,
        value=value,
        label=label,
        shown=number(each, shown),
        terms=[term for term in terms if not term[0].internal or term[0].count],
        page=page,
        state=state_light,
    )


def _behind(question: Question, each: engine.Indicator, value: str | None, after: str | None, limit: int = 50) -> Any:
    return engine.figure_cases(
        reading(), me(), each.id, period=question.span, office=question.office, value=value, now=now(),
        after=after, limit=limit,
    )  # fmt: skip


def _all_cases(question: Question, each: engine.Indicator, value: str | None) -> Iterator[list[Any]]:
    words = ("Number", "Title", "Office", "Day that counts", "State")
    yield [*(gettext(word) for word in words), *([each.name + bracketed(each.unit)] if each.sum else [])]
    after, count = None, 0
    while count < EXPORT_LIMIT:
        page = _behind(question, each, value, after, 500)
        for found in page.rows:
            row, light = found.row, state_light(found.row)
            amount = [None if found.amount is None else found.amount / each.divide] if each.sum else []
            yield [row.number, row.title, row.office_name, found.day, str(light.text), *amount]
        count, after = count + len(page.rows), page.next
        if after is None:
            return


def _page(template: str, question: Question, **more: Any) -> str:
    return render_template(
        template,
        question=question,
        tabs=TABS.items(),
        offices=my_offices(),
        number=number,
        sees_all=engine.sees_all_cases(reading(), me()),
        stale=engine.needs_recount(reading()),
        **more,
    )
