"""Broken models by the hundred: nothing crashes or hangs, and what is repaired lives as the token game says."""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from time import process_time

import pytest
from lxml import etree

import engine
from engine.checks import check_files, refusals
from tests.engine.checks.test_any_input import mutated
from tests.engine.runtime.bpmn import NOW, Player
from tests.engine.runtime.token_game import Game, Picture, invent

ROOT = Path(__file__).parents[3]
TRACED = sorted((ROOT / "tests/trace/models").glob("*.bpmn"))
DRAWN = TRACED + sorted((ROOT / "processes").glob("*/process.bpmn"))
SLOW = 6.0  # seconds of processor time
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


@pytest.mark.parametrize("part", range(4))
def test_nothing_crashes_or_hangs(part):
    """160 models, ours and those of the trace, with three random edits each."""
    for seed in range(part, 160, 4):
        files = {"process.bpmn": mutated(DRAWN[seed % len(DRAWN)].read_text("utf-8"), seed, 3)}
        begun = process_time()
        assert all(proposal.message for proposal in engine.proposed_repairs(files))
        repaired = engine.apply_repairs(files)
        assert engine.proposed_repairs(repaired) == (), seed
        assert all(finding.message for finding in check_files(repaired, house=False))
        assert process_time() - begun < SLOW, seed


@pytest.mark.parametrize("part", range(2))
def test_any_order_gives_the_same_model(part):
    """40 models of the trace with six random edits each: one by one, at once, and at once again."""
    for seed in range(part, 40, 2):
        files = {"process.bpmn": mutated(TRACED[seed % len(TRACED)].read_text("utf-8"), seed + 5_000, 6)}
        ids = [proposal.id for proposal in engine.proposed_repairs(files)]
        at_once = engine.apply_repairs(files, ids)
        assert engine.apply_repairs(at_once, ids) == at_once, seed
        assert len(set(ids)) == len(ids), seed
        singly = files
        for each in Random(seed).sample(ids, len(ids)):  # noqa: S311 a test
            singly = engine.apply_repairs(singly, [each])
        assert content(singly) == content(at_once), seed


def content(files):
    """What is in a model, wherever in the file it is written."""
    root = etree.fromstring(files["process.bpmn"].encode())
    return Counter(
        (node.tag, "" if node is root else node.getparent().get("id"), str(sorted(node.items())), node.text or "")
        for node in root.iter("{*}*")
    )


def spoiled(text: str, random: Random) -> str:
    """The model as another editor or a beginner writes it: the same meaning, but the host refuses or minds."""
    root = etree.fromstring(text.encode())
    (drawn,) = root.iter(f"{BPMN}process")
    ways = [_java_conditions, _nameless_flows, _without_ends, _reserved, _plain_conditions]
    for spoil in random.sample(ways, random.randint(1, len(ways))):
        spoil(root)
    if random.random() < 0.5:
        del drawn.attrib["isExecutable"]
    return etree.tostring(root, encoding="unicode")


def _java_conditions(root):
    for condition in root.iter(f"{BPMN}conditionExpression"):
        if condition.text:
            condition.text = f"${{{condition.text} == true}}"


def _plain_conditions(root):
    for flow in root.iter(f"{BPMN}sequenceFlow"):
        if flow.find(f"{BPMN}conditionExpression") is None:
            etree.SubElement(flow, f"{BPMN}conditionExpression")


def _nameless_flows(root):
    needed = {node.get("default") for node in root.iter()}
    for flow in root.iter(f"{BPMN}sequenceFlow"):
        if flow.get("id") not in needed:
            flow.attrib.pop("id", None)


def _without_ends(root):
    for end in list(root.iter(f"{BPMN}endEvent")):
        for flow in list(end.getparent().iter(f"{BPMN}sequenceFlow")):
            if flow.get("targetRef") == end.get("id") and _ends_alone(flow):
                flow.getparent().remove(flow)
                end.getparent().remove(end)
                break


def _ends_alone(flow):
    source = flow.get("sourceRef")
    return any(node.get("id") == source and node.tag.endswith(("Task", "Event")) for node in flow.getparent())


def _reserved(root):
    for node in root.iter("{*}*"):
        for name in ("id", "sourceRef", "targetRef"):
            if node.get(name) in {"start", "end"}:
                node.set(name, node.get(name).capitalize())


def lived_alike(seed: int, plant=lambda text: text) -> bool:
    """Whether the repaired model and the token game have the same tasks open all the time."""
    random = Random(seed)  # noqa: S311 a test
    block = invent(random, 2, Counter())
    picture = Picture(block)
    repaired = engine.apply_repairs({"process.bpmn": spoiled(picture.text, random)})["process.bpmn"]
    assert not refusals(check_files({"process.bpmn": repaired}), house=False), seed
    answers = {name: random.random() < 0.45 for name in picture.variables}
    player, game = Player(plant(repaired), answers), Game(block, NOW, dict(answers))
    for _ in range(12):
        if (player.open, player.done) != (game.open, game.done):
            return False
        if game.done:
            break
        if game.open and random.random() < 0.8:
            element = random.choice(game.open)
            answers = {name: random.random() < 0.45 for name in picture.variables}
            game.variables = dict(answers)
            player.do(element, **answers)
            game.do(element)
        else:
            player.wait(days=3)
            for _ in range(3):
                game.now += timedelta(days=1)
                game.tick()
    return True


@pytest.mark.parametrize("part", range(4))
def test_what_is_repaired_lives_as_it_was_meant(part):
    """80 models that were well drawn before they were spoiled."""
    assert [seed for seed in range(part, 80, 4) if not lived_alike(seed)] == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda text: re.sub(r"(\w+) = true", r"\1 != true", text),
        lambda text: text.replace('cancelActivity="false"', 'cancelActivity="true"'),
        lambda text: text.replace("inclusiveGateway", "exclusiveGateway"),
        lambda text: re.sub(r"P\dD", "P20D", text),
        lambda text: re.sub(r'(parallelGateway id="par\d+_j")', r'exclusiveGateway id="\g<0>', text)
        .replace('exclusiveGateway id="parallelGateway id=', "exclusiveGateway id="),
    ],
)  # fmt: skip
def test_a_repair_that_is_wrong_would_be_noticed(plant):
    """Somewhere among the same models the comparison sees each planted mistake."""
    assert any(not lived_alike(seed, plant) for seed in range(80))
