"""What can be done to a case by hand when it has gone astray, carried out in memory: the caller saves or throws away.

Each deed takes the loaded case and its arguments, moves the turn, and answers the kind and the detail of its event.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from engine import forms, runtime
from engine.answers import keeper, told
from engine.authority import Actor
from engine.clocks import RUNNING, Clock
from engine.corrections import apply_correction, hide_correction, read_correction
from engine.deadlines import OFFICE
from engine.errors import InvalidAnswers, NotAllowed, NotFound, NotMovable, Problem, TaskClosed
from engine.facts import protect, references
from engine.forms.values import empty
from engine.options import options_for
from engine.projections import Loaded
from engine.values import from_json, json_ready

Told = tuple[str, dict[str, Any]]
OPEN, OVER = frozenset(["running", "incident"]), frozenset(["completed", "cancelled"])


def prepare(session: Session, loaded: Loaded, kind: str, arguments: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """The arguments of a request as they are kept: typed, sensitive values put aside. Raises InvalidAnswers."""
    kept = dict(arguments)
    if kind in {"fact", "retry"} and kept.get("fact"):
        value = read_correction(session, loaded, str(kept["fact"]), kept.get("value"))
        kept["value"] = hide_correction(loaded, str(kept["fact"]), value)
    if kind == "move":
        kept["element"] = _token(loaded, kept).element
    if kind == "skip":
        kept["values"] = _skipped_answers(session, loaded, kept, actor)
    return json_ready(kept)  # type: ignore[no-any-return]  # a mapping stays one


def perform(loaded: Loaded, kind: str, arguments: Mapping[str, Any]) -> Told:
    """Do it, in memory. Raises what speaks against it."""
    if loaded.case.status not in (OVER if kind == "reopen" else OPEN):
        raise NotAllowed("the case is over" if kind != "reopen" else "the case is not over")
    return DEEDS[kind](loaded, from_json(dict(arguments)))


def enact(loaded: Loaded, kind: str, arguments: Mapping[str, Any]) -> Told:
    """Do it and let the case's own row say so; the caller saves."""
    done = perform(loaded, kind, arguments)
    case = loaded.case
    if kind == "cancel":
        case.status, case.closed_at = "cancelled", loaded.turn.now
    elif kind == "reopen":
        case.status, case.closed_at, case.outcome = "running", None, None
    return done


def _token(loaded: Loaded, args: Mapping[str, Any]) -> runtime.Movable:
    wanted = str(args.get("token"))
    at = next((one for one in runtime.movable(loaded.turn.workflow) if str(one.id) == wanted), None)
    if at is None:
        raise NotMovable("no token rests here any more", reason="move-gone")
    return at


def _move(loaded: Loaded, args: dict[str, Any]) -> Told:
    elements = loaded.definition.diagram.elements
    at = _token(loaded, args)
    runtime.move(loaded.turn, at.id, str(args["target"]))
    names = {"from_name": elements[at.element].name, "to_name": elements[str(args["target"])].name}
    return "token_moved", {"element": at.element, "target": args["target"], **names}


def _skip(loaded: Loaded, args: dict[str, Any]) -> Told:
    task = _open_task(loaded, args)
    values = dict(args.get("values") or {})
    element = loaded.definition.diagram.elements[task.element]
    blank = {
        field.key: empty(field)
        for field in loaded.definition.form(element.form).questions
        if field.key and not field.readonly and field.key not in {**loaded.variables, **task.local, **values}
    }
    loaded.turn.complete(task.id, blank | values)
    return "task_skipped", {"task": str(task.id), "element": element.id, "answers": told(loaded.definition, values)}


def _open_task(loaded: Loaded, args: Mapping[str, Any]) -> runtime.OpenTask:
    wanted = str(args.get("task"))
    task = next((task for task in loaded.before.tasks if str(task.id) == wanted), None)
    if task is None:
        raise TaskClosed
    return task


def skipped_form(loaded: Loaded, task: runtime.OpenTask) -> forms.Form:
    """The form of a step that is passed over: nothing is required, and what is kept apart is not asked again."""
    form = loaded.definition.form(loaded.definition.diagram.elements[task.element].form)
    apart = [key for key, value in loaded.variables.items() if any(references(value))]
    return forms.optional(form, apart)


def _skipped_answers(session: Session, loaded: Loaded, args: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """What was typed into the form of a step that is passed over, as far as it is news. Raises InvalidAnswers."""
    task = _open_task(loaded, args)
    given = {key: value for key, value in dict(args.get("values") or {}).items() if value not in ("", [], [""], None)}
    scope, now = {**loaded.variables, **task.local}, loaded.turn.now
    options = options_for(session, loaded.directory, loaded.case.office, actor, now=now, facts=scope)
    answers = forms.check(skipped_form(loaded, task), given, facts=scope, options=options, now=now)
    news = {key: value for key, value in answers.items() if key in given and value != scope.get(key)}
    return protect(loaded.definition.facts, news, keeper(loaded))


def _deadline(loaded: Loaded, args: dict[str, Any]) -> Told:
    clock = next((c for c in loaded.turn.clocks.all if str(c.id) == str(args["deadline"]) and c.is_open), None)
    if clock is None:
        raise NotFound("this deadline is over")
    day, before = _day(args, clock, loaded), clock.last_day
    loaded.turn.fix_day(clock, day, str(args["basis"]).strip())
    _, detail = loaded.turn.clocks.log.pop()
    return "deadline_corrected", {**detail, "was": before and before.isoformat(), "basis": str(args["basis"]).strip()}


def _day(args: Mapping[str, Any], clock: Clock, loaded: Loaded) -> date:
    wrong: dict[str, Problem] = {}
    given = args.get("last_day")
    try:
        day = given if isinstance(given, date) else date.fromisoformat(str(given))
    except ValueError:
        raise InvalidAnswers({"last_day": Problem("not-a-date", "this is not a date")}) from None
    if clock.status != RUNNING:
        wrong["deadline"] = Problem("clock-stopped", "the clock stands still; let it run again first")
    elif day < loaded.turn.now.astimezone(OFFICE).date():
        wrong["last_day"] = Problem("in-the-past", "the day has passed")
    elif day == clock.last_day and clock.period.startswith("date:"):
        wrong["last_day"] = Problem("nothing-changes", "this is the last day already")
    if not str(args.get("basis") or "").strip():
        wrong["basis"] = Problem("required", "name the legal basis")
    if wrong:
        raise InvalidAnswers(wrong)
    return day


def _fact(loaded: Loaded, args: dict[str, Any]) -> Told:
    path = str(args["fact"])
    before = apply_correction(loaded, path, args.get("value"))
    if before == args.get("value"):
        raise InvalidAnswers({"value": Problem("nothing-changes", "it has this value already")})
    loaded.turn.drive()
    return "fact_corrected", {"fact": path, "before": before, "after": args.get("value")}


def _cancel(loaded: Loaded, args: dict[str, Any]) -> Told:  # noqa: ARG001 one signature
    loaded.turn.workflow.cancel()
    loaded.turn.drive()
    return "case_cancelled", {}


def _reopen(loaded: Loaded, args: dict[str, Any]) -> Told:
    target = str(args["target"])
    runtime.reopen(loaded.turn, target)
    name = loaded.definition.diagram.elements[target].name
    return "case_reopened", {"target": target, "to_name": name}


DEEDS: Mapping[str, Callable[[Loaded, dict[str, Any]], Told]] = {
    "move": _move,
    "skip": _skip,
    "deadline": _deadline,
    "fact": _fact,
    "cancel": _cancel,
    "reopen": _reopen,
}
KINDS = (*DEEDS, "retry")
