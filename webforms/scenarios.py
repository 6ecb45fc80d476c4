"""The scenarios of a draft: what they are, what came of playing them, and where they went on the diagram."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import engine
from webforms.auth import me
from webforms.database import reading
from webforms.i18n import listed
from webforms.lights import Light
from webforms.rehearsals import POLL, Running, rehearsals
from webforms.scenario_files import ScenarioFile, acts_in, scenario_files
from webforms.scenario_words import Teller
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("scenarios", __name__, url_prefix="/models/<int:draft_id>")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/scenarios")
@allow("signed-in")
def index(draft_id: int) -> Response:
    """All of them, with the diagram they travelled."""
    found = engine.draft(reading(), draft_id, me())
    teller = teller_of(found)
    results = results_of(found)
    chosen = request.args.get("show", "")
    chosen = chosen if chosen in results else ""
    own = [_line(file, file.name, results, teller) for file in scenario_files(found.files)]
    others = [_line(file, name, results, teller) for name, file in neighbours(found, teller)]
    unreached = _unreached(found.trial, teller)
    page = render_template(
        "models/scenarios.html",
        found=found,
        row=found.row,
        own=own,
        others=others,
        chosen=chosen,
        chosen_title=results[chosen]["title"] or chosen if chosen else "",
        diagram=next((name for name in sorted(found.files) if name.endswith(".bpmn")), ""),
        marks=_marks(found.trial, results, chosen),
        missed=_missed(found.trial, teller),
        unreached=unreached,
        unreached_at=[] if chosen else [element for one in unreached for element, _ in one["at"]],
        may_try=found.may_draw and current_app.config["PLAYS"] is not None,
        seconds=round(sum(float(one["seconds"]) for one in results.values())),
        **trial_state(found),
    )
    answer = make_response(page)
    if "HX-Request" in request.headers and _running(found) is None:
        answer.headers["HX-Refresh"] = "true"  # what has come of them is all over the page
    return answer


@blueprint.post("/trial")
@allow("signed-in")
def play(draft_id: int) -> AnyResponse:
    """Play the scenarios, beside this request."""
    found = engine.draft(reading(), draft_id, me())
    if not found.may_draw:
        raise engine.NotFound
    if current_app.config["REHEARSE"] is not None:
        app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 its documented use
        rehearsals().start(app, found, me())
    return redirect(url_for("scenarios.index", draft_id=draft_id), 303)


def trial_state(found: engine.ModelFiles) -> dict[str, Any]:
    """What a page says of the playing: how far it is, why it failed, whether it can be asked for."""
    problem = rehearsals().failed.get(found.row.id, "")
    return {
        "running": None if problem else _running(found),
        "trial_problem": problem,
        "may_play": current_app.config["REHEARSE"] is not None,
        "poll": POLL,
    }


def _running(found: engine.ModelFiles) -> Running | None:
    """How far the playing is, unless the page sees what came of it."""
    running = rehearsals().now(found.row.id)
    is_seen = found.trial.get("digest") == engine.behaviour_digest(found.files)
    return None if running is None or (running.ended and is_seen) else running


def teller_of(found: engine.ModelFiles) -> Teller:
    """Who tells the scenarios of a draft: the draft stands in the place of its process."""
    models = engine.models_in_force(reading(), me())
    return Teller(found.row.process, {**models, found.row.process: found.files}, engine.directory(reading()))


def results_of(found: engine.ModelFiles) -> dict[str, Mapping[str, Any]]:
    """The last result of every scenario, by name; those of other processes begin with the process."""
    return {one["name"]: one for one in found.trial.get("scenarios", ())}


def neighbours(found: engine.ModelFiles, teller: Teller) -> list[tuple[str, ScenarioFile]]:
    """The scenarios of other processes that act in a case of this one, by the name they have in results."""
    process = found.row.process
    mention = f'"{process}"'
    return [
        (f"{other}/{file.name}", file)
        for other, files in sorted(teller.models.items())
        if process and other != process
        for file in scenario_files({name: text for name, text in files.items() if mention in text})
        if acts_in(file, process)
    ]


def result_light(file: ScenarioFile, result: Mapping[str, Any] | None) -> Light:
    """What is known of a scenario."""
    if file.problem:
        return Light("red", gettext("Cannot be read"))
    if result is None:
        return Light("none", gettext("Not played yet"))
    if result.get("text", file.digest) != file.digest:
        return Light("orange", gettext("Changed since it was played"))
    if result["problems"]:
        return Light("red", gettext("Does not hold"))
    return Light("green", gettext("Holds"))


def _line(file: ScenarioFile, name: str, results: Mapping[str, Any], teller: Teller) -> dict[str, Any]:
    process = name.rpartition("/")[0] or teller.process
    result = results.get(name)
    return {
        "file": file,
        "name": name,
        "process": teller.title(process) if process != teller.process else "",
        "covers": listed(teller.label("outcomes", each, process) for each in file.covers),
        "light": result_light(file, result),
        "result": result,
        "has_path": bool(result and result.get("flows")),
    }


def _marks(trial: Mapping[str, Any], results: Mapping[str, Any], chosen: str) -> dict[str, Any]:
    """What the picture shows: how often each flow was travelled, and what nobody reaches."""
    if chosen:
        return {"flows": results[chosen].get("flows", {}), "missed": [], "words": gettext("%(count)s times")}
    counted: Counter[str] = Counter()
    for one in results.values():
        counted.update(one.get("flows", {}).keys())
    words = gettext("%(count)s scenarios")
    return {"flows": counted, "missed": list(trial.get("missed", ())), "words": words}


def _missed(trial: Mapping[str, Any], teller: Teller) -> list[dict[str, str]]:
    """The flows that no scenario travels, in words."""
    definition = teller.definition(teller.process)
    flows = definition.diagram.flows if definition is not None else {}
    return [
        {
            "id": name,
            "source": teller.element(flows[name].source) if name in flows else name,
            "target": teller.element(flows[name].target) if name in flows else "",
            "name": flows[name].name if name in flows else "",
            "condition": (flows[name].condition or "").removeprefix("=") if name in flows else "",
        }
        for name in trial.get("missed", ())
    ]


def _unreached(trial: Mapping[str, Any], teller: Teller) -> list[dict[str, Any]]:
    """The outcomes that no scenario comes to, with where the diagram names them: (element, its name)."""
    definition = teller.definition(teller.process)
    at: dict[str, list[tuple[str, str]]] = {}
    for node in definition.diagram.elements.values() if definition is not None else ():
        at.setdefault(node.properties.get("outcome", ""), []).append((node.id, node.name or node.id))
    names: Sequence[str] = trial.get("unreached", ())
    return [{"label": teller.label("outcomes", name), "at": at.get(name, [])} for name in names]
