"""Who is away and who acts for them: recorded by oneself or by the heads; warnings where work goes to somebody away."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import carry_out, now, reading
from webforms.i18n import day, local, translated
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("absences", __name__, url_prefix="/absences")
PERSON = re.compile(r"[0-9]{1,9}")
PLACES = {"first_day": "f-first_day", "last_day": "f-last_day", "deputy": "f-deputy", "reason": "f-reason"}


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals["away"] = away


@blueprint.get("")
@allow("signed-in")
def index() -> str:
    """One's own absences, those of the people one leads, and the form to record another."""
    return _page(_chosen(request.args.get("person", "")))


@blueprint.post("")
@allow("signed-in")
def record() -> Any:
    """Record an absence."""
    given = {name: request.form.get(name, "").strip() for name in ("person", *PLACES)}
    person = _chosen(given["person"]) or me().id or 0
    first, last = _date(given["first_day"]), _date(given["last_day"])
    problems = {
        name: gettext("Enter a date.") for name, value in (("first_day", first), ("last_day", last)) if value is None
    }
    if first is None or last is None:
        return _page(person, given, problems), 422
    try:
        carry_out(
            engine.record_absence,
            actor=me(),
            person_id=person,
            deputy_id=_chosen(given["deputy"]),
            first_day=first,
            last_day=last,
            reason=given["reason"][:200],
        )
    except engine.InvalidAbsence as error:
        problems = {name: translated(p.code, p.message, p.params) for name, p in error.problems.items()}
        return _page(person, given, problems), 422
    flash(gettext("The absence is recorded. It begins and ends by itself."), "success")
    return redirect(url_for("absences.index", person=person if person != me().id else None), 303)


@blueprint.post("/<int:absence_id>/end")
@allow("signed-in")
def end(absence_id: int) -> Response:
    """Call it off, or end it early."""
    carry_out(engine.end_absence, actor=me(), absence_id=absence_id)
    flash(gettext("The absence is over."), "success")
    return redirect(url_for("absences.index"), 303)


def away(people: Mapping[int, str]) -> dict[int, str]:
    """Of these people those who are away today, with words for lists: until when, and who acts for them."""
    if not people:
        return {}
    today = local(now()).date()
    return {
        row.person_id: said(row) for row in engine.absences(reading(), since=today, until=today, people=list(people))
    }


def said(row: engine.AbsenceRow) -> str:
    """An absence in a few words."""
    if row.deputy_name:
        return gettext("away until %(day)s, deputy: %(name)s", day=day(row.last_day), name=row.deputy_name)
    return gettext("away until %(day)s, no deputy", day=day(row.last_day))


def warn_of_absence(case_id: UUID) -> None:
    """Say so when a task of this case is with somebody who is away."""
    for row in engine.absent_assignees(reading(), case_id, now=now()):
        if row.deputy_id != me().id and row.person_id != me().id:
            flash(
                gettext("%(name)s has a task of this case and is %(away)s.", name=row.name, away=said(row)), "warning"
            )


def _page(person: int | None, given: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> str:
    problems = problems or {}
    return render_template(
        "absences.html",
        page=engine.absence_page(reading(), me(), person_id=person, now=now()),
        given=given or {},
        problems=problems,
        summary=[(PLACES[name], words) for name, words in problems.items()],
        today=local(now()).date(),
    )


def _chosen(text: str) -> int | None:
    return int(text) if PERSON.fullmatch(text) else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
