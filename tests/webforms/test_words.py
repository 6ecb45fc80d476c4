"""Every word has a Chinese translation: of the pages, of the engine's refusals, and of what the timeline tells."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import engine
from engine.comparison import KINDS, PARTS
from engine.deadline_steps import SENTENCES
from engine.errors import EngineError
from webforms.i18n import compile_catalogue, day, money, period, size

ROOT = Path(__file__).parents[2]
WEB = ROOT / "webforms"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "_l": None, "lazy_gettext": None}
MAPPING = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]


@pytest.fixture(scope="module")
def catalogue():
    with (WEB / "translations/zh_CN/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="zh_CN")


def found_in_pages():
    for found in extract_from_dir(str(WEB), MAPPING, keywords=KEYWORDS, strip_comment_tags=True):
        message = found[2]
        yield message[0] if isinstance(message, tuple) else message


def translated(catalogue, text):
    message = catalogue.get(text)
    return bool(message and (all(message.string) if isinstance(message.string, tuple) else message.string))


def test_every_word_of_the_pages_is_translated(catalogue):
    used = set(found_in_pages()) - {"code:", ""}
    assert len(used) > 250
    assert [text for text in sorted(used) if not translated(catalogue, text)] == []


CHINESE = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
WRITES_CHINESE = {  # the page of last resort, day names and marks between words, what a new model is called, fonts
    "errors.py", "i18n.py", "openings.py", "blank_model.py", "people_import.py", "plaintext.py", "wordfile.py",
}  # fmt: skip


def test_pages_are_written_in_english_marks_between_words_included():
    """A mark such as ： in a template would be on English pages too: use colon, listed, clauses, bracketed."""
    pages = {path.name: path.read_text("utf-8") for path in (WEB / "templates").rglob("*.html")}
    found = [name for name, text in pages.items() if CHINESE.search(re.sub(r'lang="zh-CN">[^<]*<', "", text))]
    for path in WEB.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and id(node) not in told and CHINESE.search(str(node.value))
            and path.name not in WRITES_CHINESE
        ]  # fmt: skip
    assert found == []


def test_translations_take_the_same_parameters(catalogue):
    for message in catalogue:
        if not message.id or str(message.id).startswith("code:"):
            continue
        ids, strings = (message.id, message.string) if message.pluralizable else ((message.id,), (message.string,))
        wanted = set(re.findall(r"%\((\w+)\)", ids[-1]))
        assert set(re.findall(r"%\((\w+)\)", "".join(strings))) <= wanted, message.id


def subclasses(kind):
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_every_refusal_of_the_engine_is_translated(catalogue):
    assert engine.EngineError is EngineError
    codes = {kind.code for kind in subclasses(EngineError) if kind.__module__.startswith("engine")}
    assert [code for code in sorted(codes) if not translated(catalogue, f"code:{code}")] == []


def kinds_written(folder):
    """The literal first arguments of Problem(...) in people and lists, and the event kinds of the engine."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                yield name, path, node


def literal(node, place):
    argument = node.args[place] if len(node.args) > place else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def test_every_event_and_every_entry_of_the_ledger_is_translated(catalogue):
    places = {"Happened": ("event", 0), "save": ("event", 2), "append_ledger": ("ledger", 1), "_record": ("ledger", 1)}
    wanted = set()
    for name, _path, node in kinds_written(ROOT / "engine"):
        if name in places and (kind := literal(node, places[name][1])):
            wanted.add(f"code:{places[name][0]}-{kind}")
    wanted |= {f"code:event-deadline_{status}" for status in ("met", "expired", "cancelled", "started", "stopped")}
    assert len(wanted) > 15
    assert [code for code in sorted(wanted) if not translated(catalogue, code)] == []


def test_every_problem_with_a_person_is_translated(catalogue):
    wanted = {
        f"code:{code}"
        for name, path, node in kinds_written(ROOT / "engine")
        if name == "Problem" and path.name in {"people.py", "roster.py"} and (code := literal(node, 0))
    }
    assert wanted and [code for code in sorted(wanted) if not translated(catalogue, code)] == []


def test_every_change_between_two_versions_is_translated(catalogue):
    codes = [*(f"code:change-{kind}" for kind in KINDS), *(f"code:change-part-{part}" for part in PARTS)]
    assert [code for code in codes if not translated(catalogue, code)] == []
    assert [
        part for part, words in PARTS.items() if "%(key)" in words and "%(key)" not in part_words(catalogue, part)
    ] == []


def part_words(catalogue, part):
    return catalogue.get(f"code:change-part-{part}").string


def test_every_step_of_a_sum_is_translated(catalogue):
    assert [code for code in SENTENCES if not translated(catalogue, f"code:step-{code}")] == []


def test_a_stale_catalogue_is_compiled_again(tmp_path, monkeypatch):
    source = tmp_path / "zh_CN" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid "a"\nmsgstr "甲"\n', "utf-8")
    monkeypatch.setattr("webforms.i18n.TRANSLATIONS", tmp_path)
    compile_catalogue(source)
    [target] = tmp_path.rglob("*.mo")
    first = target.stat().st_mtime_ns
    compile_catalogue(source)
    assert target.stat().st_mtime_ns == first


def test_numbers_and_periods_for_people(house):
    with house.app.test_request_context():
        assert (money("12345.6"), size(500), size(2048), size(3 << 20)) == ("12,345.60", "500 B", "2 KB", "3.0 MB")
        assert (period("5wd"), period("2m"), period("date:2026-03-04"), period("?")) == (
            "5 个工作日",
            "2 个月",
            "2026-03-04",
            "?",
        )
        assert day(house.clock(), weekday=True) == "2026-03-02（周一）"
