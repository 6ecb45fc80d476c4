"""Expectations are edited in the text of a scenario, and nobody's comment is lost."""

import tomllib

import pytest

from tests.house import PROCESSES
from webforms.scenario_files import (
    NotReadable,
    is_takeable,
    scenario_file,
    taken_over,
    with_expectation,
    with_head,
)

TEXT = """# 谁写的，为什么
title = "一"  # 标题
covers = ["a"]
at = "2026-03-02"

[[steps]]
do = "one"  # 第一步
answers = { x = 1 }

[[steps]]
# 这里核对
[steps.expect]
stage = "intake"  # 阶段
open = ["b", "a"]
deadlines = { accept = "2026-03-09", answer = "2026-03-12" }  # 五个工作日

[steps.expect.facts]
level = "red"  # 重大
count = 1

[[steps]]
do = "two"
"""


def failure(part, found, key="", step=2, wanted=None):
    return {"step": step, "part": part, "key": key, "wanted": wanted, "found": found}


def test_what_happened_is_taken_over_and_comments_stay():
    text = taken_over(TEXT, [
        failure("stage", "handling"), failure("open", []), failure("deadlines", "2026-03-11", "accept"),
        failure("deadlines", "", "answer"), failure("facts", 2, "count"),
        failure("covers", ["c"], step=0, wanted="a"),
    ])  # fmt: skip
    expect = tomllib.loads(text)["steps"][1]["expect"]
    assert expect == {
        "stage": "handling", "open": [], "deadlines": {"accept": "2026-03-11"}, "facts": {"level": "red", "count": 2},
    }  # fmt: skip
    assert tomllib.loads(text)["covers"] == ["c"]
    for comment in ("# 谁写的，为什么", "# 标题", "# 第一步", "# 这里核对", "# 阶段", "# 五个工作日", "# 重大"):
        assert comment in text
    gone = taken_over(text, [failure("deadlines", "", "accept")])
    assert "deadlines" not in tomllib.loads(gone)["steps"][1]["expect"]


def test_only_the_line_that_changes_is_another():
    changed = taken_over(TEXT, [failure("stage", "handling")])
    before, after = TEXT.splitlines(), changed.splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ('stage = "intake"  # 阶段', 'stage = "handling"  # 阶段')
    ]


@pytest.mark.parametrize(("part", "found", "takeable"), [
    ("stage", "", True), ("open", [], True), ("facts", None, False), ("task", ["a"], False), ("answers", {}, False),
    ("covers", ["a"], True), ("covers", [], False), ("error", None, False),
])  # fmt: skip
def test_what_can_be_taken_over(part, found, takeable):
    assert is_takeable(failure(part, found)) is takeable


@pytest.mark.parametrize("step", [0, 1, 9])
def test_a_step_without_that_expectation_is_refused(step):
    with pytest.raises(NotReadable):
        taken_over(TEXT, [failure("stage", "x", step=step)])


def test_an_expectation_is_edited_added_and_removed():
    wanted = {"stage": "intake", "open": ["c"], "facts": {"level": "blue", "is_new": True}, "deadlines": {"x": "met"}}
    text = with_expectation(TEXT, 2, wanted)
    assert tomllib.loads(text)["steps"][1]["expect"] == wanted
    assert "# 重大" in text and "# 阶段" in text
    text = with_expectation(text, 3, {"status": "completed", "deadlines": {"x": "2026-03-02"}})
    assert text.endswith('do = "two"\n\n[steps.expect]\nstatus = "completed"\ndeadlines = { x = "2026-03-02" }\n')
    assert tomllib.loads(with_expectation(text, 3, None))["steps"][2] == {"do": "two"}
    shorter = tomllib.loads(with_expectation(TEXT, 2, None))
    assert [step["do"] for step in shorter["steps"]] == ["one", "two"], "a step that was nothing else goes"


def test_title_and_outcomes_change():
    text = with_head(TEXT, '新"题', ["b", "c"])
    assert tomllib.loads(text)["title"] == '新"题' and tomllib.loads(text)["covers"] == ["b", "c"]
    assert "# 标题" in text and text.count("\n") == TEXT.count("\n")


@pytest.mark.parametrize("text", ["x =", "steps = 1", "steps = [1]", "[[steps]]\nexpect = 1", "start = 2",
                                  "[[steps]]\n[steps.expect]\nfacts = 1", "[[steps]]\nanswers = []"])  # fmt: skip
def test_what_is_no_scenario_says_so(text):
    assert scenario_file("x", text).problem and not scenario_file("x", text).steps


def test_every_scenario_there_is_can_be_edited():
    for path in PROCESSES.glob("*/scenarios/*.toml"):
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
        assert not scenario_file(path.stem, text).problem
        for number, step in enumerate(document["steps"], start=1):
            if "expect" in step:
                assert with_expectation(text, number, step["expect"]) == text
                step["expect"] = {"stage": "x"}
                changed = with_expectation(text, number, {"stage": "x"})
                assert tomllib.loads(changed) == document, f"{path} {number}"
                break
