"""Every model that the checks pass, run by the engine and by an interpreter of its own: the same happens, and when."""

import json
import os
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.parallel_gateway import ParallelGateway

import engine
from engine.runtime import gateways, specs
from engine.runtime.timing import Timing
from scheduler.trace import START, Answers, Trial
from tests.engine.checks.test_constructs import GOOD as CONSTRUCTS
from tests.engine.checks.test_drawings import CASES
from tests.engine.checks.test_joins import PAIRS
from tests.engine.model_repairs.test_broken_models import TRACED, mutated
from tests.engine.runtime import interpreter
from tests.engine.runtime.interpreter import Net, Stopped, World
from tests.trace.test_trace_models import EXPECTED, MODELS, answers_of, file_names, happened, run

PASSING = [name for name in sorted(EXPECTED) if "refused" not in EXPECTED[name]]
TWINS = sorted({case[1] for case in CASES} | {good for _, _, good in PAIRS.values()} | CONSTRUCTS)
LIMIT = 40  # tasks and jumps of the clock of a small model
BROKEN = int(os.environ.get("TIAOJIE_SEEDS", "200"))  # models that are broken and repaired
NOT_PUBLISHED = {"join-overtaken"}  # what is refused when published is not as drawn


def drive(files, process, data, answers, at, limit):
    """Let the interpreter play as `scheduler.trace` lets the engine: tasks in their order, messages, then the clock."""
    texts = [text for name, text in files.items() if name.endswith(".bpmn")]
    folder = {{"dmn": "decisions/"}.get(name.rpartition(".")[2], "") + name: text for name, text in files.items()}
    decide = engine.define(folder, process).rules.decide
    world = World(texts, process, exact(data), at, decide)
    try:
        world.start()
        for _ in range(limit):
            world.tick()
            if _deed(world, answers):
                continue
            due = world.next_due()
            if due is None or all(case.done for case in world.cases):
                break
            world.now = max(due, world.now)
    except Stopped as stopped:
        world.stopped = str(stopped)
    return world


def exact(value):
    return json.loads(json.dumps(value), parse_float=Decimal, parse_int=Decimal)


def _deed(world, answers):
    for token in world.tasks():
        given = answers.task(token.node.id)
        if given is not None:
            world.answer(token, exact(given))
            return True
    order = {element: position for position, element in enumerate(answers.given or ())}
    for place, event in sorted(world.waits(), key=lambda wait: order.get(wait[1].id, len(order))):
        payload = answers.message(event.id)
        if payload is not None:
            world.tell(place, event, exact(payload))
            return True
    return False


def told(world):
    """Instant by instant, what happened how often."""
    found = []
    for at, word in world.happened:
        instant = at.astimezone(engine.OFFICE)
        if not found or found[-1][0] != instant:
            found.append((instant, Counter()))
        found[-1][1][word] += 1
    return found


def played(name):
    case = EXPECTED[name]
    files = {each: (MODELS / each).read_text("utf-8") for each in file_names(name)}
    at = datetime.fromisoformat(case["at"]).replace(tzinfo=engine.OFFICE) if "at" in case else START
    process = engine.trial_processes(files, case.get("process"))[0]
    return drive(files, process, case.get("data", {}), Answers(answers_of(case)), at, case.get("limit", 1_000))


@cache
def traced(name):
    """What the engine does: the status and, instant by instant, what happened how often."""
    result = run(name)
    return result.status, [(at, counted) for at, counted, _ in happened(result)]


@pytest.mark.parametrize("name", PASSING)
def test_a_model_of_the_trace(name):
    world, (status, expected) = played(name), traced(name)
    assert bool(world.stopped) == (status == "incident")
    assert told(world) == expected or world.stopped == "endless"


def differs(text):
    """What the engine and the interpreter make of a model where they do not agree; None where the model is refused."""
    files = {"process.bpmn": text}
    result = Trial(files, answers=Answers(None), limit=LIMIT).run()
    if result.status == "refused" or NOT_PUBLISHED & {finding.rule for finding in result.findings}:
        return None
    world = drive(files, engine.trial_processes(files, None)[0], {}, Answers(None), START, LIMIT)
    expected = [(at, counted) for at, counted, _ in happened(result)]
    agree = told(world) == expected and bool(world.stopped) == (result.status == "incident")
    return () if agree or world.stopped == "endless" else (text, told(world), expected, result.note)


def test_every_twin_of_a_refused_model():
    """All the models that the tests of the checks hold up as right."""
    assert [found for text in TWINS if (found := differs(text)) != ()] == []
    assert len(TWINS) > 60


def test_what_is_broken_is_refused_or_runs_as_it_is_drawn():
    """Models of the trace with three random edits each, repaired: those that are accepted do not misbehave."""
    models = [path for path in TRACED if "loop_" not in path.name]
    found = Counter()
    for seed in range(BROKEN):
        text = mutated(models[seed % len(models)].read_text("utf-8"), seed, 3)
        different = differs(engine.apply_repairs({"process.bpmn": text})["process.bpmn"])
        assert not different, (seed, different)
        found[different] += 1
    assert found[()] > BROKEN / 5, found


# --- what the comparison sees


def _never(*_args):
    return False


def _a_day_late(start, given):
    return later(start, given) + timedelta(days=1)


IN_THE_INTERPRETER = {
    "conditions the wrong way round": (World, "_holds", lambda w, p, n, f: not holds(w, p, n, f)),
    "an inclusive join that does not wait": (World, "_awaited", _never),
    "timers a day late": (interpreter, "_later", _a_day_late),
    "nothing is interrupted": (World, "_cancel", lambda *_: None),
    "terminate ends nothing": (World, "_clear", lambda *_, **__: None),
    "errors find nobody": (World, "_error", _never),
    "escalations find nobody": (World, "_escalate", _never),
    "messages are lost": (World, "_delivered", _never),
    "no second round": (World, "_go_round", _never),
    "event sub-processes sleep": (Net, "handlers", lambda _: []),
    "a link leads nowhere": (World, "_leave", lambda w, f, n, t=None: n.event == "link" or leave(w, f, n, t)),
}
TELLING = ("xor_", "and_", "or_in", "timer_cycle", "message_boundary")
IN_THE_ENGINE = {
    "an inclusive join that does not wait": (gateways.Inclusive, "_check_threshold_unstructured", lambda *_: True),
    "a parallel join that does not wait": (ParallelGateway, "_check_threshold_unstructured", lambda *_: True),
    "a gateway that takes the first way": (gateways.Condition, "_matches", lambda *_: True),
    "a boundary event that fires once": (specs.Boundary, "catch", BoundaryEvent.catch),
    "two rounds of a timer at once": (Timing, "next_round", lambda t, e, d: (next_round(t, e, d)[0], 2)),
}
holds, later, leave, next_round = World._holds, interpreter._later, World._leave, Timing.next_round


@pytest.mark.parametrize("mistake", IN_THE_INTERPRETER)
def test_a_mistake_of_the_interpreter_is_seen(mistake, monkeypatch):
    monkeypatch.setattr(*IN_THE_INTERPRETER[mistake])
    assert any(told(played(name)) != traced(name)[1] for name in PASSING if "loop_" not in name)


@pytest.mark.parametrize("mistake", IN_THE_ENGINE)
def test_a_mistake_of_the_engine_is_seen(mistake, monkeypatch):
    monkeypatch.setattr(*IN_THE_ENGINE[mistake])
    for name in sorted((name for name in PASSING if name.startswith(TELLING)), reverse=True):
        result = run(name)
        if told(played(name)) != [(at, counted) for at, counted, _ in happened(result)]:
            return
    raise AssertionError("nobody has noticed")
