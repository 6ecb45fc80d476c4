"""The state on disk: any variables, any tree, and back again (B4)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import runtime
from engine.feel import YearsMonths
from engine.values import dumps, loads
from tests.engine.runtime.bpmn import Player, boundary, end, instances, model, path, start, sub, timer, user

POISON = [
    {"typename": "Foo"},
    {"typename": "datetime", "value": "2026-01-01"},
    {"@": "date", "v": "not a date"},
    {"@": {"@": 1}},
    {"data_objects": {"a": 1}, "__builtins__": None},
    [{"typename": [{"@": "object", "v": []}]}],
]


@pytest.mark.parametrize("value", POISON)
def test_no_answer_can_spoil_a_case(value: object):
    text = model(start(), user("a"), user("b"), end(), path("start", "a", "b", "end"))
    player = Player(text).do("a", fact=value)
    assert player.variables["fact"] == value
    assert loads(dumps(player.variables))["fact"] == value
    assert player.do("b").done


@pytest.mark.parametrize("value", POISON)
def test_no_item_of_a_collection_can_spoil_a_case(value: object):
    text = model(start(), user("a"), user("each", instances("rows", "row")), end(), path("start", "a", "each", "end"))
    player = Player(text).do("a", rows=[value, value])
    assert player.task("each").local["row"] == value
    assert player.do("each").do("each").done


def test_values_keep_their_types():
    value = {
        "day": date(2026, 3, 2),
        "instant": datetime(2026, 3, 2, 1, tzinfo=UTC),
        "number": Decimal("0.1"),
        "big": Decimal(10) ** 30,
        "span": timedelta(hours=1, microseconds=3),
        "months": YearsMonths(14),
        "nothing": None,
        "list": [True, "x"],
    }
    text = model(start(), user("a"), user("each", instances("rows", "row")), end(), path("start", "a", "each", "end"))
    player = Player(text).do("a", rows=[value])
    assert player.task("each").local["row"] == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15).map(Decimal) | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@", "v", "typename", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values)
def test_any_value_comes_back(value: object):
    assert loads(dumps({"x": value})) == {"x": value}


def test_a_dump_of_a_load_is_the_same_dump():
    inner = [
        start("s"),
        user("a"),
        boundary("t", "a", timer("P9D"), interrupting=False),
        end("e"),
        end("e2"),
        path("s", "a", "e"),
        path("t", "e2"),
    ]
    text = model(
        start(), sub("sp", *inner, instances("rows", "row")), user("z"), end(), path("start", "sp", "z", "end")
    )
    player = Player(text, {"rows": [1, 2, 3]}, reload=False)
    player.do("a", 1)
    again = runtime.load(player.state, player.compiled)
    assert runtime.dump(again) == player.state
    assert runtime.waiting(again) == runtime.waiting(player.workflow)


def test_a_state_of_another_version_is_refused():
    one = Player(model(start(), user("a"), end(), path("start", "a", "end")))
    other = runtime.compile_process({"p.bpmn": model(start(), user("b"), end(), path("start", "b", "end"))}, "p")
    with pytest.raises((KeyError, ValueError)):
        runtime.load(one.state, other)
