"""The diagram of a case with its token, and the same as a table."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, render_template

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.lights import Light
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("diagrams", __name__)
MACHINERY = {  # nothing a person would call a step
    "exclusiveGateway",
    "parallelGateway",
    "inclusiveGateway",
    "eventBasedGateway",
    "scriptTask",
    "businessRuleTask",
    "subProcess",
}


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/cases/<uuid:case_id>/diagram")
@allow("signed-in")
def show(case_id: UUID) -> str:
    """Picture and table."""
    page = engine.diagram(reading(), case_id, me(), now=now())
    case = engine.case_page(reading(), case_id, me(), now=now())
    holders = {task.element: task.assignee_name or f"{task.office_name} · {task.role_name}" for task in case.tasks}
    return render_template("cases/diagram.html", case=case.row, marks=page, steps=steps_of(page, holders))


@blueprint.get("/cases/<uuid:case_id>/diagram.bpmn")
@allow("signed-in")
def source(case_id: UUID) -> Response:
    """The model the case runs on."""
    page = engine.diagram(reading(), case_id, me(), now=now())
    return Response(page.xml, mimetype="application/xml")


def steps_of(page: engine.Diagram, holders: Mapping[str, str]) -> list[dict[str, Any]]:
    """The picture as a table: what a person would call a step, who and when; `holders` are those whose turn it is."""
    return [_step(visit, holders) for visit in page.visits if visit.name and visit.kind not in MACHINERY]


def _step(visit: engine.Visit, holders: Mapping[str, str]) -> dict[str, Any]:
    lights = {
        "done": Light("green", gettext("done")),
        "current": Light("blue", gettext("here now")),
        "late": Light("red", gettext("overdue")),
        "gone": Light("none", gettext("left")),
    }
    who = "" if visit.actor_name in {"clock", "system"} else visit.actor_name
    if visit.state in {"current", "late"}:
        who = holders.get(visit.element, "")
    return {"name": visit.name, "who": who or gettext("automatic"), "at": visit.at, "light": lights[visit.state]}
