"""Long lives (B2, B3): a case that loops a thousand times stays as small and as quick as on its first day."""

from statistics import median
from time import process_time

import pytest

from engine.errors import RunFailed
from tests.engine.runtime.bpmn import (
    Player,
    boundary,
    end,
    flow,
    fork,
    model,
    node,
    path,
    script,
    start,
    timer,
    user,
    xor,
)

REWORK = model(
    start(),
    xor("m"),
    user("work"),
    boundary("late", "work", timer("P30D")),
    user("chase"),
    script("count", "n", "n + 1"),
    xor("x", "out"),
    end(),
    end("given_up"),
    path("start", "m", "work", "count", "x"),
    path("late", "chase", "given_up"),
    flow("x", "m", "n < 1000"),
    flow("x", "end", name="out"),
)


def test_a_thousand_rounds_with_a_boundary_timer():
    player = Player(REWORK, {"n": 0})
    sizes, steps = {}, {}
    for number in range(1, 1001):
        begun = process_time()
        player.do("work")
        steps[number] = process_time() - begun
        sizes[number] = (player.size(), len(player.state))
    assert player.done, "the case ends, and only after its thousandth round (B2)"
    assert player.variables["n"] == 1000
    assert sizes[999] == sizes[10] or (sizes[999][0] == sizes[10][0] and sizes[999][1] < sizes[10][1] + 64)
    assert median(steps[n] for n in range(901, 1000)) < 2 * median(steps[n] for n in range(5, 104))


def test_the_timer_of_a_late_round_still_works():
    player = Player(REWORK, {"n": 0})
    for _ in range(300):
        player.do("work")
    assert player.wait(days=31).open == ["chase"]
    assert player.do("chase").done


def test_a_thousand_automatic_rounds():
    text = model(
        start(),
        xor("m"),
        script("count", "n", "n + 1"),
        xor("x", "out"),
        end(),
        path("start", "m", "count", "x"),
        flow("x", "m", "n < 1000"),
        flow("x", "end", name="out"),
    )
    player = Player(text, {"n": 0})
    assert player.done
    assert player.variables["n"] == 1000


def test_a_branch_that_loops_beside_one_that_waits():
    text = model(
        start(),
        fork("g"),
        user("a"),
        user("b"),
        xor("m"),
        xor("x", "out"),
        end(),
        end("e2"),
        path("start", "g", "m", "a", "x"),
        flow("x", "m", "again"),
        flow("x", "end", name="out"),
        path("g", "b", "e2"),
    )
    player = Player(text)
    player.do("a", again=True)
    size = player.size()
    for _ in range(200):
        player.do("a", again=True)
    assert player.size() <= size
    player.do("a", again=False)
    assert player.open == ["b"]
    assert player.do("b").done


@pytest.mark.parametrize(
    "body",
    [
        (xor("m"), script("s", "n", "1"), path("start", "m", "s"), flow("s", "m")),
        (
            xor("m"),
            fork("g"),
            script("s", "n", "1"),
            script("r", "k", "1"),
            xor("q"),
            path("start", "m", "g", "s", "q"),
            path("g", "r", "q"),
            flow("q", "m"),
        ),
    ],
    ids=["loop", "multiplying"],
)
def test_an_endless_automatic_loop_is_an_incident(body: tuple[str, ...]):
    begun = process_time()
    with pytest.raises(RunFailed):
        Player(model(start(), *body))
    assert process_time() - begun < 5


def test_a_long_chain():
    names = [f"t{k}" for k in range(450)]
    text = model(
        start(), *(node("task", name) for name in names), user("last"), end(), path("start", *names, "last", "end")
    )
    player = Player(text)
    assert player.open == ["last"]
    assert player.do("last").done


def test_a_long_chain_of_user_tasks():
    names = [f"t{k}" for k in range(420)]
    player = Player(model(start(), *(user(name) for name in names), end(), path("start", *names, "end")))
    for name in names[:20]:
        player.do(name)
    assert player.open == ["t20"]


def test_a_step_that_leads_to_itself_until_its_limit():
    """No gateway chooses anything in this loop; the library draws it up without end."""
    text = model(
        start(), user("a"), boundary("late", "a", timer("P9D")), end(), path("start", "a", "a"), path("late", "end")
    )
    player = Player(text)
    for _ in range(5):
        player.wait(days=1).do("a")
        assert player.open == ["a"]
    assert player.completed("a") == 5
    assert player.wait(days=9).done
