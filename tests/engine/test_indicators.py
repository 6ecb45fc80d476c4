"""Declarations of indicators: wrong ones are refused in one list; what an earlier release took stops nobody."""

import copy
import tomllib
from pathlib import Path

import pytest

import engine
from engine.indicator_files import read_indicators, readable_indicators
from tests.engine.test_counting import INDICATORS

PROCESSES = Path(__file__).parents[2] / "processes"


def changed(**rows):
    document = copy.deepcopy(INDICATORS)
    document["indicators"] |= rows
    return document


def row(**more):
    return {"section": "all", "name": "N", "definition": "d", **more}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (row(), "neither counted nor computed nor typed"),
        (row(count="a", formula="1"), "or several of these"),
        (row(count="a", section="x"), "no section"),
        (row(count="a", name=""), "has no name"),
        (row(count="a", definition=""), "has no definition"),
        (row(count="a", by="x"), "no dimension"),
        (row(count="a", where={"tag": "1", "big": "2"}), "more than one dimension"),
        (row(count="a", less="b"), "both less and at"),
        (row(count="a", at="opening"), "both less and at"),
        (row(formula="1 +"), "1 +"),
        (row(formula="nothing + 1"), "reads nothing"),
        (row(count="a", status="perhaps"), "not a status"),
        (row(count="a", colour="red"), "colour is not read"),
        (row(formula="extra + 1"), "read each other"),
    ],
)
def test_what_is_wrong_is_refused(wrong, words):
    with pytest.raises(engine.InvalidDefinition) as refused:
        read_indicators(changed(extra=wrong))
    assert words in str(refused.value) or any(words in finding.message for finding in refused.value.findings)


@pytest.mark.parametrize("name", ["days", "Upper", "a b", "sum"])
def test_a_name_that_no_formula_can_read_is_refused(name):
    with pytest.raises(engine.InvalidDefinition, match="cannot name"):
        read_indicators(changed(**{name: row(count="a")}))


def test_what_an_earlier_release_took_never_stops_the_house():
    document = changed(
        days=row(count="a"), rest=row(formula="days + 1"), one=row(formula="two"), two=row(formula="one")
    )
    document["months"] = {"closing_day": 30}
    document["reports"]["other"] = {"title": "O", "indicators": ["days", "opened"]}
    found = readable_indicators(document)
    assert {"opened", "settled"} <= found.all.keys()
    assert not {"days", "rest", "one", "two"} & found.all.keys()
    assert found.months.closing_day == 31


def test_the_indicators_of_the_house_can_be_read():
    document = tomllib.loads((PROCESSES / "indicators.toml").read_text("utf-8"))
    known = read_indicators(document)
    assert set(known.order) == set(known.all)
    rates = {"success_of_closed", "success_of_mediated"}
    assert {known.all[each].base for each in rates} == {"办结", "办结 − 移送 − 撤回"}
    assert readable_indicators(document) == known
