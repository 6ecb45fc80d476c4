"""Multi-instance and standard loops: items, results, conditions, loops around them; data of branches (B12, B13)."""

from typing import Any

import pytest

from engine.errors import RunFailed
from tests.engine.runtime.bpmn import (
    Player,
    counted,
    end,
    flow,
    fork,
    instances,
    model,
    path,
    repeated,
    script,
    start,
    sub,
    user,
    xor,
)


def each(characteristics: str, kind: str = "user") -> str:
    body = start("s") + user("a") + end("e") + path("s", "a", "e")
    activity = user("a", characteristics) if kind == "user" else sub("sp", body, characteristics)
    name = "a" if kind == "user" else "sp"
    return model(
        start(),
        activity,
        user("z"),
        xor("x", "out"),
        end(),
        path("start", name, "z", "x"),
        flow("x", name, "again"),
        flow("x", "end", name="out"),
    )


@pytest.mark.parametrize("kind", ["user", "sub"])
def test_parallel_instances(kind: str):
    player = Player(each(instances("rows", "row"), kind), {"rows": ["x", "y", "z"]})
    assert player.open == ["a", "a", "a"]
    assert {player.task("a", k).local["row"] for k in range(3)} == {"x", "y", "z"}
    player.do("a", 1).do("a", 1).do("a")
    assert player.open == ["z"]
    assert player.do("z", again=False).done


@pytest.mark.parametrize("kind", ["user", "sub"])
def test_sequential_instances(kind: str):
    player = Player(each(instances("rows", "row", sequential=True), kind), {"rows": ["x", "y", "z"]})
    for item in ("x", "y", "z"):
        assert player.open == ["a"]
        assert player.task("a").local["row"] == item
        player.do("a")
    assert player.open == ["z"]


@pytest.mark.parametrize("sequential", [False, True])
def test_results_are_collected_and_start_afresh_when_entered_again(*, sequential: bool):
    player = Player(each(instances("rows", "row", sequential=sequential, output="said")), {"rows": [1, 2]})
    player.do("a", word="one").do("a", word="two")
    assert player.variables["said"] == [{"row": 1, "word": "one"}, {"row": 2, "word": "two"}]
    player.do("z", again=True).do("a", word="three").do("a", word="four")
    assert player.variables["said"] == [{"row": 1, "word": "three"}, {"row": 2, "word": "four"}]
    assert player.do("z", again=False).done


def test_parallel_results_come_in_the_order_of_the_answers_each_with_its_item():
    player = Player(each(instances("rows", "row", output="said")), {"rows": ["x", "y", "z"]})
    player.do("a", 2, word="last first").do("a", word="then the first").do("a", row="nobody else", word="then y")
    assert player.variables["said"] == [
        {"row": "z", "word": "last first"},
        {"row": "x", "word": "then the first"},
        {"row": "nobody else", "word": "then y"},
    ]


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("rows", [[], None])
def test_nobody_to_ask(rows: Any, *, sequential: bool):
    player = Player(each(instances("rows", "row", sequential=sequential, output="said")), {"rows": rows})
    assert player.open == ["z"]
    assert player.do("z", again=True).do("z", again=False).done


def test_the_results_of_an_empty_round_are_not_those_of_the_round_before():
    player = (
        Player(each(instances("rows", "row", output="said")), {"rows": [1]})
        .do("a", word="one")
        .do("z", again=True, rows=[])
    )
    assert player.open in (["z"], ["a"])
    if player.open == ["z"]:
        assert player.variables["said"] == []


@pytest.mark.parametrize("sequential", [False, True])
def test_a_completion_condition_ends_the_rest(*, sequential: bool):
    player = Player(
        each(instances("rows", "row", sequential=sequential, until="enough")), {"rows": [1, 2, 3], "enough": False}
    )
    player.do("a", enough=False)
    assert player.do("a", enough=True).open == ["z"]


def test_the_collection_may_change_for_the_next_round():
    player = Player(each(instances("rows", "row")), {"rows": [1]}).do("a").do("z", again=True, rows=[1, 2, 3])
    assert player.open == ["a", "a", "a"]


@pytest.mark.parametrize("before", [False, True])
def test_a_standard_loop(*, before: bool):
    loop = repeated("n < 3", before=before)
    body = start("s") + user("a") + script("count", "n", "n + 1") + end("e") + path("s", "a", "count", "e")
    player = Player(model(start(), sub("sp", body, loop), user("z"), end(), path("start", "sp", "z", "end")), {"n": 0})
    for _ in range(3):
        assert player.open == ["a"]
        player.do("a")
    assert player.open == ["z"]


def test_a_standard_loop_tested_before_may_not_run_at_all():
    loop = repeated("n < 3", before=True)
    text = model(start(), user("a", loop), user("z"), end(), path("start", "a", "z", "end"))
    assert Player(text, {"n": 5}).open == ["z"]


def test_a_standard_loop_with_a_maximum():
    loop = repeated("true", maximum=2)
    player = Player(model(start(), user("a", loop), user("z"), end(), path("start", "a", "z", "end")))
    assert player.do("a").open == ["a"]
    assert player.do("a").open == ["z"]


# --- data of branches


BRANCHES = model(
    start(),
    fork("g"),
    user("a"),
    user("b"),
    fork("j"),
    user("z"),
    end(),
    path("start", "g", "a", "j", "z", "end"),
    path("g", "b", "j"),
)


def test_what_parallel_branches_write_is_all_there():
    """B12: lists are neither merged nor cut, the last writer of a key wins."""
    player = Player(BRANCHES, {"docs": ["a"], "same": [5, 5, 5]})
    player.do("a", docs=["a", "b1"], left=[1, 2, 3])
    assert player.variables["docs"] == ["a", "b1"]
    player.do("b", docs=[*player.variables["docs"], "b2", "b3"], right=[3, 4])
    assert player.variables["docs"] == ["a", "b1", "b2", "b3"]
    assert (
        player.variables["left"] == [1, 2, 3]
        and player.variables["right"] == [3, 4]
        and player.variables["same"] == [5, 5, 5]
    )


@pytest.mark.parametrize("reload", [False, True])
def test_what_a_form_handler_changes_inside_an_answer_stays_outside(*, reload: bool):
    """B13: nested values are copied on their way in."""
    answer = {"name": "x", "list": [1]}
    player = Player(BRANCHES, reload=reload).do("a", who=answer)
    answer["list"].append(2)
    answer["name"] = "y"
    assert player.variables["who"] == {"name": "x", "list": [1]}


def test_a_script_sees_the_item_of_its_instance():
    body = start("s") + user("a") + script("add", "total", "total + row.n") + end("e") + path("s", "a", "add", "e")
    player = Player(
        model(start(), sub("sp", body, instances("rows", "row")), end(), path("start", "sp", "end")),
        {"rows": [{"n": 1}, {"n": 20}], "total": 0},
    )
    player.do("a").do("a")
    assert player.variables["total"] == 21
    assert player.done


def test_nested_instances():
    inside = start("s2") + user("a", instances("cols", "col")) + end("e2") + path("s2", "a", "e2")
    player = Player(
        model(start(), sub("sp", inside, instances("rows", "row")), user("z"), end(), path("start", "sp", "z", "end")),
        {"rows": [1, 2], "cols": [3, 4]},
    )
    assert player.open == ["a"] * 4
    seen = {(player.task("a", k).local["row"], player.task("a", k).local["col"]) for k in range(4)}
    assert len(seen) == 4
    for _ in range(4):
        player.do("a")
    assert player.open == ["z"]


def test_the_task_after_a_collecting_one_keeps_its_answers():
    player = (
        Player(each(instances("rows", "row", output="said")), {"rows": [1]})
        .do("a", word="one")
        .do("z", again=False, note="kept")
    )
    assert player.variables["note"] == "kept"
    assert player.variables["said"] == [{"row": 1, "word": "one"}]


@pytest.mark.parametrize("sequential", [False, True])
def test_an_output_item_is_one_answer_of_each(*, sequential: bool):
    loop = instances("rows", "row", sequential=sequential, output="said").replace(
        "</bpmn:multi", '<bpmn:outputDataItem id="word" name="word"/></bpmn:multi'
    )
    player = Player(each(loop), {"rows": [1, 2]}).do("a", word="one", other="x").do("a", word="two")
    assert player.variables["said"] == ["one", "two"]


@pytest.mark.parametrize("sequential", [False, True])
def test_camundas_counters(*, sequential: bool):
    loop = instances("rows", "row", sequential=sequential, until="nrOfCompletedInstances / nrOfInstances > 0.5")
    player = Player(each(loop), {"rows": [1, 2, 3]}).do("a")
    assert "a" in player.open
    assert player.do("a").open == ["z"]


@pytest.mark.parametrize("sequential", [False, True])
def test_a_null_among_the_items(*, sequential: bool):
    player = Player(each(instances("rows", "row", sequential=sequential)), {"rows": [1, None, 3]})
    assert player.do("a").do("a").do("a").open == ["z"]


def test_a_list_that_changes_under_way_skips_and_repeats_nobody():
    player = Player(each(instances("rows", "row", sequential=True)), {"rows": ["x", "y", "z"]})
    seen = [player.task("a").local["row"]]
    player.do("a", rows=["y"])
    seen.append(player.task("a").local["row"])
    player.do("a")
    seen.append(player.task("a").local["row"])
    assert seen == ["x", "y", "z"]
    assert player.do("a").open == ["z"]


def test_a_collection_may_be_an_expression():
    player = Player(each(instances("=rows[n > 1]", "row")), {"rows": [{"n": 1}, {"n": 2}, {"n": 3}]})
    assert player.open == ["a", "a"]


@pytest.mark.parametrize("rows", ["abc", {"a": 1}, 7, list(range(1001))])
def test_what_is_no_list_of_bearable_length_is_an_incident(rows: Any):
    text = model(start(), user("b"), user("a", instances("rows", "row")), end(), path("start", "b", "a", "end"))
    player = Player(text)
    with pytest.raises(RunFailed) as found:
        player.do("b", rows=rows)
    assert found.value.element == "a"
    assert player.open == ["b"]


@pytest.mark.parametrize("sequential", [False, True])
def test_a_number_of_instances(*, sequential: bool):
    loop = counted("=n + 1", sequential=sequential)
    player = Player(each(loop), {"n": 2}).do("a").do("a").do("a")
    assert player.open == ["z"]


HOSTILE = ['__import__("os").getpid()', "2.5", "1000000000", '"x"', "null", "().__class__"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("sequential", [False, True])
def test_no_python_runs_in_a_cardinality(text: str, *, sequential: bool):
    loop = counted(text, sequential=sequential)
    with pytest.raises(RunFailed):
        Player(each(loop))


def test_no_python_runs_in_a_completion_condition():
    player = Player(each(instances("rows", "row", until='__import__("os").getpid() > 0')), {"rows": [1, 2]})
    with pytest.raises(RunFailed):
        player.do("a")
