"""Why this date: the sum behind a time limit, step by step, in words."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, render_template

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.i18n import day, moment, period, translated
from webforms.lights import light
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("limits", __name__)
UNITS = {"wd": "working days", "d": "days", "h": "hours", "m": "months", "s": "seconds"}


def init_app(app: Flask) -> None:
    """Install the page."""
    app.register_blueprint(blueprint)


@blueprint.get("/deadlines/<uuid:deadline_id>")
@allow("signed-in")
def show(deadline_id: UUID) -> str:
    """The page behind every "why this date"."""
    page = engine.deadline_page(reading(), deadline_id, me(), now=now())
    steps = [{"words": words(step), "day": step.day} for step in page.steps]
    in_days = not re.search(r"\d[hs]", page.period, re.IGNORECASE)  # then the hour of the start says nothing
    return render_template("cases/deadline.html", page=page, light=light(page.due, now()), steps=steps, in_days=in_days)


def words(step: engine.Step) -> str:
    """One line of the sum."""
    params = {name: _word(name, value) for name, value in step.params.items()}
    params["day"] = day(step.day, weekday=True) if step.day else ""
    return translated(f"step-{step.code}", str(step), params)


def _word(name: str, value: Any) -> Any:
    """Dates, moments and periods inside a line, for people."""
    if name == "period":
        return period(str(value))
    if name == "unit":
        return gettext(UNITS.get(str(value), str(value)))
    if name in {"first", "last", "nominal", "at"} and value:
        return _date_word(value)
    return value


def _date_word(value: Any) -> str:
    if isinstance(value, Mapping) or not isinstance(value, (str, date)):
        return str(value)
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    if isinstance(read, datetime) and read.tzinfo is not None:
        return moment(read)
    return day(read)
