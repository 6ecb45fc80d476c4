"""Boundary events, event sub-processes, errors, escalations, signals, terminate: who is interrupted and who is not."""

import pytest

from engine import runtime
from engine.errors import RunFailed
from tests.engine.runtime.bpmn import (
    TERMINATE,
    Player,
    boundary,
    catch,
    definitions,
    end,
    error,
    escalation,
    flow,
    fork,
    instances,
    message,
    model,
    node,
    path,
    process,
    properties,
    script,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)


def inner(*names: str, last: str = "e") -> str:
    return start("s") + "".join(user(name) for name in names) + end(last) + path("s", *names, last)


# --- interruption


@pytest.mark.parametrize("sequential", [False, True])
def test_a_timer_ends_a_multi_instance_subprocess(*, sequential: bool):
    """B5: no orphan stays behind."""
    text = model(
        start(),
        sub("sp", inner("a"), instances("rows", "row", sequential=sequential)),
        boundary("late", "sp", timer("P5D")),
        user("chase"),
        user("z"),
        end(),
        end("e2"),
        path("start", "sp", "z", "end"),
        path("late", "chase", "e2"),
    )
    player = Player(text, {"rows": [1, 2, 3]}).do("a").wait(days=6)
    assert player.open == ["chase"]
    assert not player.workflow.subprocesses
    assert player.look().do("chase").done


def test_a_timer_ends_a_multi_instance_call():
    text = definitions(
        process(
            "p",
            start(),
            node("callActivity", "call", instances("rows", "row"), calledElement="q"),
            boundary("late", "call", timer("P5D")),
            user("chase"),
            end(),
            end("e2"),
            path("start", "call", "end"),
            path("late", "chase", "e2"),
        ),
        process("q", inner("a")),
    )
    player = Player(text, {"rows": [1, 2]}).wait(days=6)
    assert player.open == ["chase"]
    assert player.look().do("chase").done


def test_leaving_a_subprocess_leaves_no_ghost_timer():
    """B6: the timers inside are gone with it, before and after a reload."""
    body = inner("a") + boundary("t", "a", timer("P3D"), interrupting=False) + end("te") + path("t", "te")
    text = model(
        start(),
        sub("sp", body),
        boundary("out", "sp", message("out")),
        user("chase"),
        end(),
        end("e2"),
        path("start", "sp", "end"),
        path("out", "chase", "e2"),
        names="m:out",
    )
    for reload in (True, False):
        player = Player(text, reload=reload)
        assert set(player.dues) == {"t"}
        player.tell("out")
        assert player.dues == {}
        assert player.wait(days=10).open == ["chase"]
        assert player.completed("t") == 0


def test_completing_a_task_ends_its_boundary_timers():
    text = model(
        start(),
        user("a"),
        boundary("t1", "a", timer("P3D")),
        boundary("t2", "a", timer("P1D"), interrupting=False),
        user("b"),
        end(),
        end("e1"),
        end("e2"),
        path("start", "a", "b", "end"),
        path("t1", "e1"),
        path("t2", "e2"),
    )
    player = Player(text).do("a")
    assert player.dues == {}
    assert player.wait(days=9).open == ["b"]


def test_a_non_interrupting_message_can_come_again_and_again():
    text = model(
        start(),
        user("a"),
        boundary("again", "a", message("note"), interrupting=False),
        user("n"),
        end(),
        end("e2"),
        path("start", "a", "end"),
        path("again", "n", "e2"),
        names="m:note",
    )
    player = Player(text)
    for count in range(1, 4):
        assert player.tell("note") == 1
        assert player.open == ["a"] + ["n"] * count
    player.do("a")
    assert player.awaited == set()
    assert player.tell("note") == 0
    assert player.do("n").do("n").do("n").done


def test_an_interrupting_message_ends_the_activity():
    text = model(
        start(),
        sub("sp", inner("a")),
        boundary("out", "sp", message("out")),
        user("chase"),
        end(),
        end("e2"),
        path("start", "sp", "end"),
        path("out", "chase", "e2"),
        names="m:out",
    )
    player = Player(text)
    player.tell("out", why="because")
    assert player.variables["why"] == "because"
    assert player.open == ["chase"]
    assert player.events()["a", runtime.CANCELLED] == 1
    assert player.do("chase").done


# --- event sub-processes


def event_subprocess(kind: str, *, interrupting: bool, then: str = "w") -> str:
    what = message("stop") if kind == "message" else signal("stop")
    body = start("ws", what, isInterrupting=str(interrupting).lower()) + user(then) + end("we") + path("ws", then, "we")
    return node("subProcess", "stop", body, triggeredByEvent="true")


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_an_interrupting_event_subprocess_ends_everything_else(kind: str):
    """B8."""
    text = model(
        start(),
        fork("g"),
        user("a"),
        sub("sp", inner("b")),
        boundary("t", "sp", timer("P2D")),
        fork("j"),
        user("late"),
        end(),
        end("e2"),
        event_subprocess(kind, interrupting=True),
        path("start", "g", "a", "j", "end"),
        path("g", "sp", "j"),
        path("t", "late", "e2"),
        names="m:stop s:stop",
    )
    player = Player(text)
    assert player.awaited == {"stop"}
    assert player.tell("stop", kind=kind) == 0 or player.open == ["w"]
    assert player.open == ["w"]
    assert player.dues == {}
    assert player.wait(days=3).open == ["w"]
    assert player.do("w").done


def test_an_event_subprocess_that_does_not_interrupt():
    text = model(
        start(),
        user("a"),
        end(),
        event_subprocess("message", interrupting=False),
        path("start", "a", "end"),
        names="m:stop",
    )
    player = Player(text)
    player.tell("stop")
    player.tell("stop")
    assert player.open == ["a", "w", "w"]
    player.do("a")
    assert not player.done
    assert player.do("w").do("w").done


def test_a_signal_thrown_inside_interrupts_the_thrower_too():
    text = model(
        start(),
        user("a"),
        throw("shout", signal("stop")),
        user("b"),
        end(),
        event_subprocess("signal", interrupting=True),
        path("start", "a", "shout", "b", "end"),
        names="s:stop",
    )
    player = Player(text).do("a")
    assert player.open == ["w"]
    assert player.do("w").done


# --- errors, escalations, terminate


def failing(code: str, *catchers: str) -> str:
    """Two sub-processes around a task that ends in an error; `catchers` are (where, code) words such as `outer:E1`."""
    deep = start("s2") + user("a") + end("boom", error(code)) + path("s2", "a", "boom")
    edges = ""
    for number, catcher in enumerate(catchers):
        where, _, caught = catcher.partition(":")
        edges += (
            boundary(f"c{number}", where, error(caught or None))
            + user(f"h{number}")
            + end(f"he{number}")
            + path(f"c{number}", f"h{number}", f"he{number}")
        )
    inside = [part for part in [edges] if catchers and catchers[0].startswith("inner")]
    outside = [part for part in [edges] if part not in inside]
    middle = start("s1") + sub("inner", deep) + end("e1") + path("s1", "inner", "e1") + "".join(inside)
    return model(
        start(), sub("outer", middle), user("z"), end(), path("start", "outer", "z", "end"), *outside, names="e:E1 e:E2"
    )


def test_an_error_is_caught_by_the_nearest_boundary_with_its_code():
    assert Player(failing("E1", "inner:E1")).do("a").open == ["h0"]
    assert Player(failing("E1", "outer:E1")).do("a").open == ["h0"]
    assert Player(failing("E1", "outer:E2", "outer:E1")).do("a").open == ["h1"]
    assert Player(failing("E1", "outer", "outer:E1")).do("a").open == ["h1"], "the code goes before the catch-all"
    assert Player(failing("E1", "outer:E2", "outer")).do("a").open == ["h1"]


def test_the_handler_of_an_error_inside_lets_the_outside_go_on():
    player = Player(failing("E1", "inner:E1")).do("a").do("h0")
    assert player.open == ["z"]
    player = Player(failing("E1", "outer:E1")).do("a")
    assert player.do("h0").done


@pytest.mark.parametrize("text", [failing("E1"), failing("E1", "outer:E2")])
def test_an_error_nobody_handles_is_an_incident(text: str):
    player = Player(text)
    with pytest.raises(RunFailed) as found:
        player.do("a")
    assert found.value.element == "boom"
    assert player.open == ["a"], "nothing has happened"


def test_an_error_out_of_one_instance_ends_them_all():
    body = start("s") + user("a") + xor("x", "fine") + end("boom", error("E1")) + end("e") + path("s", "a", "x")
    body += flow("x", "boom", "bad") + flow("x", "e", name="fine")
    text = model(
        start(),
        sub("sp", body, instances("rows", "row")),
        boundary("c", "sp", error("E1")),
        user("h"),
        user("z"),
        end(),
        end("he"),
        path("start", "sp", "z", "end"),
        path("c", "h", "he"),
        names="e:E1",
    )
    player = Player(text, {"rows": [1, 2, 3]}).do("a", bad=False).do("a", bad=True)
    assert player.open == ["h"]
    assert player.do("h").done


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_escalation(*, interrupting: bool):
    body = (
        start("s") + user("a") + throw("up", escalation("X1")) + user("b") + end("e") + path("s", "a", "up", "b", "e")
    )
    text = model(
        start(),
        sub("sp", body),
        boundary("c", "sp", escalation("X1"), interrupting=interrupting),
        user("h"),
        end(),
        end("he"),
        path("start", "sp", "end"),
        path("c", "h", "he"),
        names="x:X1",
    )
    player = Player(text).do("a")
    assert player.open == (["h"] if interrupting else ["b", "h"])
    if not interrupting:
        player.do("b")
    assert player.do("h").done


def test_an_escalation_at_the_end_of_a_subprocess():
    body = start("s") + user("a") + end("up", escalation("X1")) + path("s", "a", "up")
    text = model(
        start(),
        sub("sp", body),
        boundary("c", "sp", escalation("X1"), interrupting=False),
        user("h"),
        user("z"),
        end(),
        end("he"),
        path("start", "sp", "z", "end"),
        path("c", "h", "he"),
        names="x:X1",
    )
    assert Player(text).do("a").open == ["h", "z"]


def test_an_escalation_nobody_handles_passes():
    body = (
        start("s") + user("a") + throw("up", escalation("X1")) + user("b") + end("e") + path("s", "a", "up", "b", "e")
    )
    player = Player(model(start(), sub("sp", body), end(), path("start", "sp", "end"), names="x:X1")).do("a")
    assert player.open == ["b"]
    assert player.events()["up", "uncaught"] == 1


def test_terminate_in_a_subprocess_ends_only_that():
    body = (
        start("s")
        + fork("g")
        + user("a")
        + user("b")
        + end("kill", TERMINATE)
        + end("e")
        + path("s", "g", "a", "kill")
        + path("g", "b", "e")
    )
    text = model(
        start(),
        fork("h"),
        sub("sp", body),
        user("other"),
        fork("j"),
        user("z"),
        end(),
        path("start", "h", "sp", "j", "z", "end"),
        path("h", "other", "j"),
    )
    player = Player(text).do("a")
    assert player.open == ["other"]
    assert player.do("other").open == ["z"]


def test_terminate_ends_the_case():
    text = model(
        start(),
        fork("g"),
        user("a"),
        user("b"),
        sub("sp", inner("c")),
        end("kill", TERMINATE),
        end("e2"),
        end("e3"),
        boundary("t", "b", timer("P3D")),
        end("e4"),
        path("start", "g", "a", "kill"),
        path("g", "b", "e2"),
        path("g", "sp", "e3"),
        path("t", "e4"),
    )
    player = Player(text).do("a")
    assert player.done
    assert player.open == []
    assert player.dues == {}


# --- messages and signals


def test_a_signal_end_event_sends():
    """B16: the library runs it as a plain end."""
    text = model(
        start(),
        fork("g"),
        user("a"),
        catch("hear", signal("flood")),
        user("b"),
        end("cry", signal("flood")),
        end(),
        path("start", "g", "a", "cry"),
        path("g", "hear", "b", "end"),
        names="s:flood",
    )
    player = Player(text).do("a")
    assert player.open == ["b"]
    assert [(t.kind, t.name) for t in player.thrown] == [("signal", "flood")]


def test_a_message_throw_leaves_with_its_payload():
    payload = properties(payload="={sum: n + 1}")
    text = model(
        start(),
        throw("send", payload + message("paid")),
        end("also", message("over")),
        path("start", "send", "also"),
        names="m:paid m:over",
    )
    player = Player(text, {"n": 1})
    assert [(t.kind, t.name, t.element, dict(t.payload)) for t in player.thrown] == [
        ("message", "paid", "send", {"sum": 2}),
        ("message", "over", "also", {}),
    ]


@pytest.mark.parametrize("receiver", ["catch", "task"])
def test_a_message_is_waited_for(receiver: str):
    waits = catch("w", message("paid")) if receiver == "catch" else node("receiveTask", "w", messageRef="m_paid")
    text = model(start(), waits, user("z"), end(), path("start", "w", "z", "end"), names="m:paid")
    player = Player(text)
    assert player.open == []
    assert player.tell("nonsense") == 0
    assert player.tell("paid", amount=5) == 1
    assert player.open == ["z"]
    assert player.variables["amount"] == 5


def test_an_event_gateway_takes_the_first_event():
    def race() -> str:
        return model(
            start(),
            node("eventBasedGateway", "g"),
            catch("m", message("paid")),
            catch("t", timer("P3D")),
            catch("s", signal("off")),
            user("a"),
            user("b"),
            user("c"),
            end(),
            xor("x"),
            path("start", "g", "m", "a", "x", "end"),
            path("g", "t", "b", "x"),
            path("g", "s", "c", "x"),
            names="m:paid s:off",
        )

    player = Player(race())
    assert player.awaited == {"paid", "off"}
    player.tell("paid")
    assert player.open == ["a"]
    assert player.dues == {} and player.awaited == set()
    assert Player(race()).wait(days=4).open == ["b"]
    late = Player(race())
    late.tell("off", kind="signal")
    assert late.wait(days=4).open == ["c"]
    assert late.do("c").done


def test_a_case_started_by_a_message():
    text = model(
        start("by_hand"),
        start("by_message", message("go")),
        user("a"),
        user("b"),
        xor("x"),
        end(),
        path("by_hand", "a", "x", "end"),
        path("by_message", "b", "x"),
        names="m:go",
    )
    assert Player(text, message="go").open == ["b"]
    assert Player(text, message="go").do("b").done


def test_a_case_with_a_message_start_only():
    text = model(start("by_message", message("go")), user("b"), end(), path("by_message", "b", "end"), names="m:go")
    player = Player(text, message="go")
    assert player.open == ["b"]
    assert player.do("b").done


def test_a_call_activity_shares_the_variables_of_the_case():
    text = definitions(
        process(
            "p",
            start(),
            node("callActivity", "call", calledElement="q"),
            boundary("c", "call", error("E1")),
            user("h"),
            user("z"),
            end(),
            end("e2"),
            path("start", "call", "z", "end"),
            path("c", "h", "e2"),
        ),
        process(
            "q",
            start("qs"),
            script("set", "k", "n + 1"),
            user("a"),
            xor("x", "ok"),
            end("boom", error("E1")),
            end("qe"),
            path("qs", "set", "a", "x"),
            flow("x", "boom", "bad"),
            flow("x", "qe", name="ok"),
        ),
        names="e:E1",
    )
    player = Player(text, {"n": 1}).do("a", bad=False)
    assert player.open == ["z"]
    assert player.variables["k"] == 2
    assert Player(text, {"n": 1}).do("a", bad=True).open == ["h"]
