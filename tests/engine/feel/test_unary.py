"""Unary tests: the cells of decision tables."""

from datetime import date

import pytest

from engine.feel import FeelError, compile_unary


def passes(text, value, **context):
    return compile_unary(text)(value, context)


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("-", [1, None, "a"], []),
        ("", [1, None], []),
        ('"物业", "邻里"', ["物业", "邻里"], ["婚姻", None]),
        ("> 5", [6], [5, None, "6"]),
        ("[1..5)", [1, 4.9], [5, None]),
        ("< 1, 3, [5..6]", [0, 3, 6], [2, 7]),
        ("not(1, > 5)", [2, 5], [1, 6]),
        ("not(< 5)", [5], [4, None]),
        ("? * 2 > 10", [6], [5, None]),
        ('starts with(?, "渝")', ["渝A"], ["川A", None]),
        ('not(contains(?, "x"))', ["a"], ["ax"]),
        ("null", [None], [0, False]),
        ("true", [True], [False, None]),
        ("false", [False], [True, None]),
        ("limit", [7], [8]),
        ("allowed", ["a", "b"], ["c"]),
        ("amount > 5", [1, "anything"], []),
        ('@"2026-01-01"', [date(2026, 1, 1)], [date(2026, 1, 2)]),
        ('> date("2026-01-01")', [date(2026, 1, 2)], [date(2026, 1, 1)]),
        ("[1, 2]", [1, [1, 2]], [3]),
        ("not(true) or ? = 1", [1], [2]),
    ],
)
def test_a_cell(text, yes, no):
    context = {"limit": 7, "allowed": ["a", "b"], "amount": 6}
    assert [value for value in yes if not passes(text, value, **context)] == []
    assert [value for value in no if passes(text, value, **context)] == []


@pytest.mark.parametrize("text", ["> ", "1,", "not(1", "- 1 -", "=> 5", "1 2", "nope(?)"])
def test_a_wrong_cell_has_a_place(text):
    with pytest.raises(FeelError) as caught:
        compile_unary(text)
    assert caught.value.position is not None


def test_free_names_of_a_cell_leave_the_tested_value_out():
    assert compile_unary("> limit, ? < other").free_names == {"limit", "other"}
