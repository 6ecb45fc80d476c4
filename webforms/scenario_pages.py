"""One scenario of a draft: told in words, with what came of it; its expectations are edited here."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import carry_out, reading
from webforms.i18n import listed, translated
from webforms.scenario_files import (
    NotReadable,
    ScenarioFile,
    is_takeable,
    path_of,
    scenario_file,
    taken_over,
    with_expectation,
    with_head,
)
from webforms.scenario_form import as_typed, expectation_form, read_expectation
from webforms.scenario_steps import told_failure, told_steps
from webforms.scenario_words import Teller
from webforms.scenarios import neighbours, result_light, results_of, teller_of, trial_state
from webforms.security import allow
from webforms.words import gettext

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
TITLE = 200  # characters
DIGITS = 9
blueprint = Blueprint("scenario_pages", __name__, url_prefix="/models/<int:draft_id>/scenarios")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/<path:name>")
@allow("signed-in")
def show(draft_id: int, name: str) -> str:
    """The scenario; `edit` is the number of the step whose expectation is edited."""
    return _page(draft_id, name)


@blueprint.post("/<path:name>")
@allow("signed-in")
def change(draft_id: int, name: str) -> Any:
    """Change it, as the button says."""
    found = engine.draft(reading(), draft_id, me())
    if path_of(name) not in found.files or request.form.get("do") not in DEEDS:
        raise engine.NotFound
    file = scenario_file(name, found.files[path_of(name)])
    try:
        return DEEDS[request.form["do"]](found, file)
    except NotReadable:
        return _page(
            draft_id, name, {"": gettext("This does not fit the scenario as it is now. Look at it again.")}
        ), 422
    except engine.DraftChanged as error:
        at = datetime.fromisoformat(error.params["at"])
        return _page(draft_id, name, changed=(error.params["who"], at)), 409
    except engine.BundleRefused as error:
        return _page(draft_id, name, {"": translated(error.code, str(error), error.params)}), 422


def _page(
    draft_id: int, name: str, problems: Mapping[str, str] | None = None, changed: tuple[str, datetime] | None = None
) -> str:
    found = engine.draft(reading(), draft_id, me())
    teller = teller_of(found)
    file, process = _file(found, teller, name)
    result = results_of(found).get(name)
    is_own = process == teller.process
    is_played = result is not None and result.get("text") == file.digest
    failures = result.get("failures", []) if result is not None and is_played else []
    steps = told_steps(teller, file, failures, process)
    edited = _number(request.values.get("edit", ""))
    writable = is_own and found.may_draw and found.row.state == "open" and not file.problem
    whole = [told for n, one in enumerate(failures) if one["step"] == 0
             for told in told_failure(teller, one, str(n), process)]  # fmt: skip
    return render_template(
        "models/scenario.html",
        found=found,
        row=found.row,
        file=file,
        name=name,
        path=path_of(name),
        light=result_light(file, result),
        result=result,
        is_own=is_own,
        writable=writable,
        process_title="" if is_own else teller.title(process),
        facts=_facts(teller, file, process),
        begun=teller.answers(file.document.get("start", {}), process, _start_form(teller, process)),
        steps=steps,
        whole=whole,
        takeable=any(one.takeable for one in [*whole, *(each for step in steps for each in step.failures)]),
        edited=edited if writable and 0 < edited <= len(steps) else 0,
        form=_form(teller, file, process, edited) if writable and 0 < edited <= len(steps) else None,
        outcomes=_outcomes(teller, file, process),
        diagram=next((each for each in sorted(found.files) if each.endswith(".bpmn")), ""),
        revision=found.row.revision,
        problems=dict(problems or {}),
        changed=changed,
        typed=request.form,
        **trial_state(found),
    )


def _file(found: engine.ModelFiles, teller: Teller, name: str) -> tuple[ScenarioFile, str]:
    """The scenario and its process. Raises NotFound."""
    if path_of(name) in found.files:
        return scenario_file(name, found.files[path_of(name)]), teller.process
    other = dict(neighbours(found, teller)).get(name)
    if other is None:
        raise engine.NotFound
    return other, name.rpartition("/")[0]


def _facts(teller: Teller, file: ScenarioFile, process: str) -> list[tuple[str, str]]:
    """What is known before the first step."""
    told = file.document
    rows = [
        (gettext("Office"), teller.known.office_name(str(told.get("office", "")))),
        (gettext("Begins at"), str(told.get("at", "")).replace("T", " ")),
        (gettext("Opened by"), teller.role(str(told.get("by", "")))),
        (gettext("Opened by the calendar"), str(told.get("open", ""))),
        (gettext("Happened before"), listed(map(str, told["after"])) if isinstance(told.get("after"), list) else ""),
        (gettext("Must come to"), listed(teller.label("outcomes", each, process) for each in file.covers)),
    ]
    return [(label, words) for label, words in rows if words]


def _start_form(teller: Teller, process: str) -> str:
    found = teller.definition(process)
    start = found.manifest.get("start") if found is not None else None
    return str(start.get("form", "")) if isinstance(start, Mapping) else ""


def _outcomes(teller: Teller, file: ScenarioFile, process: str) -> list[tuple[str, str]]:
    found = teller.definition(process)
    rows = found.manifest.get("outcomes") if found is not None else None
    names = dict.fromkeys([*(rows if isinstance(rows, Mapping) else ()), *file.covers])
    return [(name, teller.label("outcomes", name, process)) for name in names]


def _form(teller: Teller, file: ScenarioFile, process: str, number: int) -> Any:
    """The form of a step's expectation: as it was typed where that could not be kept, else as the file has it."""
    step = file.steps[number - 1]
    where = str(step.get("process", "")) or process
    expect: Mapping[str, Any] = step.get("expect", {})
    if request.form.get("do") == "expect":
        typed = request.form.to_dict(flat=False)
        return as_typed(expectation_form(teller, where, read_expectation(typed, expect, teller, where)[0]), typed)
    return expectation_form(teller, where, expect)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else 0


def _save(found: engine.ModelFiles, texts: Mapping[str, str | None], name: str, said: str, at: str = "") -> Response:
    """Write files of the draft and go back to the scenario, or to all of them where it is gone."""
    revision = _number(request.form.get("revision", ""))
    carry_out(engine.write_draft_files, actor=me(), draft_id=found.row.id, texts=texts, revision=revision)
    flash(said, "success")
    if not name:
        return redirect(url_for("scenarios.index", draft_id=found.row.id), 303)
    return redirect(url_for("scenario_pages.show", draft_id=found.row.id, name=name) + at, 303)


def _accept(found: engine.ModelFiles, file: ScenarioFile) -> Any:
    """What happened becomes what is expected, where it was ticked."""
    result = results_of(found).get(file.name)
    if result is None or result.get("text") != file.digest:
        raise NotReadable
    marks = {_number(mark) for mark in request.form.getlist("take") if mark.isascii() and mark.isdigit()}
    taken = [one for n, one in enumerate(result.get("failures", ())) if n in marks and is_takeable(one)]
    if not taken:
        return _page(found.row.id, file.name, {"take": gettext("Tick what is to be expected from now on.")}), 422
    text = taken_over(file.text, taken)
    return _save(found, {path_of(file.name): text}, file.name, gettext("Written. Play the scenarios again."))


def _expect(found: engine.ModelFiles, file: ScenarioFile) -> Any:
    number = _number(request.form.get("edit", ""))
    if not 1 <= number <= len(file.steps):
        raise NotReadable
    step = file.steps[number - 1]
    teller = teller_of(found)
    process = str(step.get("process", "")) or teller.process
    expect, problems = read_expectation(request.form.to_dict(flat=False), step.get("expect", {}), teller, process)
    if problems:
        return _page(found.row.id, file.name, problems), 422
    text = with_expectation(file.text, number, expect or None)
    return _save(found, {path_of(file.name): text}, file.name, gettext("Saved."), f"#step-{number}")


def _unexpect(found: engine.ModelFiles, file: ScenarioFile) -> Any:
    text = with_expectation(file.text, _number(request.form.get("edit", "")), None)
    return _save(found, {path_of(file.name): text}, file.name, gettext("Removed."))


def _head(found: engine.ModelFiles, file: ScenarioFile) -> Any:
    title = request.form.get("title", "").strip()
    if not title or len(title) > TITLE:
        words = gettext("Enter a title of %(count)s characters at most.", count=TITLE)
        return _page(found.row.id, file.name, {"title": words}), 422
    text = with_head(file.text, title, request.form.getlist("covers"))
    return _save(found, {path_of(file.name): text}, file.name, gettext("Saved."))


def _copy(found: engine.ModelFiles, file: ScenarioFile) -> Any:
    name = request.form.get("copy", "").strip()
    if not NAME.fullmatch(name):
        words = gettext("A name has lower-case letters, digits and underscores, and begins with a letter.")
        return _page(found.row.id, file.name, {"copy": words}), 422
    if path_of(name) in found.files:
        return _page(found.row.id, file.name, {"copy": gettext("There is a scenario of this name already.")}), 422
    title = gettext("%(title)s (copy)", title=file.title or file.name)
    text = file.text if file.problem else with_head(file.text, title, file.covers)
    return _save(found, {path_of(name): text}, name, gettext("Copied."))


def _remove(found: engine.ModelFiles, file: ScenarioFile) -> Any:
    return _save(found, {path_of(file.name): None}, "", gettext("Removed."))


DEEDS: Mapping[str, Callable[[engine.ModelFiles, ScenarioFile], Any]] = {
    "accept": _accept,
    "expect": _expect,
    "unexpect": _unexpect,
    "head": _head,
    "copy": _copy,
    "remove": _remove,
}
