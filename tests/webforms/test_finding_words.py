"""Every rule that a check can break has a Chinese sentence, and no finding of our broken samples speaks English."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import engine
import webforms
from engine.checks.activities import IGNORED_ATTRIBUTES, UNSUPPORTED, UNSUPPORTED_ATTRIBUTES, UNSUPPORTED_EXTENSIONS
from engine.checks.events import INSTEAD
from engine.checks.house_rules import HOUSE_RULES
from engine.checks.rules import SEMANTICS
from tests.engine.checks.folders import FOLDER, edited
from tests.engine.checks.test_drawings import CASES
from tests.engine.checks.test_folders import EDITS
from tests.engine.checks.test_misreadings import REFUSED
from tests.engine.checks.test_openings import EDITS as OPENING_EDITS
from tests.engine.checks.test_openings import GOOD as OPENING
from tests.engine.test_decisions_problems import BROKEN, definitions
from webforms.finding_words import said

ENGINE = Path(engine.__file__).parent
PLACES = {  # who emits findings by a literal rule: folders of the engine -> calls, and which argument is the rule
    "forms": {"refuse": 0},
    "decisions": {"report": 1, "Problem": 1, "expression": 1, "tests": 1},
    "feel": {"FeelError": 0, "wrong": 2},
    "documents/checking.py": {"finding": 0},
    "definitions.py": {"Finding": 0},
    "indicator_files.py": {"Finding": 0},
    "obligations.py": {"Finding": 0},
    "runtime": {"Finding": 0},
}
ONLY_AT_RUN_TIME = {"dmn-function", "dmn-budget"}
TECHNICAL = {"xml-unsafe", "manifest-syntax", "bpmn-refused", "dmn-xml"}  # end in what a parser says
ENGLISH = re.compile(r"\b[A-Za-z]{2,}(?: [a-z]{2,}){2,}")


@pytest.fixture(scope="module")
def catalogue():
    path = Path(webforms.__file__).parent / "translations/zh_CN/LC_MESSAGES/messages.po"
    with path.open("rb") as file:
        return {message.id: message.string for message in read_po(file, locale="zh_CN")}


def literals(place, calls):
    """The literal rules in the calls of some files."""
    path = ENGINE / place
    for each in [path] if path.is_file() else path.rglob("*.py"):
        for node in ast.walk(ast.parse(each.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            at = calls.get(getattr(node.func, "id", getattr(node.func, "attr", "")))
            given = [*node.args[at : at + 1]] if at is not None else []
            given += [word.value for word in node.keywords if at is not None and word.arg == "code"]
            for one in given:
                if isinstance(one, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)*", str(one.value)):
                    yield one.value


def test_every_rule_has_its_sentence(catalogue):
    found = {rule for place, calls in PLACES.items() for rule in literals(place, calls)}
    assert {"form-json", "dmn-cell-syntax", "feel-syntax", "feel-unknown-function", "document-unsafe"} <= found
    assert len(found) > 60
    rules = found | set(SEMANTICS) | set(HOUSE_RULES)
    assert [rule for rule in sorted(rules - ONLY_AT_RUN_TIME) if not catalogue.get(f"code:finding:{rule}")] == []
    told = {rule: entry for rule, entry in (SEMANTICS | HOUSE_RULES).items() if entry.remedy}
    assert [rule for rule in told if not catalogue.get(f"code:remedy:{rule}")] == []


def test_every_word_that_stands_in_a_sentence_is_translated(catalogue):
    tables = (UNSUPPORTED, UNSUPPORTED_ATTRIBUTES, IGNORED_ATTRIBUTES, UNSUPPORTED_EXTENSIONS, INSTEAD)
    words = {text for table in tables for text in table.values()}
    for path in (ENGINE / "checks").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words |= {node.value.strip()} if re.fullmatch(r"The [a-z_ ]+", node.value) else set()
    assert len(words) > 40
    assert [text for text in sorted(words) if not catalogue.get(f"code:part:{text}")] == []


def samples():
    """The broken models, folders, tables and forms of the tests of the checks."""
    for _, good, old, new in CASES:
        yield {"process.bpmn": good.replace(old, new)}
    for text, _ in REFUSED.values():
        yield {"process.bpmn": text}
    for _, _, file, old, new in EDITS:
        yield {**FOLDER, file: edited(FOLDER[file], old, new) if old else FOLDER[file]}
    for _, _, old, new in OPENING_EDITS:
        yield {**OPENING, "manifest.toml": edited(OPENING["manifest.toml"], old, new)}
    yield {**FOLDER, "decisions/broken.dmn": definitions(BROKEN).decode()}
    yield {**FOLDER, "forms/broken.form": '{"schemaVersion": 1, "components": [{"type": "x"}, {"type": "number"}]}'}


def test_no_finding_of_the_samples_speaks_english(house):
    with house.app.test_request_context():
        english = set()
        for files in samples():
            for one in engine.check_files(files, roles={"clerk", "judge"}):
                words = " ".join(said(one))
                if one.rule not in TECHNICAL and ENGLISH.search(words):
                    english.add((one.rule, words))
    assert sorted(english) == []
