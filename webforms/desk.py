"""The supervisor's desk: what is dangerous, late, due soon, likely to be late, missing, and how much lies with whom."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.away import away
from webforms.database import now, reading
from webforms.directory import processes
from webforms.i18n import OFFICE_ZONE, local
from webforms.security import allow
from webforms.spans import between, rough, span, until

blueprint = Blueprint("desk", __name__, url_prefix="/desk")
SHOWN = 8  # rows of a block; the rest is one click away
DAYS = 5  # working days that count as soon


def init_app(app: Flask) -> None:
    """Install the page, and words for lengths of time."""
    app.register_blueprint(blueprint)
    app.jinja_env.filters.update(span=span, rough=rough)
    app.jinja_env.globals.update(between=between)


@blueprint.get("")
@allow("signed-in")
def index() -> str:
    """Everything at a glance; every number opens its list."""
    office = chosen_office()
    kinds = engine.limit_kinds(reading(), me(), now=now(), office=office)
    outlook = engine.forecast(reading(), me(), until=month_end(now()), now=now(), office=office)
    by_office = office is None and len(engine.led_offices(reading(), me())) > 1
    loads = (engine.office_loads if by_office else engine.person_loads)(reading(), me(), now=now(), office=office)
    filings = engine.filing_counts(reading(), me(), now=now(), office=office)
    return render_template(
        "desk/index.html",
        **shared("desk.index"),
        dangers=danger_rows(office),
        kinds=kinds,
        late=sum(kind.late for kind in kinds),
        soon=sum(kind.due[-1] for kind in kinds),
        outlook=outlook,
        misses=[{"row": row, "left": until(row.due_at, now())} for row in outlook.misses[:SHOWN]],
        by_office=by_office,
        loads=loads[:SHOWN],
        away={} if by_office else away(loads[:SHOWN]),
        load_count=len(loads),
        filings=filings,
        missing=sum(one.missing for one in filings),
        behind=sum(one.late for one in filings),
        incidents=engine.led_incidents(reading(), me(), office=office, limit=SHOWN + 1),
        maps=processes(),
        shown=SHOWN,
    )


@blueprint.get("/dangerous/now")
@allow("signed-in")
def danger_block() -> str:
    """The dangerous cases alone: what the open page asks for every half minute."""
    return render_template("desk/dangers.html", dangers=danger_rows(chosen_office()), **shared("desk.index"))


def danger_rows(office: str | None, after: str | None = None, limit: int = SHOWN) -> dict[str, Any]:
    """Open cases with a level, with what is due next and who has it."""
    page = engine.dangers(reading(), me(), now=now(), office=office, after=after, limit=limit)
    return {"rows": [danger(row) for row in page.rows], "next": page.next, "at": now()}


def danger(one: engine.DangerRow) -> dict[str, Any]:
    """A dangerous case as lists show it."""
    task = one.task
    who = (task.assignee_name or f"{task.office_name} · {task.role_name}") if task is not None else ""
    return {
        "row": one.row,
        "level": {"label": one.row.level_label, "colour": one.row.level_colour},
        "age": now() - one.row.opened_at,
        "next": until(one.row.due_at, now()),
        "step": (task.name or task.element) if task is not None else "",
        "who": who,
        "others": one.others,
    }


def shared(endpoint: str) -> dict[str, Any]:
    """What every page of the desk needs: the offices to choose from, the chosen one, and addresses that keep it."""
    office = chosen_office()
    kept = {"office": office} if office else {}
    return {
        "offices": engine.led_offices(reading(), me()),
        "office": office or "",
        "here": endpoint,
        "kept": kept,
        "to": lambda name, **more: url_for(name, **{**kept, **more}),
    }


def chosen_office() -> str | None:
    """The office in the address, if it is one that is led."""
    wanted = request.args.get("office", "").strip()
    return wanted if wanted and wanted in dict(engine.led_offices(reading(), me())) else None


def month_end(moment: datetime) -> datetime:
    """The end of this month on the offices' clock."""
    today = local(moment)
    last = today.replace(day=monthrange(today.year, today.month)[1], hour=0, minute=0, second=0, microsecond=0)
    return (last.replace(tzinfo=OFFICE_ZONE) + timedelta(days=1)).astimezone(UTC)
