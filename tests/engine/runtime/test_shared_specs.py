"""Compiled once, run by many cases (B7): running changes nothing in the specs."""

from threading import Thread
from types import MethodType
from typing import Any

from engine import runtime
from tests.engine.runtime.bpmn import (
    Player,
    boundary,
    definitions,
    end,
    flow,
    fork,
    instances,
    message,
    node,
    path,
    process,
    script,
    start,
    sub,
    timer,
    user,
    xor,
)

EVERYTHING = definitions(
    process(
        "p",
        start(),
        user("a"),
        xor("x", "on"),
        fork("g"),
        fork("j"),
        user("each", instances("rows", "row", output="said")),
        sub("sp", start("s"), user("b"), end("e"), path("s", "b", "e")),
        boundary("late", "sp", timer("P5D")),
        user("chase"),
        node("callActivity", "call", calledElement="q"),
        end(),
        end("e3"),
        node(
            "subProcess",
            "stop",
            start("ws", message("stop"), isInterrupting="true") + user("w") + end("we") + path("ws", "w", "we"),
            triggeredByEvent="true",
        ),
        node(
            "subProcess",
            "note",
            start("ns", message("note"), isInterrupting="false") + user("n") + end("ne") + path("ns", "n", "ne"),
            triggeredByEvent="true",
        ),
        path("start", "a", "x"),
        flow("x", "a", "again"),
        flow("x", "g", name="on"),
        path("g", "each", "j"),
        path("g", "sp", "j"),
        path("j", "call", "end"),
        path("late", "chase", "e3"),
    ),
    process("q", start("qs"), script("set", "k", "1"), user("c"), end("qe"), path("qs", "set", "c", "qe")),
    names="m:stop m:note",
)


def picture(value: Any, seen: dict[int, int]) -> Any:
    """Everything reachable from a spec as plain data; objects met before by their number."""
    if isinstance(value, (str, int, float, bytes, type(None), type)):
        return value
    if id(value) in seen:
        return f"#{seen[id(value)]}"
    seen[id(value)] = len(seen)
    if isinstance(value, dict):
        found: Any = {str(key): picture(item, seen) for key, item in value.items()}
    elif isinstance(value, (list, tuple)):
        found = [picture(item, seen) for item in value]
    elif isinstance(value, (set, frozenset)):
        found = sorted(repr(picture(item, seen)) for item in value)
    elif isinstance(value, MethodType):
        found = [value.__func__.__qualname__, picture(value.__self__, seen)]
    else:
        found = [type(value).__name__, picture(getattr(value, "__dict__", {}), seen)]
    return found


def picture_of(compiled: runtime.Compiled) -> Any:
    return picture([compiled.spec, dict(compiled.subspecs)], {})


def whole_life(compiled: runtime.Compiled) -> list[runtime.Step]:
    player = Player(compiled, {"rows": [1, 2]})
    player.do("a", again=True).do("a", again=False)
    player.tell("note")
    player.tell("note")
    player.do("n").do("n").do("each").do("each").do("b").do("c")
    assert player.done
    assert player.variables["said"] == [{"row": 1}, {"row": 2}]
    return player.journal


def interrupted_life(compiled: runtime.Compiled) -> None:
    player = Player(compiled, {"rows": [1, 2]}).do("a", again=False)
    player.tell("stop")
    assert player.open == ["w"]
    assert player.do("w").done


def late_life(compiled: runtime.Compiled) -> None:
    player = Player(compiled, {"rows": []}).do("a", again=False).wait(days=6)
    assert player.open == ["chase"]


def test_running_leaves_the_specs_as_they_were():
    compiled = runtime.compile_process({"p.bpmn": EVERYTHING}, "p")
    before = picture_of(compiled)
    first = whole_life(compiled)
    interrupted_life(compiled)
    late_life(compiled)
    assert picture_of(compiled) == before
    for _ in range(20):
        assert whole_life(compiled) == first, "every case takes the same way"
    assert picture_of(compiled) == before


def test_cases_of_one_version_in_several_threads():
    compiled = runtime.compile_process({"p.bpmn": EVERYTHING}, "p")
    expected = whole_life(compiled)
    wrong: list[Any] = []

    def work() -> None:
        try:
            wrong.extend(found for found in (whole_life(compiled) for _ in range(5)) if found != expected)
        except Exception as error:  # noqa: BLE001 told to the main thread
            wrong.append(error)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
