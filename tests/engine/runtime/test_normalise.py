"""Legal BPMN that the library misreads (B16 and the silent ones): the drawing means what BPMN says."""

import pytest

from engine import runtime
from engine.errors import InvalidDefinition, RunFailed
from tests.engine.runtime.bpmn import (
    Player,
    catch,
    definitions,
    end,
    flow,
    model,
    node,
    path,
    process,
    script,
    start,
    throw,
    user,
    xor,
)


def test_link_events_are_a_flow_drawn_apart():
    link = '<bpmn:linkEventDefinition name="over"/>'
    text = model(
        start(),
        user("a"),
        xor("x", "on"),
        throw("l1", link),
        throw("l2", link),
        catch("l3", link),
        user("b"),
        user("c"),
        end(),
        path("start", "a", "x"),
        flow("x", "l1", "jump"),
        flow("x", "c", name="on"),
        path("c", "l2"),
        path("l3", "b", "end"),
    )
    assert Player(text).do("a", jump=True).open == ["b"]
    assert Player(text).do("a", jump=False).do("c").do("b").done


def test_conditions_on_flows_out_of_an_activity():
    text = model(
        start(),
        user("a"),
        user("b"),
        user("c"),
        user("d"),
        end(),
        path("start", "a"),
        flow("a", "b", "n > 0"),
        flow("a", "c", "n > 1"),
        flow("a", "d"),
        path("b", "end"),
        path("c", "end"),
        path("d", "end"),
    )
    assert Player(text).do("a", n=0).open == ["d"]
    assert Player(text).do("a", n=1).open == ["b", "d"]
    assert Player(text).do("a", n=2).open == ["b", "c", "d"]


def test_a_conditional_flow_alone_may_lead_nowhere():
    text = model(start(), user("a"), user("b"), end(), path("start", "a"), flow("a", "b", "go"), path("b", "end"))
    assert Player(text).do("a", go=True).open == ["b"]
    assert Player(text).do("a", go=False).done


def test_a_default_flow_out_of_an_activity():
    text = model(
        start(),
        user("a", default="else"),
        user("b"),
        user("c"),
        end(),
        path("start", "a"),
        flow("a", "b", "go"),
        flow("a", "c", name="else"),
        path("b", "end"),
        path("c", "end"),
    )
    assert Player(text).do("a", go=True).open == ["b"]
    assert Player(text).do("a", go=False).open == ["c"]


def test_several_plain_flows_out_of_an_activity_are_a_fork():
    text = model(start(), user("a"), user("b"), user("c"), end(), path("start", "a", "b", "end"), path("a", "c", "end"))
    player = Player(text).do("a")
    assert player.open == ["b", "c"]
    assert player.do("b").do("c").done


def test_flows_without_ids():
    text = (
        model(start(), user("a"), user("b"), end(), path("start", "a", "b", "end"))
        .replace(' id="a-b"', "")
        .replace(' id="start-a"', "")
    )
    player = Player(text).do("a")
    assert player.open == ["b"]
    assert player.do("b").done


def test_a_drawing_without_start_and_end():
    player = Player(model(user("a"), user("b"), path("a", "b")))
    assert player.open == ["a"]
    assert player.do("a").do("b").done


def test_two_flows_between_the_same_nodes():
    text = model(
        start(),
        xor("g", "d"),
        user("a"),
        end(),
        path("start", "g"),
        flow("g", "a", "n > 1", name="f1"),
        flow("g", "a", "n > 5", name="f2"),
        flow("g", "end", name="d"),
        path("a", "end"),
    )
    assert Player(text, {"n": 7}).open == ["a"]
    assert Player(text, {"n": 0}).done


def shape(element: str, y: int) -> str:
    bounds = f'<dc:Bounds x="0" y="{y}" width="10" height="10"/>'
    return f'<bpmndi:BPMNShape id="{element}_di" bpmnElement="{element}">{bounds}</bpmndi:BPMNShape>'


def diagram(**heights: int) -> str:
    shapes = "".join(shape(element, y) for element, y in heights.items())
    drawn = "http://www.omg.org/spec/BPMN/20100524/DI"
    boxes = "http://www.omg.org/spec/DD/20100524/DC"
    return (
        f'<bpmndi:BPMNDiagram xmlns:bpmndi="{drawn}" xmlns:dc="{boxes}" id="dd">'
        f'<bpmndi:BPMNPlane id="pl" bpmnElement="p">{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
    )


@pytest.mark.parametrize("heights", [(10, 20), (20, 10)])
def test_moving_a_shape_does_not_change_the_way(heights: tuple[int, int]):
    text = definitions(
        process(
            "p",
            start(),
            xor("g", "d"),
            user("a"),
            user("b"),
            end(),
            path("start", "g"),
            flow("g", "a", "n > 0"),
            flow("g", "b", "n > 1"),
            flow("g", "end", name="d"),
            path("a", "end"),
            path("b", "end"),
        ),
        diagram(a=heights[0], b=heights[1], g=0, start=0, end=0),
    )
    assert Player(text, {"n": 5}).open == ["a"], "the first condition in the document wins"


def test_the_first_true_condition_wins_in_document_order():
    text = model(
        start(),
        xor("g", "d"),
        user("a"),
        user("b"),
        end(),
        path("start", "g"),
        flow("g", "b", "n > 1"),
        flow("g", "a", "n > 0"),
        flow("g", "end", name="d"),
        path("a", "end"),
        path("b", "end"),
    )
    assert Player(text, {"n": 5}).open == ["b"]
    assert Player(text, {"n": 1}).open == ["a"]


def test_an_unconditional_flow_beside_conditions_is_always_true():
    text = model(
        start(),
        xor("g"),
        user("a"),
        user("b"),
        end(),
        path("start", "g"),
        flow("g", "a", "n > 0"),
        flow("g", "b"),
        path("a", "end"),
        path("b", "end"),
    )
    assert Player(text, {"n": 1}).open == ["a"]
    assert Player(text, {"n": 0}).open == ["b"]


def test_no_true_condition_is_an_incident_at_the_gateway():
    text = model(
        start(),
        user("a"),
        xor("g"),
        end(),
        end("e2"),
        path("start", "a", "g"),
        flow("g", "end", "n > 5"),
        flow("g", "e2", "n > 9"),
    )
    player = Player(text)
    with pytest.raises(RunFailed) as found:
        player.do("a", n=1)
    assert found.value.element == "g"
    assert player.open == ["a"]


@pytest.mark.parametrize("condition", ["1", '"yes"', "[]"])
def test_a_condition_must_be_true_or_false(condition: str):
    text = model(
        start(),
        user("a"),
        xor("g", "d"),
        end(),
        end("e2"),
        path("start", "a", "g"),
        flow("g", "e2", condition),
        flow("g", "end", name="d"),
    )
    with pytest.raises(RunFailed) as found:
        Player(text).do("a")
    assert found.value.element == "g"


def test_the_journal_names_the_flows_taken():
    text = model(
        start(),
        user("a"),
        xor("g", "d"),
        script("s", "n", "1"),
        end(),
        path("start", "a", "g"),
        flow("g", "s", "go"),
        flow("g", "end", name="d"),
        path("s", "end"),
    )
    player = Player(text).do("a", go=True)
    assert {s.flow for s in player.journal if s.flow} == {"start-a", "a-g", "g-s", "s-end"}


@pytest.mark.parametrize(
    "text",
    [
        "not xml",
        "<a/>",
        '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        definitions(process("other", start(), end(), path("start", "end"))),
        model(start(), user("a"), path("start", "a", "nowhere")),
        model(start(), node("callActivity", "call", calledElement="missing"), end(), path("start", "call", "end")),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_finding(text: str):
    with pytest.raises(InvalidDefinition) as found:
        runtime.compile_process({"p.bpmn": text}, "p")
    assert found.value.findings
