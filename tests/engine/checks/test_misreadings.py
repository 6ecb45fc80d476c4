"""What SpiffWorkflow 3.2.0 runs differently from BPMN: every known row is refused by a rule or repaired by the runtime.

B1 to B16 corrupt or stall cases; the named rows are silent misreadings. A row may have both: what the runtime repairs
and what of it the checks refuse.
"""

# ruff: noqa: E501 the rows of a table stay in one line

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine import runtime
from engine.checks import check_files, refusals
from engine.errors import RunFailed
from tests.engine.runtime.bpmn import (
    NOW,
    Player,
    boundary,
    catch,
    end,
    error,
    escalation,
    flow,
    fork,
    inclusive,
    instances,
    message,
    model,
    node,
    path,
    script,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)


def event_sub(*inner: str, names: str = "", interrupting: str = "true", first: str = "") -> str:
    """A case with one task `a` and an event sub-process `es` beside it."""
    begins = start("es_start", first, isInterrupting=interrupting)
    body = sub("es", begins, *inner, end("es_end"), triggeredByEvent="true")
    return model(start(), user("a"), end(), path("start", "a", "end"), body, names=names)


def in_loop(split: str, join: str) -> str:
    """Two branches in a loop."""
    return model(start(), xor("m"), split, user("a"), user("b"), join, user("more"), xor("x", "out"), end(),
                 path("start", "m", "s", "a", "j", "more", "x"), path("s", "b", "j"), flow("x", "m", "again"),
                 flow("x", "end", name="out"))  # fmt: skip


# --- repaired: the runtime does what is drawn ---------------------------------------------------------------------------


def joins_in_loops():
    for split, join in ((fork("s"), fork("j")), (inclusive("s"), inclusive("j"))):
        if "inclusive" in split:
            text = in_loop(split, join).replace('sourceRef="s" targetRef="a">', 'sourceRef="s" targetRef="a">' + COND)
            text = text.replace('sourceRef="s" targetRef="b">', 'sourceRef="s" targetRef="b">' + COND)
        else:
            text = in_loop(split, join)
        accepted(text)
        player = Player(text)
        for number in range(4):
            first, second = ("a", "b") if number % 2 else ("b", "a")
            assert player.do(first).open == [second], "the join waits in every round"
            assert player.do(second).open == ["more"]
            player.do("more", again=number < 3)
        assert player.done


def a_loop_of_600_rounds():
    text = model(start(), xor("m"), script("add", "n", "n + 1"), xor("x", "out"), user("z"), end(),
                 path("start", "m", "add", "x"), flow("x", "m", "n < 600"), flow("x", "z", name="out"), path("z", "end"))  # fmt: skip
    accepted(text)
    player = Player(text, {"n": 0})
    assert player.open == ["z"]
    assert player.variables["n"] == 600


def a_loop_with_a_boundary_timer():
    text = model(start(), xor("m"), user("a"), boundary("t", "a", timer("P30D")), user("late"), xor("x", "out"), end(), end("e2"),
                 path("start", "m", "a", "x"), path("t", "late", "e2"), flow("x", "m", "again"), flow("x", "end", name="out"))  # fmt: skip
    accepted(text)
    player = Player(text, reload=False)
    for _ in range(260):
        player.do("a", again=True)
    assert player.do("a", again=False).done


def an_answer_called_typename():
    text = model(start(), user("a"), user("b"), end(), path("start", "a", "b", "end"))
    answers = {"typename": "datetime", "value": {"typename": "Foo", "__builtins__": 1}}
    player = Player(text).do("a", **answers)
    assert {key: player.variables[key] for key in answers} == answers
    assert player.do("b").done


def a_timer_on_a_repeated_subprocess():
    text = model(start(), sub("part", instances("rows", "row"), start("s"), user("a"), end("e"), path("s", "a", "e")),
                 boundary("t", "part", timer("P3D")), user("late"), end(), end("e2"), path("start", "part", "end"),
                 path("t", "late", "e2"))  # fmt: skip
    accepted(text)
    player = Player(text, {"rows": [1, 2]}).do("a")
    assert player.wait(days=4).open == ["late"]
    assert player.do("late").done


def no_ghost_timers():
    text = model(start(), sub("part", start("s"), user("a"), boundary("t", "a", timer("P9D")), end("e"), end("te"), path("s", "a", "e"),
                 path("t", "te")), boundary("off", "part", message("off")), user("z"), end(), end("e2"), path("start", "part", "end"),
                 path("off", "z", "e2"), names="m:off")  # fmt: skip
    accepted(text)
    player = Player(text, reload=False)
    player.tell("off")
    assert player.dues == {}
    assert player.wait(days=10).open == ["z"]


def specs_are_shared():
    text = event_sub(path("es_start", "es_end"), first=message("paid"), names="m:paid")
    compiled = runtime.compile_process({"p.bpmn": text}, "p")
    Player(compiled).tell("paid")
    assert Player(compiled).do("a").done


def an_interrupting_event_subprocess():
    inner = (user("b"), path("es_start", "b", "es_end"))
    text = event_sub(*inner, first=message("stop"), names="m:stop")
    accepted(text)
    player = Player(text)
    player.tell("stop")
    assert player.open == ["b"]
    assert player.do("b").done
    player = Player(event_sub(*inner, first=message("stop"), names="m:stop", interrupting="false"))
    player.tell("stop")
    assert player.open == ["a", "b"]


def two_timers_at_an_event_gateway():
    text = model(start(), node("eventBasedGateway", "g"), catch("slow", timer("P10D")), catch("fast", timer("P5D")), user("a"), user("b"),
                 end(), end("e2"), path("start", "g", "slow", "a", "end"), path("g", "fast", "b", "e2"))  # fmt: skip
    accepted(text)
    assert Player(text).wait(days=6).open == ["b"]


def lists_of_parallel_branches():
    text = model(start(), fork("s"), user("a"), user("b"), fork("j"), user("z"), end(), path("start", "s", "a", "j", "z", "end"),
                 path("s", "b", "j"))  # fmt: skip
    player = Player(text, {"rows": [5, 5, 5]}).do("a", left=["a", "b1"], rows=[]).do("b", right=["a", "b2", "b2"])
    assert (player.variables["left"], player.variables["right"]) == (["a", "b1"], ["a", "b2", "b2"])
    assert player.variables["rows"] == []


def nested_answers_do_not_leak():
    text = model(
        start(),
        fork("s"),
        user("a"),
        user("b"),
        fork("j"),
        end(),
        path("start", "s", "a", "j", "end"),
        path("s", "b", "j"),
    )
    given = {"inner": [1]}
    player = Player(text, {"x": given}).do("a", y=1)
    given["inner"].append(2)
    assert player.variables["x"] == {"inner": [1]}


def a_due_date_is_kept():
    text = model(start(), user("a"), boundary("t", "a", timer("P9D"), interrupting=False), end(), end("e2"), path("start", "a", "end"),
                 path("t", "e2"))  # fmt: skip
    player = Player(text)
    for _ in range(3):
        assert player.wait(days=1).dues == {"t": NOW + timedelta(days=9)}


def a_timer_that_fails_changes_nothing():
    text = model(start(), user("a"), catch("t", timer("=limit")), end(), path("start", "a", "t", "end"))
    accepted(text)
    player = Player(text)
    with pytest.raises(RunFailed) as failed:
        player.do("a", limit="soon")
    assert failed.value.element == "t"
    assert player.open == ["a"]
    assert player.do("a", limit="P1D").dues == {"t": NOW + timedelta(days=1)}


def links():
    text = model(start(), user("a"), throw("away", LINK), catch("back", LINK), user("b"), end(), path("start", "a", "away"),
                 path("back", "b", "end"))  # fmt: skip
    accepted(text)
    assert Player(text).do("a").open == ["b"]


def a_signal_at_the_end():
    text = model(start(), end("end", signal("flood")), path("start", "end"), names="s:flood")
    accepted(text)
    assert [(t.kind, t.name) for t in Player(text).thrown] == [("signal", "flood")]


def conditions_after_a_task():
    text = model(start(), user("a"), user("yes"), user("no"), end(), end("e2"), path("start", "a"), flow("a", "yes", "ok"),
                 flow("a", "no", "not(ok)"), path("yes", "end"), path("no", "e2"))  # fmt: skip
    accepted(text)
    assert Player(text).do("a", ok=True).open == ["yes"]
    single = model(
        start(), user("a"), user("yes"), end(), path("start", "a"), flow("a", "yes", "ok"), path("yes", "end")
    )
    assert Player(single).do("a", ok=True).open == ["yes"]
    assert Player(single).do("a", ok=False).done


def flows_without_ids():
    text = model(start(), user("a"), user("b"), end(), path("start", "a", "b", "end"))
    for name in ("start-a", "a-b", "b-end"):
        text = text.replace(f'id="{name}" ', "")
    accepted(text)
    assert Player(text).do("a").do("b").done


def definitions_by_reference():
    text = model(start(), catch("t", "<bpmn:eventDefinitionRef>three</bpmn:eventDefinitionRef>"), user("a"), end(),
                 path("start", "t", "a", "end"))  # fmt: skip
    shared = timer("P3D").replace("<bpmn:timerEventDefinition>", '<bpmn:timerEventDefinition id="three">')
    text = text.replace("<bpmn:process", shared + "<bpmn:process")
    accepted(text)
    player = Player(text)
    assert player.dues == {"t": NOW + timedelta(days=3)}
    assert player.wait(days=3).open == ["a"]


def an_event_from_inside_comes_first():
    text = model(start(), sub("part", start("s"), fork("f"), throw("shout", escalation("up")), script("after", "n", "1"), end("e"),
                 script("beside", "k", "1"), end("e2"), path("s", "f", "shout", "after", "e"), path("f", "beside", "e2")),
                 boundary("up", "part", escalation("up")), user("z"), end(), end("e3"), path("start", "part", "end"),
                 path("up", "z", "e3"), names="x:up")  # fmt: skip
    accepted(text)
    player = Player(text)
    assert player.open == ["z"]
    assert "n" not in player.variables, "what follows the throw does not run any more"


def results_of_a_second_round():
    loop = instances("rows", "row", output="said")
    text = model(start(), xor("m"), user("ask", loop), user("more"), xor("x", "out"), end(), path("start", "m", "ask", "more", "x"),
                 flow("x", "m", "again"), flow("x", "end", name="out"))  # fmt: skip
    accepted(text)
    player = Player(text, {"rows": [1]}).do("ask", v=1).do("more", again=True).do("ask", v=2)
    assert player.variables["said"] == [{"row": 1, "v": 2}]


def counted_results():
    loop = instances("rows", "row", output="said").replace(' camunda:collection="rows"', "")
    loop = loop.replace("</bpmn:multi", "<bpmn:loopCardinality>2</bpmn:loopCardinality></bpmn:multi")
    text = model(start(), user("ask", loop), user("z"), end(), path("start", "ask", "z", "end"))
    accepted(text)
    player = Player(text).do("ask", v=1).do("ask", v=2)
    assert len(player.variables["said"]) == 2
    assert player.open == ["z"]


def no_python():
    text = model(
        start(), user("a"), script("s", "n", '__import__("os").getpid()'), end(), path("start", "a", "s", "end")
    )
    refused(text, "expression")
    loop = instances("rows", "row").replace(
        "</bpmn:multi", "<bpmn:completionCondition>open('/tmp/x')</bpmn:completionCondition></bpmn:multi"
    )
    refused(model(start(), user("a", loop), end(), path("start", "a", "end")), "expression")


REPAIRED: dict[str, Callable[[], None]] = {
    "B1 joins in loops fire too early": joins_in_loops,
    "B2 deeper than 1000 tasks counts as completed": a_loop_of_600_rounds,
    "B3 recursion in long loops": a_loop_with_a_boundary_timer,
    "B4 the key typename in user data": an_answer_called_typename,
    "B5 interrupting event on a repeated sub-process": a_timer_on_a_repeated_subprocess,
    "B6 ghost timers": no_ghost_timers,
    "B7 specs change at run time": specs_are_shared,
    "B8 isInterrupting is not read": an_interrupting_event_subprocess,
    "B11 two timers at an event gateway": two_timers_at_an_event_gateway,
    "B12 lists of parallel branches": lists_of_parallel_branches,
    "B13 nested data is shared": nested_answers_do_not_leak,
    "B14 due dates start again": a_due_date_is_kept,
    "B15 a wrong timer kills the case": a_timer_that_fails_changes_nothing,
    "B16 link events": links,
    "B16 signal end event": a_signal_at_the_end,
    "B16 conditions on flows out of an activity": conditions_after_a_task,
    "sequence flow without id": flows_without_ids,
    "eventDefinitionRef": definitions_by_reference,
    "boundary event triggered from inside": an_event_from_inside_comes_first,
    "repeated activity entered again": results_of_a_second_round,
    "number of rounds with results": counted_results,
    "expressions are Python": no_python,
}

# --- refused: the model, and the rule -------------------------------------------------------------------------------------

COND = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">true</bpmn:conditionExpression>'
LINK = '<bpmn:linkEventDefinition name="L"/>'
COMPENSATE = "<bpmn:compensateEventDefinition/>"
PLAIN = model(start(), user("a"), end(), path("start", "a", "end"))
NESTED = model(start(), sub("outer", start("os"), user("a"), end("oe"), path("os", "a", "oe"),
               sub("es", start("es_start", message("m")), end("es_end"), path("es_start", "es_end"), triggeredByEvent="true")),
               end(), path("start", "outer", "end"), names="m:m")  # fmt: skip


def es(first: str, names: str = "") -> str:
    return event_sub(path("es_start", "es_end"), first=first, names=names)


def around(element: str, inner: str = "") -> str:
    return model(start(), node(element, "x", inner), end(), path("start", "x", "end"))


REFUSED: dict[str, tuple[str, str]] = {
    "B9 event sub-process with error start": (es(error()), "event-subprocess-start"),
    "B9 event sub-process with escalation start": (es(escalation("up"), "x:up"), "event-subprocess-start"),
    "B9 event sub-process with compensation start": (es(COMPENSATE), "event-subprocess-start"),
    "B9 event sub-process with conditional start": (es("<bpmn:conditionalEventDefinition/>"), "event-subprocess-start"),
    "B9 event sub-process with plain start": (es(""), "event-subprocess-start"),
    "B10 event sub-process with timer start": (es(timer("P1D")), "event-subprocess-start"),
    "B15 wrong timer literal": (model(start(), catch("t", timer("P1.5M")), end(), path("start", "t", "end")), "period-wrong"),
    "B15 Camunda expression as timer": (model(start(), catch("t", timer("${x}")), end(), path("start", "t", "end")), "expression-juel"),
    "B16 compensation throw": (model(start(), throw("t", COMPENSATE), end(), path("start", "t", "end")), "event-kind"),
    "B16 compensation end": (model(start(), end("end", COMPENSATE), path("start", "end")), "event-kind"),
    "B16 link without partner": (model(start(), throw("t", LINK), path("start", "t")), "link-unpaired"),
    "id Start": (PLAIN.replace('"start"', '"Start"'), "id-reserved"),
    "id End": (PLAIN.replace('id="a"', 'id="End"').replace('Ref="a"', 'Ref="End"'), "id-reserved"),
    "id Root": (PLAIN.replace('id="a"', 'id="Root"').replace('Ref="a"', 'Ref="Root"'), "id-reserved"),
    "nested event sub-process": (NESTED, "event-subprocess-nested"),
    "nested event sub-process with a signal": (NESTED.replace('message id="m_m"', 'signal id="m_m"').replace("messageEventDefinition messageRef",
        "signalEventDefinition signalRef"), "event-subprocess-nested"),
    "repeated activity with behavior": (model(start(), user("a", instances("r", "x").replace("isSequential", 'behavior="None" isSequential')), end(),
        path("start", "a", "end")), "attribute-unsupported"),
    "startQuantity": (PLAIN.replace('id="a"', 'id="a" startQuantity="2"'), "attribute-unsupported"),
    "completionQuantity": (PLAIN.replace('id="a"', 'id="a" completionQuantity="2"'), "attribute-unsupported"),
    "ad hoc ordering": (around("adHocSubProcess", user("a")), "unsupported-element"),
    "complex gateway": (around("complexGateway"), "unsupported-element"),
    "transaction": (around("transaction", start("s") + end("e") + path("s", "e")), "unsupported-element"),
    "dangling messageRef": (model(start(), catch("c", message("gone")), end(), path("start", "c", "end")), "ref-dangling"),
    "dangling targetRef": (PLAIN.replace('targetRef="end"', 'targetRef="gone"'), "ref-dangling"),
    "conditional event": (model(start(), catch("c", "<bpmn:conditionalEventDefinition/>"), end(), path("start", "c", "end")), "event-kind"),
    "cancel end": (model(start(), end("end", "<bpmn:cancelEventDefinition/>"), path("start", "end")), "event-kind"),
    "several triggers on one event": (model(start(), catch("c", message("m") + timer("P1D")), end(), path("start", "c", "end"), names="m:m"),
        "event-multiple"),
    "Python script": (model(start(), script("s", "n", "n += 1"), end(), path("start", "s", "end")), "expression"),
    "listeners": (around("userTask", "<bpmn:extensionElements><camunda:taskListener/></bpmn:extensionElements>"), "extension-unsupported"),
}  # fmt: skip


def accepted(text: str) -> None:
    """The checks have nothing against it."""
    assert refusals(check_files({"process.bpmn": text}, "p")) == []


def refused(text: str, rule: str) -> None:
    assert rule in {f.rule for f in refusals(check_files({"process.bpmn": text}, "p"), house=False)}


@pytest.mark.parametrize("row", REPAIRED)
def test_repaired(row: str):
    REPAIRED[row]()


@pytest.mark.parametrize("row", REFUSED)
def test_refused(row: str):
    refused(*REFUSED[row])


def test_no_blocker_is_forgotten():
    rows = {row.split()[0] for row in (*REPAIRED, *REFUSED)}
    assert {f"B{number}" for number in range(1, 17)} <= rows
