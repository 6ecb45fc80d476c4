"""Running cases go to another version of their process: what would happen to each, doing it, taking it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import administers, me
from webforms.database import now, reading, writing
from webforms.i18n import bracketed, clauses, moment, translated
from webforms.lights import Light
from webforms.migration_words import REASONS
from webforms.security import allow
from webforms.words import gettext, ngettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("migrations", __name__, url_prefix="/models/migrate")
MAP = "map."  # prefix of the fields that say what an element is called in the other version
SHOWN = 50  # cases that one page looks at, and that one click carries over
OUTCOMES = {"unchanged": _l("Goes unchanged"), "changed": _l("Goes, with changes"), "refused": _l("Cannot go")}
COLOURS = {"unchanged": "green", "changed": "orange", "refused": "red"}


@dataclass(frozen=True)
class Chosen:
    """What shapes the page; all of it is in the address."""

    process: str
    source: str
    mapping: Mapping[str, str]
    outcome: str = ""
    after: UUID | None = None

    def address(self, **changed: Any) -> str:
        """The page with some of it changed."""
        names = {f"{MAP}{old}": new for old, new in self.mapping.items()}
        about = {"from": self.source, "outcome": self.outcome or None, **names, **changed}
        return url_for("migrations.show", process=self.process, **about)


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


def _require() -> None:
    """Who draws models carries cases over, and so do administrators; for others there is no such page."""
    if not (administers() or engine.draws_models(reading(), me())):
        raise engine.NotFound


@blueprint.get("")
@allow("signed-in")
def index() -> str:
    """Every process some of whose running cases are on a version that is not in use any more."""
    _require()
    rows = []
    for kind in engine.process_kinds(reading()):
        old = engine.old_versions(reading(), kind.process)
        if old:
            rows.append((kind, sum(version.running for version in old), len(old)))
    return render_template("models/migrations.html", rows=rows)


@blueprint.get("/<process>")
@allow("signed-in")
def show(process: str) -> str:
    """Choose versions, say what vanished elements are called now, and see what would happen to each case."""
    _require()
    return _page(_chosen(process))


def _chosen(process: str) -> Chosen:
    given = request.values
    names = {name.removeprefix(MAP): new for name, new in given.items() if name.startswith(MAP) and new}
    outcome = given.get("outcome", "")
    try:
        after = UUID(given["after"]) if given.get("after") else None
    except ValueError:
        abort(404)
    return Chosen(process, given.get("from", ""), names, outcome if outcome in OUTCOMES else "", after)


def _page(chosen: Chosen, problem: str = "") -> str:
    session = reading()
    versions = engine.old_versions(session, chosen.process)
    source = chosen.source or (versions[0].digest if versions else "")
    plan, wrong, vanished = None, "", []
    if source:
        try:
            suggested = engine.suggested_mapping(session, chosen.process, source)
            vanished = _vanished(chosen, source, suggested)
            plan = engine.plan_migration(
                session, chosen.process, source, "", chosen.mapping, limit=SHOWN, after=chosen.after, now=now()
            )
        except engine.InvalidAnswers as error:
            wrong = clauses(translated(each.code, each.message, each.params) for each in error.problems.values())
    cases = plan.cases if plan is not None else ()
    known = engine.directory(session)
    return render_template(
        "models/migrate.html",
        chosen=Chosen(chosen.process, source, chosen.mapping, chosen.outcome, chosen.after),
        title=_title(chosen.process),
        versions=[(v.digest, _version_words(v)) for v in versions],
        plan=plan,
        vanished=vanished,
        wrong=wrong,
        problem=problem,
        reason=request.form.get("reason", ""),
        rows=[_row(case, known) for case in cases if chosen.outcome in {"", case.outcome}],
        counts=[(code, words, sum(case.outcome == code for case in cases)) for code, words in OUTCOMES.items()],
        going=sum(not case.refusals for case in cases),
        done=[(row, known.office_name(row.office)) for row in engine.migrations(session, chosen.process)],
    )


def _title(process: str) -> str:
    titles = {kind.process: kind.title for kind in engine.process_kinds(reading())}
    if process not in titles:
        raise engine.NotFound
    return titles[process]


def _version_words(version: engine.OldVersion) -> str:
    cases = ngettext("%(num)s running case", "%(num)s running cases", version.running)
    return f"{moment(version.deployed_at)} · {version.digest[:8]} · {cases}"


def _vanished(chosen: Chosen, source: str, suggested: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """The elements that are gone, each with what it may be called now."""
    old = engine.version_elements(reading(), chosen.process, source)
    new = engine.version_elements(reading(), chosen.process)
    return [
        {"id": name, "name": old[name], "options": [(each, new[each] + bracketed(each)) for each in others],
         "value": chosen.mapping.get(name, "")}
        for name, others in suggested.items()
    ]  # fmt: skip


def _row(case: engine.CasePlan, known: engine.Directory) -> dict[str, Any]:
    return {
        "case": case,
        "office": known.office_name(case.office),
        "light": Light(COLOURS[case.outcome], str(OUTCOMES[case.outcome])),
        "reasons": [(why.name or why.element, reason_words(why.code)) for why in case.refusals],
        "tasks": [task for task in case.tasks if task.changes],
    }


def reason_words(code: str) -> str:
    """Why a case cannot go."""
    return translated(f"carry-{code}", REASONS.get(code, code))


@blueprint.post("/<process>")
@allow("signed-in")
def carry(process: str) -> Any:
    """Carry the cases of this page over, each in a transaction of its own; what cannot go stays."""
    _require()
    chosen = _chosen(process)
    reason = request.form.get("reason", "").strip()
    if not reason:
        return _page(chosen, gettext("Say why.")), 422
    plan = engine.plan_migration(
        reading(), process, chosen.source, "", chosen.mapping, limit=SHOWN, after=chosen.after, now=now()
    )
    went, failed = 0, 0
    for case in plan.cases:
        if case.refusals:
            continue
        try:
            with writing() as session:
                engine.migrate_case(
                    session, case.case_id, plan.to_digest, chosen.mapping, reason=reason, actor=me(), now=now()
                )
            went += 1
        except (engine.CaseChanged, engine.NotMigratable, engine.RunFailed):
            failed += 1  # it has moved meanwhile; it is in the list again
    flash(
        ngettext("%(num)s case goes on by the new version.", "%(num)s cases go on by the new version.", went), "success"
    )
    if failed:
        words = ngettext(
            "%(num)s case has moved meanwhile and stays.", "%(num)s cases have moved meanwhile and stay.", failed
        )
        flash(words, "warning")
    return redirect(chosen.address(after=plan.next and str(plan.next)), 303)


@blueprint.post("/<process>/undo")
@allow("signed-in")
def undo(process: str) -> Response:
    """Take one case back to the version it came from."""
    _require()
    try:
        case_id = UUID(request.form.get("case", ""))
    except ValueError:
        abort(404)
    try:
        with writing() as session:
            reason = request.form.get("reason", "").strip() or gettext("Migration taken back")
            engine.undo_migration(session, case_id, reason=reason, actor=me(), now=now())
        flash(gettext("The case is back on the version it came from."), "success")
    except engine.CaseChanged as error:
        flash(translated(error.code, str(error)), "warning")
    return redirect(url_for("migrations.show", process=process), 303)
