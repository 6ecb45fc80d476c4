"""How much lies with whom: offices, people, and one person's desk."""

from flask import Blueprint, Flask, Response, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.away import away
from webforms.database import now, reading
from webforms.desk import chosen_office, shared
from webforms.desk_lists import wanted_format
from webforms.i18n import listed
from webforms.security import allow
from webforms.sheets import download
from webforms.spans import late_or_left
from webforms.words import gettext

blueprint = Blueprint("desk_load", __name__, url_prefix="/desk/load")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def index() -> str | Response:
    """Offices and people, the most late first."""
    office = chosen_office()
    offices = engine.office_loads(reading(), me(), now=now(), office=office)
    people = engine.person_loads(reading(), me(), now=now(), office=office)
    if kind := wanted_format():
        return _sheet(offices, people, kind)
    return render_template(
        "desk/load.html", **shared("desk_load.index"), by_office=offices, people=people, away=away(people)
    )


def _sheet(offices: tuple[engine.Load, ...], people: tuple[engine.Load, ...], kind: str) -> Response:
    heading = [gettext("Name"), gettext("Office"), gettext("Role"), gettext("Open tasks"), gettext("Overdue"),
               gettext("Due in 5 working days"), gettext("Not claimed"), gettext("Usual working days")]  # fmt: skip
    rows = [
        [load.name, listed(load.offices), listed(load.roles), load.open, load.late, load.due_soon,
         load.unclaimed, load.needed]
        for load in (*offices, *people)
    ]  # fmt: skip
    return download([heading, *rows], name="load", title=gettext("Load"), kind=kind)


@blueprint.get("/<int:person_id>")
@allow("signed-in")
def person(person_id: int) -> str:
    """What lies on one person's desk, to be given to others if need be."""
    found = engine.person_loads(reading(), me(), now=now(), people=[person_id])
    if not found:
        raise engine.NotFound
    page = engine.led_tasks(reading(), me(), now=now(), person=person_id, after=request.args.get("after"))
    return render_template(
        "desk/person.html",
        **shared("desk_load.index"),
        load=found[0],
        away=away(found),
        rows=[{"row": row, "light": late_or_left(row.due, now())} for row in page.rows],
        next=page.next,
        after=request.args.get("after"),
        address=lambda **changed: url_for("desk_load.person", person_id=person_id, **changed),
    )
