"""A draft against the past: which closed cases would have gone another way, on the diagram, as a list, to take away."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Flask, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import reading
from webforms.desk_lists import wanted_format
from webforms.i18n import bracketed, clauses, labelled
from webforms.rehearsals import POLL
from webforms.replay_words import counted, elements, marks, rows_of, sums, unjudged
from webforms.replays import Asked, replays
from webforms.replays import init_app as replays_init
from webforms.security import allow
from webforms.sheets import download
from webforms.words import gettext

blueprint = Blueprint("models_replay", __name__, url_prefix="/models/<int:draft_id>/replay")
SIZES = (50, 200, 1000, 5000)
ROWS = 100
YEARS = range(1950, 2200)
MAP = "map."  # prefix of the fields that say what an element is called in the draft


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)
    replays_init(app)


@blueprint.get("")
@allow("signed-in")
def show(draft_id: int) -> Any:
    """What was found, and the form to look again. A page that was waiting for it is drawn anew, with its picture."""
    if "HX-Request" in request.headers and draft_id not in replays().running:
        return Response("", headers={"HX-Refresh": "true"})
    return _page(draft_id, {})


@blueprint.post("")
@allow("signed-in")
def look(draft_id: int) -> Any:
    """Look at the past, beside this request."""
    found = engine.draft(reading(), draft_id, me())
    asked, problems = _asked()
    if not found.row.process:
        raise engine.NotFound
    if problems:
        return _page(draft_id, problems), 422
    app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 its documented use
    replays().start(app, found, asked, me())
    return redirect(url_for("models_replay.show", draft_id=draft_id), 303)


def _asked() -> tuple[Asked, dict[str, str]]:
    """What the form asks for; what is wrong in it."""
    days: dict[str, date | None] = {}
    problems = {}
    for name in ("since", "until"):
        text = request.form.get(name, "").strip()
        try:
            days[name] = date.fromisoformat(text) if text else None
        except ValueError:
            days[name] = date.min
        if (given := days[name]) is not None and given.year not in YEARS:
            problems[name] = gettext("This is not a day.")
    if not problems and days["since"] and days["until"] and days["since"] > days["until"]:
        problems["until"] = gettext("The last day is before the first.")
    size = request.form.get("limit", "")
    limit = int(size) if size in map(str, SIZES) else SIZES[0]
    names = {name.removeprefix(MAP): new for name, new in request.form.items() if name.startswith(MAP) and new}
    return Asked(days["since"], days["until"], limit, names), problems


def _page(draft_id: int, problems: Mapping[str, str]) -> Any:
    found = engine.draft(reading(), draft_id, me())
    answer = replays().answers.get(draft_id)
    element = request.args.get("element", "")
    may_see = engine.replay_seen(reading(), [case for case in answer.cases if case.differs], me()) if answer else set()
    rows = [row for row in rows_of(answer, may_see) if element in {"", row["element"]}] if answer else []
    if answer and (kind := wanted_format()):
        return _sheet(found, rows, kind)
    asked = answer.asked if answer else Asked(None, None, SIZES[0])
    name = _drawing(found)
    return render_template(
        "models/replay.html",
        found=found,
        row=found.row,
        answer=answer,
        is_current=answer is not None and answer.digest == engine.behaviour_digest(found.files),
        running=replays().running.get(draft_id),
        failed=replays().failed.get(draft_id, ""),
        poll=POLL,
        problems=problems,
        typed=request.form if request.method == "POST" else _typed(asked),
        sizes=SIZES,
        vanished=_vanished(found, asked),
        sums=sums(answer) if answer else {},
        elements=elements(answer) if answer else [],
        rows=rows[:ROWS],
        more=max(0, len(rows) - ROWS),
        hidden=sum(case.differs and case.case_id not in may_see for case in answer.cases) if answer else 0,
        unjudged=unjudged(answer) if answer else [],
        gone=counted(answer, lambda case: [answer.names.get(each, each) for each in case.gone]) if answer else [],
        refused=counted(answer, lambda case: [(answer.names.get(at, ""), label) for at, label in case.refused])
        if answer
        else [],
        element=element,
        element_name=answer.names.get(element, element) if answer else "",
        source=url_for("models_publish.show", draft_id=draft_id) + "/source/" + name if name else "",
        marks=marks(answer) if answer else [],
        address=lambda **changed: url_for("models_replay.show", draft_id=draft_id, **changed),
    )


def _typed(asked: Asked) -> dict[str, str]:
    """The form as it was filled in."""
    days = {"since": asked.since, "until": asked.until}
    names = {MAP + old: new for old, new in asked.mapping.items()}
    return {
        **{name: each.isoformat() if each else "" for name, each in days.items()},
        "limit": str(asked.limit),
        **names,
    }


def _drawing(found: engine.ModelFiles) -> str:
    """The file that draws the process."""
    drawn = [
        name for name, text in found.files.items() if name.endswith(".bpmn") and f'id="{found.row.process}"' in text
    ]
    return drawn[0] if drawn else ""


def _vanished(found: engine.ModelFiles, asked: Asked) -> list[dict[str, Any]]:
    """The elements that the draft does not have any more, each with what it may be called there."""
    try:
        suggested = engine.renamed_in(found.row.process, found.base, found.files) if found.base else {}
        drawn = engine.elements_of(found.row.process, {**found.files})
        before = engine.elements_of(found.row.process, {**found.base})
    except engine.InvalidDefinition:
        return []
    return [
        {"id": old, "name": before.get(old, old), "value": asked.mapping.get(old, ""),
         "options": [(new, drawn.get(new, new) + bracketed(new)) for new in others]}
        for old, others in suggested.items() if others
    ]  # fmt: skip


def _sheet(found: engine.ModelFiles, rows: Sequence[Mapping[str, Any]], kind: str) -> Response:
    heading = [gettext("Number"), gettext("Office"), gettext("When"), gettext("Step"), gettext("What is otherwise"),
               gettext("Then"), gettext("By the draft"), gettext("What decided")]  # fmt: skip
    cells = [
        [row["case"].number, row["office"], row["at"], row["name"],
         clauses(filter(None, (row["light"].text, row["fires"]))),
         _joined(row["then"]), _joined(row["now"]),
         _joined((row["rules"], *(labelled(label, value) for label, value in row["reads"])))]
        for row in rows
    ]  # fmt: skip
    title = gettext("Replay of closed cases")
    return download([heading, *cells], name=f"replay-{found.row.id}", title=title, kind=kind)


def _joined(words: Iterable[str]) -> str:
    return "\n".join(filter(None, words))
