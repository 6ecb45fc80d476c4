"""A scenario told step by step: who does what, what is waited for, what must hold, and what did not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import engine
from webforms.i18n import listed, period, translated
from webforms.problem_words import in_words
from webforms.scenario_files import ScenarioFile, is_takeable
from webforms.scenario_words import PARTS, Pairs, Teller
from webforms.words import gettext


@dataclass(frozen=True)
class ToldFailure:
    """What did not hold: expected, and found instead. `mark` is how a form names it."""

    mark: str
    what: str
    wanted: str
    found: str
    takeable: bool


@dataclass(frozen=True)
class ToldStep:
    """One step. `deed` is what is done, by `who`; `element` is where it stands in this draft's diagram."""

    number: int
    process: str  # the name of the linked case's process; "" in the case itself
    waits: str
    who: str
    deed: str
    element: str
    answers: Pairs
    refused: str
    note: str
    expects: Pairs
    failures: list[ToldFailure] = field(default_factory=list)


def told_steps(teller: Teller, file: ScenarioFile, failures: Sequence[Mapping[str, Any]], own: str) -> list[ToldStep]:
    """All steps of a scenario of the process `own`, each with what did not hold at it."""
    at: dict[int, list[ToldFailure]] = {}
    for number, failure in enumerate(failures):
        step = file.steps[failure["step"] - 1] if 0 < failure["step"] <= len(file.steps) else {}
        at.setdefault(failure["step"], []).extend(
            told_failure(teller, failure, f"{number}", str(step.get("process", "")) or own)
        )
    return [_step(teller, n, step, own, at.get(n, [])) for n, step in enumerate(file.steps, start=1)]


def _step(teller: Teller, number: int, step: Mapping[str, Any], own: str, failures: list[ToldFailure]) -> ToldStep:
    process = str(step.get("process", "")) or own
    who, deed, element, form = "", "", "", ""
    if "do" in step:
        name = str(step["do"])
        who, element, form = _doer(teller, name, process)
        deed = gettext("does “%(task)s”", task=teller.element(name, process))
    elif "raise" in step:
        name = str(step["raise"])
        who, element, form = _raiser(teller, name, process)
        deed = gettext("reports “%(event)s”", event=teller.element(element, process) if element else name)
    return ToldStep(
        number=number,
        process=teller.title(process) if process != own else "",
        waits=_waits(step),
        who=teller.role(str(step.get("by", ""))) or who,
        deed=deed,
        element=element if process == teller.process else "",
        answers=teller.answers(step.get("answers", {}), process, form),
        refused=listed(teller.fact(str(path), process) for path in _list(step.get("refused"))),
        note=str(step.get("note", "")),
        expects=teller.expectations(step.get("expect", {}), process),
        failures=failures,
    )


def _doer(teller: Teller, element: str, process: str) -> tuple[str, str, str]:
    found = teller.definition(process)
    node = found.diagram.elements.get(element) if found is not None else None
    return (teller.role(node.role), node.id, node.form) if node is not None else ("", "", "")


def _raiser(teller: Teller, event: str, process: str) -> tuple[str, str, str]:
    found = teller.definition(process)
    for node in found.diagram.catchers() if found is not None else ():
        if node.event_name == event:
            roles = node.names("role") or ((node.role,) if node.role else ())
            return teller.role(roles[0]) if roles else "", node.id, node.form
    return "", "", ""


def told_failure(teller: Teller, failure: Mapping[str, Any], mark: str, process: str) -> Iterator[ToldFailure]:
    """What did not hold; an answer that was refused is a line for each field."""
    part, found, wanted = failure["part"], failure["found"], failure["wanted"]
    if part == "answers":
        for path, told in found.items():
            label = teller.fact(path, process)
            problem = engine.Problem(told["code"], told["code"], {**told["params"], "label": label})
            yield ToldFailure(mark, label, gettext("is accepted"), in_words(problem), takeable=False)
    elif part == "task":
        yield ToldFailure(
            mark, gettext("Task to be done"), teller.held(part, wanted, process),
            gettext("is not open; open are: %(tasks)s", tasks=teller.held(part, found, process)), takeable=False,
        )  # fmt: skip
    elif part in PARTS:
        is_empty = part == "facts" and found is None and not str(wanted).startswith("@")
        unsaid = gettext("no value") if is_empty else failure["words"]
        seen = teller.held(part, found, process) if found is not None else unsaid
        what = teller.what(part, failure["key"], process)
        yield ToldFailure(mark, what, teller.held(part, wanted, process), seen, takeable=is_takeable(failure))
    else:
        params = wanted if isinstance(wanted, Mapping) else {}
        words = translated(failure["key"] or f"scenario-{part}", failure["words"], params)
        yield ToldFailure(mark, gettext("The scenario cannot go on"), "", words, takeable=False)


def _waits(step: Mapping[str, Any]) -> str:
    if "until" in step:
        until = step["until"]
        text = until.isoformat(sep=" ", timespec="minutes") if isinstance(until, datetime) else str(until)
        return gettext("Waiting until %(moment)s", moment=text.replace("T", " "))
    wait = str(step.get("wait", ""))
    return gettext("Waiting for %(time)s", time=wait if ":" in wait else period(wait)) if wait else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
