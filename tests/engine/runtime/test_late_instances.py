"""Repeated activities behind a timer on the border: the timer's way is foreseen long before it is gone."""

import pytest

from tests.engine.runtime.bpmn import (
    Player,
    boundary,
    end,
    instances,
    message,
    model,
    node,
    path,
    repeated,
    start,
    timer,
    user,
)

SERVICE = {"camunda_topic": "tell", "camunda_type": "external"}


@pytest.mark.parametrize("kind", ["userTask", "serviceTask"])
@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("host", ["plain", "repeated"])
@pytest.mark.parametrize("rows", [["x", "y"], []])
def test_a_border_timer_before_a_repeated_activity(kind: str, host: str, rows: list[str], *, sequential: bool):
    more = SERVICE if kind == "serviceTask" else {}
    many = node(kind, "many", instances("rows", "row", sequential=sequential), **more)
    wait = user("wait", instances("hosts", "each") if host == "repeated" else "")
    late = boundary("late", "wait", timer("PT1H"), interrupting=False)
    text = model(
        start(), wait, late, many, end(), end("told"), path("start", "wait", "end"), path("late", "many", "told")
    )
    player = Player(text, {"rows": rows, "hosts": ["a", "b"]})
    player.wait(hours=2)
    hosts = ["wait", "wait"] if host == "repeated" else ["wait"]
    tasks = [] if kind == "serviceTask" or not rows else ["many"] if sequential else ["many", "many"]
    assert player.open == sorted(hosts + tasks)
    if kind == "serviceTask":
        assert len(player.thrown) == len(rows)
    for _ in rows if tasks else []:
        player.do("many")
    for _ in hosts:
        player.do("wait")
    assert player.done


@pytest.mark.parametrize("interrupting", [False, True])
def test_a_border_message_before_a_loop(*, interrupting: bool):
    late = boundary("late", "wait", message("heard"), interrupting=interrupting)
    many = user("many", repeated("again", maximum=3))
    ways = path("start", "wait", "end") + path("late", "many", "told")
    text = model(start(), user("wait"), late, many, end(), end("told"), ways, names="m:heard")
    player = Player(text, {"again": True})
    player.tell("heard")
    player.do("many").do("many", again=False)
    assert player.open == ([] if interrupting else ["wait"])
    assert player.done is interrupting
