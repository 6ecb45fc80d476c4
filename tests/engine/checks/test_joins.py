"""Joins that wait for ever or are overtaken: what the checks say is what happens to cases, and nothing else."""

# ruff: noqa: E501 the rows of a table stay in one line

from collections import Counter
from pathlib import Path
from random import Random
from time import process_time

import pytest
from lxml import etree

from engine.checks import check_files
from engine.definitions import read_files
from engine.errors import RunFailed
from tests.engine.runtime.bpmn import (
    Player,
    boundary,
    end,
    flow,
    fork,
    inclusive,
    model,
    path,
    signal,
    start,
    sub,
    timer,
    user,
    xor,
)
from tests.engine.runtime.token_game import Picture, invent

PROCESSES = Path(__file__).parents[3] / "processes"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
WAITS = ("join-waits", "join-may-wait", "join-overtaken")
TOLD = (*WAITS, "join-deadlock", "tokens-multiply")
QUICK = 1.5  # seconds of processor time, of which the join rules may take a part


def found(text, **options):
    """The findings about joins: rule -> (element, parameters)."""
    findings = check_files({"process.bpmn": text}, **options)
    return {f.rule: (f.element, f.params) for f in findings if f.rule in TOLD}


def pair(split, join):
    """Two steps between two gateways."""
    return model(start(), split, user("a"), user("b"), join, end(), path("start", "s"), path("a", "j", "end"), path("b", "j"),
                 flow("s", "a", None if "parallel" in split else "n = 1"),
                 flow("s", "b", None if "parallel" in split else "n = 2", name="other"))  # fmt: skip


AND = fork("j")


def after_fork(body, *, join=AND):
    """A parallel block of the step `a` and of whatever leads from `b` to the join."""
    return model(
        start(), fork("f"), user("a"), join, end(), path("start", "f", "a", "j", "end"), path("f", "b"), user("b"), body
    )


def reminded(*, to, interrupting=False, event=None):
    """The step `b` with an event on its edge that leads to `late` and from there to `to`."""
    event = event or timer("P1D")
    return boundary("t", "b", event, interrupting=interrupting) + user("late") + path("t", "late", to)


LOOP = (start(), xor("m"), fork("f"), user("a"), user("b"), fork("j"), xor("x", "out"), end(),
        path("start", "m", "f", "a", "j", "x"), path("f", "b"), flow("x", "end", name="out"))  # fmt: skip
TWICE = (
    start(),
    fork("f"),
    user("a"),
    user("b"),
    user("c"),
    fork("j"),
    end(),
    path("start", "f"),
    path("c", "j", "end"),
)

# what it shows: (the model that waits or is overtaken, the rule, its twin in which nothing is wrong)
PAIRS = {
    "alternatives into a parallel join": (
        after_fork(xor("x", "no") + fork("m") + user("c") + flow("x", "m", "n = 1") + flow("x", "c", name="no") + path("b", "x") + path("c", "m", "j")),
        "join-waits",
        after_fork(xor("x", "no") + xor("m") + user("c") + flow("x", "m", "n = 1") + flow("x", "c", name="no") + path("b", "x") + path("c", "m", "j")),
    ),
    "a branch that may end": (
        after_fork(xor("x", "on") + end("gone") + path("b", "x") + flow("x", "gone", "n = 1") + flow("x", "j", name="on")),
        "join-may-wait",
        after_fork(xor("x", "on") + user("gone") + xor("m") + path("b", "x") + flow("x", "gone", "n = 1") + flow("x", "m", name="on") + path("gone", "m", "j")),
    ),
    "a branch that may end, before an inclusive join": (
        after_fork(xor("x", "on") + end("gone") + path("b", "x") + flow("x", "gone", "n = 1") + flow("x", "j", name="on")),
        "join-may-wait",
        after_fork(xor("x", "on") + end("gone") + path("b", "x") + flow("x", "gone", "n = 1") + flow("x", "j", name="on"), join=inclusive("j")),
    ),
    "a branch that may end everything": (
        after_fork(xor("x", "on") + end("gone") + path("b", "x") + flow("x", "gone", "n = 1") + flow("x", "j", name="on")),
        "join-may-wait",
        after_fork(xor("x", "on") + end("gone", "<bpmn:terminateEventDefinition/>") + path("b", "x") + flow("x", "gone", "n = 1") + flow("x", "j", name="on")),
    ),
    "a branch that leads back before the split": (
        model(*LOOP, xor("back", "on"), path("b", "back"), flow("back", "m", "n = 1"), flow("back", "j", name="on"), flow("x", "m", "again")),
        "join-overtaken",
        model(*LOOP, xor("in"), xor("back", "on"), path("f", "in").replace("f-in", "fin"), path("b", "back"), flow("back", "in", "n = 1"),
              flow("back", "j", name="on"), flow("x", "m", "again")).replace(flow("f", "b"), flow("in", "b")),
    ),
    "an event that leads away": (
        after_fork(reminded(to="gone", interrupting=True) + end("gone") + path("b", "j")),
        "join-may-wait",
        after_fork(reminded(to="m", interrupting=True) + xor("m") + path("b", "m", "j")),
    ),
    "a reminder that a join waits for": (
        after_fork(reminded(to="j") + path("b", "j")),
        "join-may-wait",
        after_fork(reminded(to="j") + path("b", "j"), join=inclusive("j")),
    ),
    "a reminder that goes the way of the step": (
        after_fork(reminded(to="m") + xor("m") + path("b", "m", "j")),
        "join-overtaken",
        after_fork(reminded(to="gone") + end("gone") + path("b", "j")),
    ),
    "an event that may come again and again before an inclusive join": (
        after_fork(reminded(to="j", event=signal("s")) + path("b", "j"), join=inclusive("j")).replace("<bpmn:process", '<bpmn:signal id="s_s" name="s"/><bpmn:process'),
        "join-overtaken",
        after_fork(reminded(to="j") + path("b", "j"), join=inclusive("j")),
    ),
    "two tokens on one flow": (
        model(*TWICE, xor("m"), path("f", "a", "m", "j"), path("f", "b", "m"), path("f", "c")),
        "join-overtaken",
        model(*TWICE, fork("m"), path("f", "a", "m", "j"), path("f", "b", "m"), path("f", "c")),
    ),
    "an inclusive split before a parallel join": (
        pair(inclusive("s", "other"), fork("j")),
        "join-waits",
        pair(inclusive("s", "other"), inclusive("j")),
    ),
    "an inclusive split, some ways of which are always taken": (
        pair(inclusive("s"), fork("j")),
        "join-may-wait",
        pair(inclusive("s"), fork("j")).replace("n = 1", "true").replace("n = 2", "true"),
    ),
    "a fork in a loop without a join": (
        model(*LOOP[:2], fork("f"), user("a"), user("b"), xor("x", "out"), end(), path("start", "m", "f", "a", "x"), path("f", "b", "x"),
              flow("x", "m", "again"), flow("x", "end", name="out")),
        "tokens-multiply",
        model(*LOOP[:2], fork("f"), user("a"), user("b"), fork("j"), xor("x", "out"), end(), path("start", "m", "f", "a", "j", "x"), path("f", "b", "j"),
              flow("x", "m", "again"), flow("x", "end", name="out")),
    ),
    "a reminder that asks for the step again": (
        model(start(), user("b"), end(), reminded(to="b"), path("start", "b", "end")),
        "tokens-multiply",
        model(start(), user("b"), end(), reminded(to="b", interrupting=True), path("start", "b", "end")),
    ),
    "in a sub-process": (
        model(start(), sub("part", start("ps"), inclusive("s", "other"), user("a"), user("b"), fork("j"), end("pe"), path("ps", "s"), flow("s", "a", "n"),
              flow("s", "b", name="other"), path("a", "j", "pe"), path("b", "j")), end(), path("start", "part", "end")),
        "join-waits",
        model(start(), sub("part", start("ps"), inclusive("s", "other"), user("a"), user("b"), inclusive("j"), end("pe"), path("ps", "s"), flow("s", "a", "n"),
              flow("s", "b", name="other"), path("a", "j", "pe"), path("b", "j")), end(), path("start", "part", "end")),
    ),
    "two inclusive joins that wait for each other": (
        model(start(), fork("f"), inclusive("j"), inclusive("k"), xor("x", "xo"), xor("y", "yo"), end(), end("end2"), path("start", "f"), path("f", "j", "x"), path("f", "k", "y"),
              flow("x", "k", "n"), flow("x", "end", name="xo"), flow("y", "j", "n"), flow("y", "end2", name="yo")),
        "join-waits",
        model(start(), fork("f"), inclusive("j"), xor("k"), xor("x", "xo"), xor("y", "yo"), end(), end("end2"), path("start", "f"), path("f", "j", "x"), path("f", "k", "y"),
              flow("x", "k", "n"), flow("x", "end", name="xo"), flow("y", "k", "n"), flow("y", "end2", name="yo"), user("z"), path("f", "z", "j")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_a_model_and_its_twin(name):
    bad, rule, good = PAIRS[name]
    assert set(found(bad)) == {rule}
    assert found(bad)[rule][0] in {"j", "k", "m", "f", "b"}
    findings = check_files({"process.bpmn": good})
    assert found(good) == {}
    assert not [f for f in findings if f.level == "semantics"]


def test_what_is_missing_and_which_way_leads_there_is_told():
    bad, rule, _ = PAIRS["a branch that may end"]
    assert found(bad)[rule] == ("j", {"missing": "x", "way": "x → gone"})


def test_a_part_that_a_limit_ends_does_not_wait_for_ever():
    bad, _, _ = PAIRS["in a sub-process"]
    ended = bad.replace(
        "</bpmn:process>", boundary("late", "part", timer("P9D")) + path("late", "end") + "</bpmn:process>"
    )
    assert set(found(ended)) == {"join-may-wait"}


@pytest.mark.parametrize(
    "process", sorted(each.name for each in PROCESSES.glob("*/") if (each / "process.bpmn").exists())
)
def test_nothing_is_said_about_the_processes_of_the_house(process):
    assert not [f for f in check_files(read_files(PROCESSES / process)) if f.rule in TOLD]


def test_nothing_is_said_about_blocks():
    """150 models of nested blocks, loops and reminders, none of which can block."""
    for seed in range(150):
        text = Picture(invent(Random(seed), 3, Counter())).text  # noqa: S311 a test
        assert found(text) == {}, seed


# --- what the checks say, and what happens


def redrawn(text, random):
    """The model with the end of one flow, or the kind of one gateway, changed."""
    root = etree.fromstring(text.encode())
    if random.random() < 0.4:
        edge = random.choice(list(root.iter(f"{BPMN}sequenceFlow")))
        kinds = ("userTask", "exclusiveGateway", "parallelGateway", "inclusiveGateway", "endEvent")
        places = [node for node in edge.getparent() if node.tag.removeprefix(BPMN) in kinds]
        edge.set("targetRef", random.choice(places).get("id"))
    else:
        gateways = [
            node for node in root.iter() if node.tag.endswith("Gateway") and node.get("id").endswith(("_j", "_m"))
        ]
        if gateways:
            gate = random.choice(gateways)
            gate.tag = BPMN + random.choice(["exclusiveGateway", "parallelGateway", "inclusiveGateway"])
    return etree.tostring(root, encoding="unicode")


def waits_for_ever(compiled, names, random):
    """Whether a case that is answered at random comes to where nothing can be done and nothing is due; None if it goes on."""
    answers = lambda: {name: random.random() < 0.45 for name in names}  # noqa: E731
    player = Player(compiled, answers(), reload=False)
    for _ in range(40):
        if player.done:
            return False
        if not player.open and not player.dues:
            return True
        if player.open and random.random() < 0.75:
            player.do(random.choice(player.open), **answers())
        else:
            player.wait(days=random.randint(1, 9))
    return None


def test_what_is_said_is_what_happens():
    """Some hundred redrawn models: what nothing is said about never waits for ever, what must wait never ends."""
    told, seen = Counter(), 0
    for seed in range(300):
        random = Random(seed)  # noqa: S311 a test
        picture = Picture(invent(random, 2, Counter()))
        text = redrawn(picture.text, random)
        findings = check_files({"process.bpmn": text})
        rules = {f.rule for f in findings if f.level == "semantics" or f.rule in TOLD}
        if rules - set(WAITS):
            continue
        try:
            compiled = Player(text, dict.fromkeys(picture.variables, False)).compiled
            lives = Counter(waits_for_ever(compiled, picture.variables, random) for _ in range(12))
        except RunFailed:  # it goes round without ever coming to rest
            continue
        assert rules or not lives[True], seed
        assert "join-waits" not in rules or not lives[False], seed
        seen += "join-may-wait" in rules and bool(lives[True])
        told.update(rules or {"nothing"})
    assert told["nothing"] > 60
    assert told["join-waits"] > 5
    assert seen > told["join-may-wait"] / 2 > 2, (seen, told)  # some ways are rarely gone


# --- soon


def test_a_wide_and_a_tangled_model_are_looked_at_soon():
    wide = "".join(user(f"u{n}") + path("f", f"u{n}", "j") for n in range(3_000))
    tangled = "".join(
        inclusive(f"g{n}", f"d{n}") + user(f"a{n}") + user(f"b{n}") + inclusive(f"h{n}") + path("f", f"g{n}") + path(f"h{n}", "j")
        + flow(f"g{n}", f"a{n}", "n") + flow(f"g{n}", f"b{n}", name=f"d{n}") + path(f"a{n}", f"h{n}") + path(f"b{n}", f"h{n}")
        for n in range(60)
    )  # fmt: skip
    spawning = "".join(
        user(f"u{n}") + boundary(f"t{n}", f"u{n}", timer("P1D"), interrupting=False) + path("f", f"u{n}", "j") + path(f"t{n}", "j")
        for n in range(40)
    )  # fmt: skip
    for body in (wide, tangled, spawning):
        text = model(start(), fork("f"), fork("j"), end(), path("start", "f"), path("j", "end"), body)
        plain = text.replace("parallelGateway", "exclusiveGateway")
        begun = process_time()
        check_files({"process.bpmn": plain})
        between = process_time()
        check_files({"process.bpmn": text})
        assert process_time() - between < between - begun + QUICK
