"""Whatever is in the files, the checks answer with findings, soon."""

import random
from pathlib import Path
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.checks import check_files, refusals
from engine.definitions import read_files
from tests.engine.checks.folders import FOLDER
from tests.engine.checks.test_drawings import CASES
from tests.engine.checks.test_misreadings import REFUSED
from tests.engine.runtime.bpmn import end, model, path, start, user, xor

PROCESSES = Path(__file__).parents[3] / "processes"
SLOW = 5.0  # seconds of processor time
MODELS = sorted({case[1] for case in CASES} | {text for text, _ in REFUSED.values()})
ODD = [
    "",
    "x",
    "=",
    "${x}",
    "Start",
    "a.b",
    "\ud800",
    "null",
    "R3/",
    "P",
    "-1",
    "process",
    "//*[@id='x']",
    "{0}",
    "{x!r}",
    "é",
    "p",
    "=" * 500,
]
QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=120)


def answered(files: dict[str, str]) -> None:
    begun = process_time()
    for found in check_files(files, roles={"clerk"}):
        assert found.rule
        assert found.message
        assert found.level in {"semantics", "house", "warning"}
    assert process_time() - begun < SLOW


def mutated(text: str, seed: int, times: int) -> str:
    """The model after a few random edits of its nodes and attributes."""
    chance = random.Random(seed)  # noqa: S311 a seeded game
    root = etree.fromstring(text.encode())
    for _ in range(times):
        nodes = [node for node in root.iter() if isinstance(node.tag, str) and node is not root]
        if not nodes:
            break
        _edit(chance, chance.choice(nodes), nodes)
    return etree.tostring(root, encoding="unicode")


def _edit(chance: random.Random, node: etree._Element, nodes: list[etree._Element]) -> None:
    other = chance.choice(nodes)
    name = chance.choice(sorted(node.attrib) or ["id"])
    kind = chance.randrange(8)
    if kind == 0:
        node.getparent().remove(node)
    elif kind == 1:
        node.getparent().append(etree.fromstring(etree.tostring(node)))
    elif kind == 2:
        node.attrib.pop(name, None)
    elif kind == 3:
        node.set(name, chance.choice([word for word in ODD if word.isprintable()]))
    elif kind == 4:
        node.set(name, other.get(chance.choice(sorted(other.attrib) or ["id"]), ""))
    elif kind == 5:
        node.text = chance.choice([word for word in ODD if word.isprintable()])
    elif kind == 6:
        node.tag = other.tag
    elif kind == 7 and other not in node.iter() and other is not node.getparent():
        other.append(node)


@QUIET
@given(st.sampled_from(MODELS), st.integers(0, 2**32), st.integers(1, 6))
def test_a_mutated_model(text: str, seed: int, times: int):
    if "<!DOCTYPE" not in text:
        answered({"process.bpmn": mutated(text, seed, times)})


@settings(QUIET, max_examples=25)
@given(st.sampled_from(["mediation", "escalation", "registry_filing"]), st.integers(0, 2**32), st.integers(1, 10))
def test_a_mutated_process_of_the_house(process: str, seed: int, times: int):
    files = read_files(PROCESSES / process)
    answered({**files, "process.bpmn": mutated(files["process.bpmn"], seed, times)})


@QUIET
@given(st.sampled_from(sorted(FOLDER)), st.data())
def test_a_mutated_text(name: str, data: st.DataObject):
    text = FOLDER[name]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        upto = data.draw(st.integers(at, min(len(text), at + 40)))
        text = text[:at] + data.draw(st.one_of(st.sampled_from(ODD), st.text(max_size=5))) + text[upto:]
    answered({**FOLDER, name: text})


@QUIET
@given(st.dictionaries(st.sampled_from([*FOLDER, "x.bpmn", "forms/.form", "odd"]), st.text(), max_size=4))
def test_any_text(files: dict[str, str]):
    answered(files)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a." * 50_000 + "a = 1",
        "facts = 1\nstages = [1]\npapers = 'x'\ndeadlines = true\nnumber = 2\nstart = []\nid = 3",
        "[facts.a.fields.b.fields.c.fields]\nd = 1",
        "id = " + "9" * 10_000,
        "x = {" + "a." * 50_000 + "a = 1}",
        "[" + "a." * 50_000 + "a]",
        "id = 'p'\nx = " + "{a = " * 20_000,
        "[papers.a]\nnumber = '{seq:%s}'" % ("9" * 50),
    ],
)
def test_a_hostile_manifest(text: str):
    answered({**FOLDER, "manifest.toml": text})


def test_a_large_model():
    names = [f"task_{number}" for number in range(3_000)]
    body = [xor(name) if number % 3 else user(name) for number, name in enumerate(names)]
    answered({"process.bpmn": model(start(), *body, end(), path("start", *names, "end"))})


def test_a_dense_model():
    names = [f"gate_{number}" for number in range(120)]
    flows = [path(a, b) for a in names for b in names if a < b]
    found = check_files(
        {"process.bpmn": model(start(), *(xor(n) for n in names), end(), path("start", names[0]), *flows)}
    )
    assert refusals(found)


@pytest.mark.parametrize("depth", [50, 200, 300])
def test_a_deep_model(depth: int):
    text = "<bpmn:subProcess>" * depth + "</bpmn:subProcess>" * depth
    answered({"process.bpmn": model(text)})


def test_a_bomb():
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    text = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><x>&e9;</x>'
    assert {f.rule for f in check_files({"process.bpmn": text})} == {"xml-unsafe"}
    assert {f.rule for f in check_files({"process.bpmn": "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>"})} == {
        "xml-unsafe"
    }
    assert {f.rule for f in check_files({"process.bpmn": "x" * 3_000_000})} == {"xml-unsafe"}
