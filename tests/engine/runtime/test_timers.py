"""Timers: fixed when they start, fired when exactly due, never twice, and nothing is saved when one cannot be read."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.errors import RunFailed
from tests.engine.runtime.bpmn import (
    NOW,
    Player,
    boundary,
    catch,
    end,
    flow,
    model,
    node,
    path,
    start,
    timer,
    user,
    xor,
)


def waiting_for(text: str, kind: str = "timeDuration") -> str:
    return model(start(), catch("t", timer(text, kind)), user("z"), end(), path("start", "t", "z", "end"))


@pytest.mark.parametrize(
    ("text", "kind", "due"),
    [
        ("P3D", "timeDuration", NOW + timedelta(days=3)),
        ("PT36H", "timeDuration", NOW + timedelta(hours=36)),
        ("P1M", "timeDuration", datetime(2026, 4, 2, 1, tzinfo=UTC)),
        ("2026-03-10T08:00:00Z", "timeDate", datetime(2026, 3, 10, 8, tzinfo=UTC)),
        ("2026-03-10", "timeDate", datetime(2026, 3, 10, 16, tzinfo=UTC)),
        ('=duration("P" + string(n) + "D")', "timeDuration", NOW + timedelta(days=2)),
        ('=date and time("2026-03-10T08:00:00Z")', "timeDate", datetime(2026, 3, 10, 8, tzinfo=UTC)),
    ],
)
def test_when_a_timer_is_due(text: str, kind: str, due: datetime):
    player = Player(waiting_for(text, kind), {"n": 2})
    assert player.dues == {"t": due}
    player.now = due - timedelta(microseconds=1)
    assert player.look().open == []
    player.now = due
    assert player.look().open == ["z"], "exactly due is due"
    assert player.dues == {}
    assert player.do("z").done


def test_a_timer_that_is_due_when_it_starts_fires_at_once():
    assert Player(waiting_for("2020-01-01T00:00:00Z", "timeDate")).open == ["z"]
    assert Player(waiting_for("PT0S")).open == ["z"]


def test_the_due_instant_is_fixed_at_the_start():
    text = model(
        start(),
        user("a"),
        boundary("t", "a", timer("=duration(span)")),
        user("b"),
        end(),
        end("e2"),
        path("start", "a", "end"),
        path("t", "b", "e2"),
    )
    player = Player(text, {"span": "P5D"})
    player.variables["span"] = "P1D"
    assert player.sleep(days=2).open == ["a"]
    assert player.sleep(days=3).open == ["b"]


def test_a_long_downtime_fires_every_timer_once():
    text = model(
        start(),
        user("a"),
        boundary("t1", "a", timer("P1D"), interrupting=False),
        boundary("t2", "a", timer("P2D"), interrupting=False),
        boundary("t3", "a", timer("P3D")),
        user("n1"),
        user("n2"),
        user("n3"),
        end(),
        end("e1"),
        end("e2"),
        end("e3"),
        path("start", "a", "end"),
        path("t1", "n1", "e1"),
        path("t2", "n2", "e2"),
        path("t3", "n3", "e3"),
    )
    player = Player(text).wait(days=30)
    assert player.open == ["n1", "n2", "n3"]
    down = Player(text).sleep(days=30)
    assert "n3" in down.open and "a" not in down.open
    assert all(down.completed(t) <= 1 for t in ("t1", "t2", "t3"))


@pytest.mark.parametrize(("first", "second", "wins"), [("P10D", "P5D", "b"), ("P5D", "P10D", "a")])
def test_two_timers_at_an_event_gateway(first: str, second: str, wins: str):
    """B11: each has its own due date."""
    text = model(
        start(),
        node("eventBasedGateway", "g"),
        catch("t1", timer(first)),
        catch("t2", timer(second)),
        user("a"),
        user("b"),
        xor("x"),
        end(),
        path("start", "g", "t1", "a", "x", "end"),
        path("g", "t2", "b", "x"),
    )
    player = Player(text)
    assert player.wait(days=4).open == []
    assert player.wait(days=2).open == [wins]
    assert player.wait(days=20).open == [wins]


@pytest.mark.parametrize("text", ["sometime", "P", "=nonsense +", '="P"', "=n", "P-3D", "=null"])
def test_a_timer_that_cannot_be_read_leaves_the_case_as_it_was(text: str):
    """B15: the task before it is still open, and can be completed once the mistake is corrected."""
    bad = model(start(), user("a"), catch("t", timer(text)), user("z"), end(), path("start", "a", "t", "z", "end"))
    player = Player(bad, {"n": True})
    with pytest.raises(RunFailed) as found:
        player.do("a", said="kept nowhere")
    assert found.value.element == "t"
    assert player.open == ["a"]
    assert "said" not in player.variables


def cycle(text: str) -> str:
    return model(
        start(),
        user("a"),
        boundary("r", "a", timer(text, "timeCycle"), interrupting=False),
        user("n"),
        end(),
        end("e2"),
        path("start", "a", "end"),
        path("r", "n", "e2"),
    )


def test_a_repeating_timer():
    player = Player(cycle("R3/P1D"))
    assert player.wait(days=1).open == ["a", "n"]
    assert player.wait(days=1).open == ["a", "n", "n"]
    assert player.wait(days=10).open == ["a", "n", "n", "n"]
    assert player.dues == {}


def test_rounds_missed_in_a_downtime_fire_once():
    player = Player(cycle("R3/P1D")).sleep(days=2, hours=1)
    assert player.open == ["a", "n"]
    assert player.dues == {"r": NOW + timedelta(days=3)}
    assert player.sleep(days=30).open == ["a", "n", "n"]
    assert player.dues == {}


def test_a_timer_that_repeats_for_ever():
    player = Player(cycle("R/P1D"))
    for count in range(1, 6):
        assert player.wait(days=1).open == ["a"] + ["n"] * count
    assert player.sleep(days=365).open == ["a"] + ["n"] * 6
    assert player.do("a").dues == {}


def test_a_cycle_without_length_is_refused():
    with pytest.raises(RunFailed):
        Player(cycle("R3/PT0S"))


def test_a_timer_in_a_loop_starts_afresh_every_round():
    text = model(
        start(),
        user("a"),
        boundary("t", "a", timer("P5D")),
        user("late"),
        xor("x", "out"),
        end(),
        end("e2"),
        path("start", "a", "x"),
        flow("x", "a", "again"),
        flow("x", "end", name="out"),
        path("t", "late", "e2"),
    )
    player = Player(text)
    for _ in range(5):
        player.wait(days=4)
        assert player.do("a", again=True).dues == {"t": player.now + timedelta(days=5)}
    assert player.wait(days=5).open == ["late"]
