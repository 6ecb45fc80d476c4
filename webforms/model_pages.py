"""What the pages of a model's files share, whether the model is published or a draft: pictures, trials, previews."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from flask import Response, make_response, render_template, request

import engine
from webforms.auth import me
from webforms.blocks import FormView
from webforms.database import now, reading
from webforms.fields import view
from webforms.finding_words import said
from webforms.rows import rows_changed
from webforms.security import POLICY
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

STYLED = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
GIVEN = "in."  # prefix of the values of a trial in the address
PREVIEWS = ("interactive", "handler", "printed")
KINDS = {".bpmn": "bpmn", ".dmn": "dmn", ".form": "form"}
STEPS = {
    "userTask": _l("Human step"),
    "manualTask": _l("Manual step"),
    "businessRuleTask": _l("Decision"),
    "serviceTask": _l("Service"),
    "scriptTask": _l("Computation"),
    "sendTask": _l("Message sent"),
    "receiveTask": _l("Message awaited"),
    "callActivity": _l("Called procedure"),
    "subProcess": _l("Sub-process"),
    "boundaryEvent": _l("Event at a step"),
    "startEvent": _l("Start"),
    "endEvent": _l("End"),
    "intermediateCatchEvent": _l("Awaited event"),
    "intermediateThrowEvent": _l("Event"),
    "exclusiveGateway": _l("Choice"),
    "parallelGateway": _l("In parallel"),
    "inclusiveGateway": _l("Any of several"),
    "eventBasedGateway": _l("What happens first"),
}


@dataclass(frozen=True)
class Opened:
    """One file of a model, and where its pages are: `base` is the address of the version or the draft."""

    title: str
    files: Mapping[str, str]
    name: str
    base: str
    verb: str  # the page its files open on: `view` or `edit`
    has_overview: bool  # whether the page of the whole version or draft is open to this person

    @property
    def text(self) -> str:
        """The content of the file."""
        return self.files[self.name]

    @property
    def kind(self) -> str:
        """Which editor or viewer it has: bpmn, dmn, form or text."""
        return KINDS.get(PurePosixPath(self.name).suffix, "text")

    def address(self, page: str, name: str = "") -> str:
        """The address of a page about a file of the model."""
        return f"{self.base}/{page}/{name or self.name}"


def opened(title: str, files: Mapping[str, str], name: str, base: str, verb: str) -> Opened:
    """The file. Raises NotFound."""
    if name not in files:
        raise engine.NotFound
    return Opened(title, files, name, base, verb, engine.sees_models(reading(), me()))


def styled(page: str) -> Response:
    """A page whose drawing libraries write style sheets and attributes at run time.

    The modeler, the decision tables and the forms of bpmn.io build `style` attributes and elements from strings, which
    `style-src 'self'` would drop: their pages, and only those, allow inline styles. Scripts stay as strict as anywhere.
    """
    answer = make_response(page)
    answer.headers["Content-Security-Policy"] = STYLED
    return answer


def source(file: Opened) -> Response:
    """The text of the file, never run or shown as a page."""
    answer = Response(file.text, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def trial(file: Opened) -> engine.DecisionTrial:
    """The try-out of a decision with the values of the address."""
    typed = {name.removeprefix(GIVEN): value for name, value in request.args.items() if name.startswith(GIVEN)}
    decision = request.args.get("decision", "")
    return engine.try_decision(file.files, file.name, decision, typed or None, now=now())


def in_text(value: Any) -> str:
    """A value of a decision as one would write it."""
    if isinstance(value, str):
        return value
    return "—" if value is None else json.dumps(value, ensure_ascii=False)


def steps(files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every element of the diagram in words: the twin of the picture for those who cannot see or click it."""
    try:
        diagram = engine.define(files).diagram
    except engine.InvalidDefinition:
        return []
    choices = engine.model_choices(reading(), files)
    words = {key: dict(getattr(choices, key)) for key in ("roles", "forms", "decisions", "deadlines")}
    found = []
    for one in diagram.elements.values():
        said = [
            (gettext("Role"), words["roles"].get(one.role, one.role)),
            (gettext("Form"), words["forms"].get(one.form, one.form)),
            (gettext("Decision"), words["decisions"].get(one.decision, one.decision)),
            (gettext("To be done within"), one.due),
            (gettext("Timer"), one.timer),
            (gettext("Legal time limit"), words["deadlines"].get(*[one.properties.get("deadline", "")] * 2)),
            (gettext("Legal basis"), one.properties.get("law", "")),
            (gettext("Explanation"), one.documentation),
        ]
        row = {"id": one.id, "name": one.name or one.id, "kind": STEPS.get(one.kind, one.kind), "form": one.form}
        found.append(row | {"said": [(label, value) for label, value in said if value]})
    return found


def preview(file: Opened) -> str | Response:
    """A form as the browser renders it, as the handler sees it, or as it is printed to be filled in by hand."""
    chosen = request.args.get("as", "")
    chosen = chosen if chosen in PREVIEWS else PREVIEWS[0]
    try:
        form = engine.define(file.files).form(file.name.removeprefix("forms/").removesuffix(".form"))
    except engine.InvalidDefinition as error:
        findings = [(finding.element, said(finding)[0]) for finding in error.findings]
        return render_template("models/preview.html", file=file, chosen=chosen, findings=findings, form=None)
    if chosen == "interactive":
        data = {each.values_key: _options(each.values_key) for each in form.questions if each.values_key}
        page = render_template("models/preview.html", file=file, chosen=chosen, form=form, data=data)
        return styled(page)
    drawn = _drawn(form)
    if chosen == "printed":
        return render_template("models/printed.html", file=file, blocks=drawn.blocks)
    return render_template("models/preview.html", file=file, chosen=chosen, form=form, drawn=drawn)


def _drawn(form: engine.Form) -> FormView:
    raw = engine.decode(list(request.form.items(multi=True)))
    changed = rows_changed(form, raw, request.form)
    return view(form, raw if changed is None else changed, {}, _source(), now=now())


def _options(key: str) -> list[dict[str, str]]:
    return [{"value": str(option.value), "label": option.label} for option in _source()(key)]


def _source() -> Any:
    """Where choices come from: what the person who looks at it would be offered."""
    office = next((office for _, office in sorted(me().roles)), "")
    return engine.options_for(reading(), engine.directory(reading()), office, me(), now=now())
