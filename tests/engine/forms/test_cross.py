"""Rules over several answers, and lists whose rows follow the fact they were made from."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine import forms
from engine.errors import InvalidAnswers

ROWS = [
    {"id": "opening", "name": "上期结转", "counted": Decimal(3)},
    {"id": "accepted", "name": "本期受理", "counted": Decimal(4)},
    {"id": "closed", "name": "办结", "counted": Decimal(5)},
    {"id": "pending", "name": "在办", "counted": Decimal(2)},
]
GIVEN = "=context(for r in figures return {key: r.id, value: if r.adjusted != null then r.adjusted else r.counted})"
CHECKS = {
    "balance": {
        "forms": ["f"],
        "given": {"n": GIVEN, "sum": "=n.opening + n.accepted"},
        "rules": [
            {
                "holds": '=kind = "zero" or sum = n.closed + n.pending',
                "message": '="结转加受理是 " + string(sum) + "，办结加在办是 " + string(n.closed + n.pending)',
                "fields": ["figures[closed].adjusted", "figures[pending].adjusted"],
            },
            {"holds": '=kind != "zero" or sum = 0', "message": "不能零报告", "fields": ["kind"]},
        ],
    },
    "reasons": {
        "forms": ["f", "other"],
        "rules": [
            {
                "each": "figures",
                "holds": "=adjusted = null or adjusted = counted or reason != null",
                "message": '=name + "改了，要写理由"',
                "fields": ["reason"],
            }
        ],
    },
}


@pytest.fixture
def report(form_of):
    form = form_of(
        {"type": "radio", "key": "kind", "label": "K", "values": [{"value": v, "label": v} for v in ("some", "zero")]},
        {"type": "group", "id": "g", "label": "G", "conditional": {"hide": '=kind = "zero"'}, "components": [
            {"type": "dynamiclist", "path": "figures", "label": "数字", "allowAddRemove": False,
             "properties": {"display": "table", "rowKey": "id", "rowTitle": "name"}, "components": [
                {"type": "textfield", "key": "id", "label": "I", "readonly": True},
                {"type": "textfield", "key": "name", "label": "N", "readonly": True},
                {"type": "number", "key": "counted", "label": "C", "readonly": True},
                {"type": "number", "key": "adjusted", "label": "A", "validate": {"min": 0}},
                {"type": "textfield", "key": "reason", "label": "R"}]}]},
    )  # fmt: skip
    return replace(form, checks=forms.read_rules(CHECKS, "f", {}))


def problems(form, raw):
    try:
        forms.check(form, raw, facts={"figures": ROWS})
    except InvalidAnswers as error:
        return {path: problem.params.get("texts", problem.code) for path, problem in error.problems.items()}
    return {}


def test_answers_that_agree_are_kept_with_both_values(report):
    rows = [
        {"id": "accepted", "adjusted": "5", "reason": "补登一件"},
        {"id": "pending", "adjusted": 3, "reason": "同上"},
    ]
    clean = forms.check(report, {"kind": "some", "figures": rows}, facts={"figures": ROWS})["figures"]
    assert [(row["id"], row["counted"], row["adjusted"], row["reason"]) for row in clean] == [
        ("opening", 3, None, None),
        ("accepted", 4, 5, "补登一件"),
        ("closed", 5, None, None),
        ("pending", 2, 3, "同上"),
    ]


def test_a_rule_is_told_at_each_of_its_fields(report):
    words = ("结转加受理是 8，办结加在办是 7",)
    rows = [{}, {"adjusted": "5", "reason": "x"}, {}, {}]
    assert problems(report, {"kind": "some", "figures": rows}) == {
        "figures[2].adjusted": words,
        "figures[3].adjusted": words,
    }


def test_a_rule_over_rows_names_the_row(report):
    rows = [{"id": "closed", "adjusted": "6"}, {"id": "pending", "adjusted": "1"}]
    assert problems(report, {"kind": "some", "figures": rows}) == {
        "figures[2].reason": ("办结改了，要写理由",),
        "figures[3].reason": ("在办改了，要写理由",),
    }


def test_rules_of_a_hidden_list_are_not_asked_and_others_still_are(report):
    assert problems(report, {"kind": "zero"}) == {"kind": ("不能零报告",)}


def test_rules_wait_until_every_answer_can_be_read(report):
    assert problems(report, {"kind": "some", "figures": [{"adjusted": "many"}]}) == {
        "figures[0].adjusted": "not-a-number"
    }


def test_what_cannot_be_found_out_does_not_hold_and_has_no_place(form_of):
    section = {"c": {"forms": ["f"], "rules": [{"holds": "=a > b", "message": '="x" + b', "fields": ["hidden"]}]}}
    form = form_of({"type": "number", "key": "a", "label": "A"})
    form = replace(form, checks=forms.read_rules(section, "f", {}))
    with pytest.raises(InvalidAnswers) as refusal:
        forms.check(form, {"a": "1"})
    assert refusal.value.problems[""].params["texts"] == ('"x" + b',)
    assert forms.read_rules(section, "another", {}) == ()


@pytest.mark.parametrize(
    "sent",
    [
        "",
        [],
        [{"_was": "0", "counted": "99", "id": "other"}, {"_was": "2"}],
        [{}] * 9,
        [{"_was": "77", "adjusted": "1"}, {"id": "unknown", "adjusted": "1"}, {"id": {}, "_was": "x"}],
    ],
)
def test_fixed_rows_are_those_of_the_fact_whatever_is_sent(report, sent):
    clean = forms.check(report, {"kind": "some", "figures": sent}, facts={"figures": ROWS})["figures"]
    assert [{key: row[key] for key in ("id", "name", "counted")} for row in clean] == ROWS
    assert [row["adjusted"] for row in clean] == [None] * 4


@pytest.mark.parametrize(
    ("properties", "column"),
    [
        ({"display": "grid"}, "textfield"),
        ({"rowTitle": "nobody"}, "textfield"),
        ({"rowKey": ""}, None),
        ({"display": "table"}, "filepicker"),
    ],
)
def test_rows_are_drawn_by_columns_that_exist(text_of, properties, column):
    inner = [{"type": column or "textfield", "key": "a", "label": "A"}]
    found = forms.problems(
        text_of({"type": "dynamiclist", "path": "x", "label": "X", "properties": properties, "components": inner})
    )
    assert [finding.rule for finding in found] == (["form-property-invalid"] if column else [])
