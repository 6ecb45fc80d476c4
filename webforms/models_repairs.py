"""What can be repaired in a draft that came from elsewhere: each repair in words and on the diagram, done as chosen."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, flash, jsonify, redirect, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.database import carry_out, reading
from webforms.finding_words import said
from webforms.i18n import period, translated
from webforms.models_compare import kinds, marks_of
from webforms.models_text import begun_from
from webforms.security import allow
from webforms.words import gettext, ngettext
from webforms.words import lazy_gettext as _l

WRONG = {
    "repair-executable": _l("It is not marked as the process that runs."),
    "repair-id": _l("Its id cannot be used here."),
    "repair-id-missing": _l("It has no id."),
    "repair-dialect": _l("It says what it does in the words of another product."),
    "repair-dialect-rest": _l("It has settings of another product that have no counterpart here."),
    "repair-task-type": _l("It does not say who does it."),
    "repair-condition-empty": _l("It has a condition that says nothing."),
    "repair-juel": _l("Its expression is in the language of another product."),
    "repair-timer": _l("It does not say how long it waits."),
    "repair-link": _l("It does not say where the link goes on."),
    "repair-flow-target": _l("It ends nowhere."),
    "repair-flow-source": _l("It begins nowhere."),
    "repair-choice": _l("It draws a choice as if all ways were taken."),
    "repair-split": _l("Several ways leave it without a gateway."),
    "repair-labels": _l("Only labels say which way is taken."),
    "repair-default": _l("It is not said which way is taken otherwise."),
    "repair-start": _l("Nothing says where it begins."),
    "repair-end": _l("The way stops without an end."),
}
blueprint = Blueprint("models_repairs", __name__, url_prefix="/models/<int:draft_id>/repair")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def show(draft_id: int) -> str:
    """The repairs there are, and what none of them settles."""
    return _page(engine.draft(reading(), draft_id, me()))


def _page(
    found: engine.ModelFiles, chosen: Collection[str] | None = None, conflict: engine.DraftChanged | None = None
) -> str:
    """Without a choice what says the same in other words is chosen; a guess is for the person to accept."""
    proposals = sorted(engine.proposed_repairs(found.files), key=lambda each: (each.file, each.certain))
    rows = [_row(number, each, chosen) for number, each in enumerate(proposals, 1)]
    picked = {row["id"] for row in rows if row["chosen"]}
    after = engine.apply_repairs(found.files, picked)
    groups = [
        {"name": name, "rows": [row for row in rows if row["file"] == name], "marks": _marks(found, after, name)}
        for name in dict.fromkeys(each.file for each in proposals)
    ]
    settled = engine.apply_repairs(found.files)
    left = engine.refusals(engine.draft_findings(reading(), settled))
    return render_template(
        "models/repair.html",
        found=found,
        row=found.row,
        groups=groups,
        total=len(rows),
        undrawn=engine.undrawn(found.files),
        kinds=kinds(),
        names=engine.element_names(settled),
        left=[{"finding": one, "said": said(one), "known": _draws(found, one)} for one in left[:100]],
        conflict=conflict,
        saved_at=datetime.fromisoformat(conflict.params["at"]) if conflict is not None else None,
        writable=found.may_draw and found.row.state == "open",
    )


def _row(number: int, each: engine.Proposal, chosen: Collection[str] | None) -> dict[str, Any]:
    return {
        "number": number,
        "id": each.id,
        "file": each.file,
        "element": each.element,
        "near": each.near,
        "name": each.params["element"],
        "wrong": WRONG[each.rule],
        "deed": translated(each.rule, each.message, {**each.params, "after": _after(each)}),
        "certain": each.certain,
        "chosen": each.certain if chosen is None else each.id in chosen,
    }


def _after(each: engine.Proposal) -> str:
    return period(each.after) if each.rule == "repair-timer" else each.params["after"]


def _draws(found: engine.ModelFiles, one: engine.Finding) -> bool:
    return bool(one.element) and f'"{one.element}"' in found.files.get(one.file, "")


def _marks(found: engine.ModelFiles, after: dict[str, str], name: str) -> dict[str, str]:
    marks = marks_of(name, engine.compare({name: found.files[name]}, {name: after[name]}))
    return {element: kind for element, kind in marks.items() if kind != "removed"}


@blueprint.get("/after/<path:name>")
@allow("signed-in")
def after(draft_id: int, name: str) -> Response:
    """The diagram as it would be with some repairs done, and what is marked in it."""
    found = engine.draft(reading(), draft_id, me())
    if name not in found.files or not name.endswith(".bpmn"):
        raise engine.NotFound
    repaired = engine.apply_repairs(found.files, request.args.getlist("id"))
    return jsonify({"text": repaired[name], "marks": _marks(found, repaired, name)})


@blueprint.post("")
@allow("signed-in")
def carry_out_chosen(draft_id: int) -> Any:
    """Do what was chosen, or all there is; what somebody else saved meanwhile is looked at first."""
    found = engine.draft(reading(), draft_id, me())
    chosen = None if "all" in request.form else request.form.getlist("id")
    repaired = engine.apply_repairs(found.files, chosen)
    texts = {name: text for name, text in repaired.items() if text != found.files[name]}
    back = redirect(url_for("models_repairs.show", draft_id=draft_id), 303)
    if not texts:
        flash(gettext("Choose at least one repair."), "warning")
        return back
    before = {each.id for each in engine.proposed_repairs(found.files)}
    try:
        carry_out(engine.write_draft_files, actor=me(), draft_id=draft_id, texts=texts, revision=begun_from())
    except engine.DraftChanged as error:
        return _page(engine.draft(reading(), draft_id, me()), before if chosen is None else chosen, error), 409
    done = len(before if chosen is None else before.intersection(chosen))
    flash(ngettext("%(num)d repair is done.", "%(num)d repairs are done.", done), "success")
    return back


@blueprint.post("/drawing")
@allow("signed-in")
def draw(draft_id: int) -> Any:
    """Lay a diagram out anew of which something is not drawn: what an editor does not show nobody can change."""
    found = engine.draft(reading(), draft_id, me())
    name = request.form.get("file", "")
    if name in engine.undrawn(found.files):
        texts = {name: engine.with_drawing(found.files, [name])[name]}
        try:
            carry_out(engine.write_draft_files, actor=me(), draft_id=draft_id, texts=texts, revision=begun_from())
        except engine.DraftChanged as error:
            return _page(engine.draft(reading(), draft_id, me()), conflict=error), 409
        flash(gettext("The diagram is laid out anew."), "success")
    return redirect(url_for("models_repairs.show", draft_id=draft_id), 303)
