"""Every construct that the checks know of, from their own tables: with it a model is refused, without it not."""

# ruff: noqa: E501 the rows of a table stay in one line

import re
from pathlib import Path

import pytest

from engine.checks import check_files, refusals
from engine.checks.activities import (
    DIALECTS,
    IGNORED_ATTRIBUTES,
    UNSUPPORTED,
    UNSUPPORTED_ATTRIBUTES,
    UNSUPPORTED_EXTENSIONS,
)
from engine.checks.events import AFTER_GATEWAY, ALLOWED, EXTERNAL
from tests.engine.runtime.bpmn import boundary, catch, end, model, node, path, start, sub, throw, timer, user

CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
NAMES = "m:m s:s e:E x:X"
KINDS = ["", "message", "signal", "timer", "error", "escalation", "terminate", "link", "compensate", "cancel", "conditional"]  # fmt: skip
REFS = {"message": "m_m", "signal": "s_s", "error": "e_E", "escalation": "x_X"}
MORE = ' xmlns:other="%s" other:thing="x"'


def definition(kind: str) -> str:
    if kind in {"", "timer"}:
        return timer("P1D") if kind else ""
    ref = f' {kind}Ref="{REFS[kind]}"' if kind in REFS else ' name="L"' if kind == "link" else ""
    return f"<bpmn:{kind}EventDefinition{ref}/>"


def work(inner: str = "", kind: str = "serviceTask", attributes: str = "") -> str:
    step = f'<bpmn:{kind} id="x" camunda:type="external" camunda:topic="t"{attributes}>{inner}</bpmn:{kind}>'
    return model(start(), step, end(), path("start", "x", "end"))


def extended(namespace: str, name: str) -> str:
    return work(f'<bpmn:extensionElements><o:{name} xmlns:o="{namespace}"/></bpmn:extensionElements>')


def at(place: str, kind: str) -> str:  # noqa: PLR0911 one drawing for each place
    """A model with an event of a kind in a place."""
    inner, names = definition(kind), NAMES
    link = catch("linked", definition("link")) + end("e2") + path("linked", "e2") if kind == "link" else ""
    if place == "startEvent":
        return model(start("start", inner), end(), path("start", "end"), names=names)
    if place == "endEvent":
        caught = (
            boundary("b", "part", definition(kind)) + end("e2") + path("b", "e2")
            if kind in {"error", "escalation"}
            else ""
        )
        inside = sub("part", start("ps"), end("pe", inner), path("ps", "pe"))
        return model(start(), inside, caught, end(), path("start", "part", "end"), names=names)
    if place == "boundaryEvent":
        thrown = definition(kind) if kind in {"error", "escalation"} else ""
        inside = sub("part", start("ps"), user("a"), end("pe", thrown), path("ps", "a", "pe"))
        return model(start(), inside, boundary("b", "part", inner), end(), end("e2"), path("start", "part", "end"), path("b", "e2"), names=names)  # fmt: skip
    if place == "eventSubProcess":
        handler = sub("es", start("es_s", inner), end("es_e"), path("es_s", "es_e"), triggeredByEvent="true")
        return model(start(), user("a"), end(), path("start", "a", "end"), handler, names=names)
    if place == "afterGateway":
        race = node("eventBasedGateway", "g") + catch("c", inner) + catch("late", timer("P2D"))
        return model(start(), race, end(), path("start", "g", "c", "end"), path("g", "late", "end"), names=names)
    if place == "intermediateCatchEvent" and kind == "link":
        return model(
            start(), throw("t", inner), catch("x", inner), end(), path("start", "t"), path("x", "end"), names=names
        )
    if kind == "link":
        return model(start(), throw("x", inner), link, path("start", "x"), names=names)
    return model(start(), node(place, "x", inner), end(), path("start", "x", "end"), names=names)


ALLOWED_AT = {
    **ALLOWED,
    "startEvent": frozenset(["", "message"]),
    "eventSubProcess": EXTERNAL,
    "afterGateway": AFTER_GATEWAY,
}
RULE_AT = {"eventSubProcess": "event-subprocess-start"}
EVENTS = [(place, kind) for place in ALLOWED_AT for kind in KINDS]
BAD = {
    **{f"attribute {name}": (work(attributes=f' camunda:{name}="v"'), "attribute-unsupported", work()) for name in UNSUPPORTED_ATTRIBUTES},
    **{f"attribute {name}": (work(kind="userTask", attributes=f' camunda:{name}="v"'), "attribute-ignored", work(kind="userTask"))
       for name in IGNORED_ATTRIBUTES},
    **{f"extension {name}": (extended(CAMUNDA, name), "extension-unsupported", work()) for name in UNSUPPORTED_EXTENSIONS},
    **{f"element of {name}": (extended(space, "thing"), "dialect-unsupported", work()) for space, name in DIALECTS.items()},
    **{f"attribute of {name}": (work(attributes=MORE % space), "dialect-unsupported", work()) for space, name in DIALECTS.items()},
    **{kind: (work(kind=kind), "unsupported-element", work()) for kind in UNSUPPORTED},
}  # fmt: skip
GOOD = {good for _, _, good in BAD.values()} | {at(place, kind) for place, kind in EVENTS if kind in ALLOWED_AT[place]}


ENGINE, TESTS = (Path(__file__).parents[3] / name for name in ("engine", "tests"))
CODE = re.compile(r'"((?:dmn|form|document)-[a-z-]+)"')
NOT_DRAWN = {
    "dmn-result-mapping",
    "dmn-too-deep",
}  # of a decision that runs; of a nest that the XML parser refuses first


def semantics(text: str) -> set[str]:
    return {finding.rule for finding in refusals(check_files({"process.bpmn": text}), house=False)}


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_is_unsupported(name: str):
    bad, rule, good = BAD[name]
    found = {finding.rule for finding in check_files({"process.bpmn": bad})}
    assert rule in found
    assert rule in semantics(bad) or rule == "attribute-ignored"
    assert semantics(good) == set()
    assert rule not in {finding.rule for finding in check_files({"process.bpmn": good})}


@pytest.mark.parametrize(("place", "kind"), sorted(EVENTS))
def test_every_event_in_every_place(place: str, kind: str):
    """An event may be drawn in a place, or it is refused there and its twin of another kind is not."""
    found = semantics(at(place, kind))
    if kind in ALLOWED_AT[place]:
        assert found == set()
    else:
        assert RULE_AT.get(place, "event-kind") in found or (place == "afterGateway" and "event-gateway-next" in found)
    assert any(semantics(at(place, other)) == set() for other in ALLOWED_AT[place])


def test_every_rule_of_the_parts_is_tested():
    """What decisions, forms and papers find has no table of rules; every code of theirs stands in some test."""
    known = {code for path in ENGINE.rglob("*.py") for code in CODE.findall(path.read_text("utf-8"))}
    tested = {code for path in TESTS.rglob("test_*.py") for code in CODE.findall(path.read_text("utf-8"))}
    assert known - tested == set()
    assert len(known) > 50
