"""Element templates: the kinds of steps this house draws, for the modeler in the browser and on the desk.

The format is the one Camunda Modeler reads (element templates, JSON). The same attributes can be typed by hand; a
template only asks for what matters, in Chinese, with what the folder has to choose from.
"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

import engine
from webforms.database import reading
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("element_templates", __name__)
VERSION = 1


def init_app(app: Flask) -> None:
    """Install the page."""
    app.register_blueprint(blueprint)


@blueprint.get("/modeler/templates.json")
@allow("signed-in")
def show() -> Response:
    """The templates with the roles of the house; `?version=` adds forms, decisions and limits of that version."""
    version = request.args.get("version", type=int)
    files = engine.published_model(reading(), version).files if version is not None else {}
    return jsonify(element_templates(engine.model_choices(reading(), files)))


def element_templates(choices: engine.ModelChoices) -> list[dict[str, Any]]:
    """Human step, document, legal deadline, notice, decision and escalation."""
    role = _choice(gettext("Role"), choices.roles, _attribute("camunda:candidateGroups"), needed=True)
    form = _choice(gettext("Form"), choices.forms, _attribute("camunda:formRef"))
    bound = {"type": "Hidden", "value": "deployment", "binding": _attribute("camunda:formRefBinding")}
    due = _text(gettext("To be done within, e.g. 5wd"), _attribute("camunda:dueDate"))
    deadline = _choice(gettext("Legal time limit"), choices.deadlines, _own("deadline"))
    law = _text(gettext("Legal basis"), _own("law"), needed=True)
    payload = _text(gettext("Content (FEEL)"), _own("payload"), needed=True)
    external = {"type": "Hidden", "value": "external", "binding": _attribute("camunda:type")}
    notify = {"type": "Hidden", "value": "notify", "binding": _attribute("camunda:topic")}
    decision = _choice(gettext("Decision"), choices.decisions, _attribute("camunda:decisionRef"), needed=True)
    result = _text(gettext("Result becomes the fact"), _attribute("camunda:resultVariable"), needed=True)
    mapping = _choice(
        gettext("Shape of the result"),
        [("singleEntry", gettext("one value")), ("singleResult", gettext("one row")),
         ("collectEntries", gettext("list of values")), ("resultList", gettext("list of rows"))],
        _attribute("camunda:mapDecisionResult"),
    )  # fmt: skip
    paper = _choice(gettext("Document"), choices.papers, _own("paper"), needed=True)
    level = _text(gettext("What is reported (FEEL)"), _own("payload"), needed=True)
    return [
        _template("human_step", gettext("Human step"), ["bpmn:Task", "bpmn:UserTask"], "bpmn:UserTask",
                  [role, form, bound, due, deadline, law]),
        _template("document", gettext("Document"), ["bpmn:Task", "bpmn:UserTask"], "bpmn:UserTask",
                  [role, form, bound, paper, due, law]),
        _template("legal_deadline", gettext("Legal time limit"), ["bpmn:BoundaryEvent"], "", [deadline, law]),
        _template("notice", gettext("Notice to people"), ["bpmn:Task", "bpmn:ServiceTask"], "bpmn:ServiceTask",
                  [external, notify, payload, law]),
        _template("decision", gettext("Decision"), ["bpmn:Task", "bpmn:BusinessRuleTask"], "bpmn:BusinessRuleTask",
                  [decision, result, mapping, law]),
        _template("escalation", gettext("Escalation"), ["bpmn:IntermediateThrowEvent"], "", [level, law]),
    ]  # fmt: skip


def _template(
    key: str, name: str, applies_to: Sequence[str], becomes: str, properties: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": f"tiaojie.{key}",
        "name": name,
        "version": VERSION,
        "appliesTo": list(applies_to),
        "properties": list(properties),
    }
    return made | ({"elementType": {"value": becomes}} if becomes else {})


def _attribute(name: str) -> dict[str, str]:
    return {"type": "property", "name": name}


def _own(name: str) -> dict[str, str]:
    return {"type": "camunda:property", "name": name}


def _text(label: str, binding: dict[str, str], *, needed: bool = False) -> dict[str, Any]:
    return {"label": label, "type": "String", "binding": binding} | _constraints(binding, needed)


def _choice(
    label: str, choices: Sequence[tuple[str, str]], binding: dict[str, str], *, needed: bool = False
) -> dict[str, Any]:
    """A list to choose from, or a line to type in where there is nothing to choose from yet."""
    if not choices:
        return _text(label, binding, needed=needed)
    offered = [{"value": value, "name": words} for value, words in choices]
    return {"label": label, "type": "Dropdown", "choices": offered, "binding": binding} | _constraints(binding, needed)


def _constraints(binding: dict[str, str], needed: bool) -> dict[str, Any]:
    """What is not needed and not filled in is not written into the diagram."""
    if needed:
        return {"constraints": {"notEmpty": True}}
    return {"optional": True} if binding["type"] == "camunda:property" else {}
