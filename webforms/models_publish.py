"""One draft: its files, what the checks and the scenarios say, handing it in, and the decision of a second person."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import carry_out, now, reading
from webforms.finding_words import said
from webforms.i18n import clauses, translated
from webforms.models import state_light
from webforms.scenarios import trial_state
from webforms.security import allow
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

DECISIONS = {
    "open": _l("Waits for a decision"),
    "approved": _l("Is approved"),
    "refused": _l("Sent back"),
    "withdrawn": _l("Taken back"),
    "published": _l("Is published"),
    "failed": _l("Could not be published"),
}
blueprint = Blueprint("models_publish", __name__, url_prefix="/models/<int:draft_id>")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def show(draft_id: int) -> str:
    """Everything about a draft on one page."""
    return _page(draft_id, {})


def _page(draft_id: int, problems: dict[str, str]) -> str:
    found = engine.draft(reading(), draft_id, me())
    findings, gates = engine.draft_checks(reading(), draft_id, me())
    return render_template(
        "models/draft.html",
        found=found,
        row=found.row,
        light=state_light(found.row.state),
        findings=[(one, said(one)) for one in sorted(findings, key=lambda finding: finding.level == "warning")],
        gates=[(gate.code, translated(gate.code, gate.message, gate.params)) for gate in gates],
        editor="model_edit.edit" if "model_edit.edit" in current_app.view_functions else "models_text.edit",
        diagram=next((name for name in sorted(found.files) if name.endswith(".bpmn")), ""),
        names=engine.element_names(found.files),
        repairs=len(engine.proposed_repairs(found.files)) if found.may_draw and found.row.state == "open" else 0,
        may_try=current_app.config["PLAYS"] is not None,
        decisions=DECISIONS,
        problems=problems,
        typed=request.form,
        today=now().astimezone(engine.OFFICE).date(),
        **trial_state(found),
    )


def _back(draft_id: int) -> Response:
    return redirect(url_for("models_publish.show", draft_id=draft_id), 303)


def _deed(draft_id: int, verb: Callable[..., Any], said: str, /, **arguments: Any) -> Any:
    """Carry out a deed; what was typed wrong is said on the page."""
    try:
        carry_out(verb, actor=me(), draft_id=draft_id, **arguments)
    except engine.InvalidAnswers as error:
        return _page(draft_id, {name: _problem(problem) for name, problem in error.problems.items()}), 422
    except engine.NotReady as error:
        reasons = clauses(translated(each.code, each.message, each.params) for each in error.reasons)
        flash(gettext("Not yet: %(reasons)s", reasons=reasons), "error")
        return _back(draft_id)
    flash(said, "success")
    return _back(draft_id)


def _problem(problem: engine.Problem) -> str:
    return gettext("The day is past.") if problem.code == "in-the-past" else gettext("Say why.")


@blueprint.post("/changes")
@allow("signed-in")
def add_entry(draft_id: int) -> Any:
    """An entry for the record of changes."""
    heading, words = request.form.get("heading", "").strip(), request.form.get("words", "").strip()
    problems = {name: gettext("Enter what changes, and why.") for name, text in
                (("heading", heading), ("words", words)) if not text}  # fmt: skip
    if problems:
        return _page(draft_id, problems), 422
    said = gettext("The entry is written.")
    return _deed(draft_id, engine.add_change_entry, said, heading=heading, words=words)


@blueprint.post("/rebase")
@allow("signed-in")
def rebase(draft_id: int) -> Any:
    """Go on from the version that is in force now."""
    return _deed(draft_id, engine.rebase_draft, gettext("The draft is now compared with the version in force."))


@blueprint.post("/submit")
@allow("signed-in")
def submit(draft_id: int) -> Any:
    """Hand it in."""
    day = request.form.get("effective_on", "")
    try:
        effective = date.fromisoformat(day) if day else None
    except ValueError:
        return _page(draft_id, {"effective_on": gettext("This is not a day.")}), 422
    said = gettext("Handed in. Somebody else decides.")
    reason = request.form.get("reason", "")
    return _deed(draft_id, engine.submit_draft, said, reason=reason, effective_on=effective)


@blueprint.post("/withdraw")
@allow("signed-in")
def withdraw(draft_id: int) -> Any:
    """Take it back."""
    return _deed(draft_id, engine.withdraw_draft, gettext("Taken back; the draft can be changed again."))


@blueprint.post("/approve")
@allow("signed-in")
def approve(draft_id: int) -> Any:
    """Approve what somebody else has handed in."""
    said = gettext("Approved.")
    return _deed(draft_id, engine.decide_draft, said, approve=True, note=request.form.get("note", ""))


@blueprint.post("/refuse")
@allow("signed-in")
def refuse(draft_id: int) -> Any:
    """Refuse it, and say why."""
    said = gettext("Refused; the draft is open again.")
    return _deed(draft_id, engine.decide_draft, said, approve=False, note=request.form.get("note", ""))


@blueprint.post("/discard")
@allow("signed-in")
def discard(draft_id: int) -> Any:
    """Put it away."""
    return _deed(draft_id, engine.discard_draft, gettext("Discarded. It can be restored here."))


@blueprint.post("/restore")
@allow("signed-in")
def restore(draft_id: int) -> Any:
    """Take it out again."""
    return _deed(draft_id, engine.restore_draft, gettext("The draft is open again."))
