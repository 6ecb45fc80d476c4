"""Hostile expressions: bounded work, whatever is written."""

import itertools
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.feel import BUILTINS, FeelError, compile_expression, compile_unary
from engine.feel.cursor import RESERVED

QUICK = 2.0


def doubling(last):
    letters = "abcdefghijklmnopqrstuvwxyz"
    pairs = itertools.pairwise(letters)
    return "{a: [1], " + ", ".join(f"{new}: [{old}, {old}, {old}]" for old, new in pairs) + "}" + last


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 9_000 + "1" + ")" * 9_000,
        "[" * 5_000 + "]" * 5_000,
        "{a:" * 3_000 + "1" + "}" * 3_000,
        "not(" * 4_000 + "true" + ")" * 4_000,
        "if true then " * 1_000 + "1" + " else 2" * 1_000,
        "function(x) " * 1_000 + "1",
        "1" + "=1" * 9_000,
        "a" + ".a" * 9_000,
        "a" + "[1]" * 6_000,
        "x" * 30_000,
        "for i in 1..10**9 return i",
        "for a in 1..1000, b in 1..1000 return a * b",
        "some a in 1..40000, b in 1..40000 satisfies a < 0",
        "{f: function(n) f(n + 1), r: f(1)}.r",
        "{f: function(g) g(g), r: f(f)}.r",
        '{f: function(s) f(s + s), r: f("aaaaaaaa")}.r',
        doubling(".z"),
        f"string({doubling('.z')})",
        f"flatten({doubling('.z')})",
        f"count(distinct values({doubling('.z')}))",
        "count(for i in 1..50000 return [for j in 1..50000 return j])",
    ],
)
def test_too_much_work_is_an_error_and_comes_soon(text):
    started = time.thread_time()
    with pytest.raises(FeelError) as caught:
        compile_expression(text)({})
    assert caught.value.code in {"feel-too-large", "feel-budget"}
    assert time.thread_time() - started < QUICK


@pytest.mark.parametrize(
    "body",
    [
        *(
            "all(xs)",
            "sum(names)",
            "xs instance of list<number>",
            "string join(names, long)",
            "log(i ** 7.7)",
            "max(xs)",
        ),
        *('matches(long, "x")', "range(long)", "upper case(long)", "distinct values(xs)", 'number(long, ",", null)'),
        *('matches("a", "(a{99}){30}" + string(i))', "context merge([wide, wide])", "[wide][k1 = i]", "f(xs)"),
    ],
)
def test_work_on_large_values_is_paid_for(body):
    wide = {f"k{n}": n for n in range(9999)}
    values = {"xs": [True] * 20_000, "names": ["a" * 9] * 20_000, "long": "1" * 150_000, "wide": wide}
    text = f"{{f: function(l: list<boolean>) 1, r: for i in 1..50000 return {body}}}.r"
    started = time.thread_time()
    with pytest.raises(FeelError) as caught:
        compile_expression(text)(values)
    assert caught.value.code == "feel-budget"
    assert time.thread_time() - started < QUICK


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9**9",
        "9**(9**9)",
        "9**(9**(9**9))",
        "2**-100000",
        "1e999999999999",
        "1" * 19_000,
        "1" + "+1" * 9_000,
        "true" + " and true" * 2_000,
        "-" * 19_000 + "1",
        'matches("' + "a" * 5_000 + '", "(a|a|a|a)*(a|a)*(a*)*b")',
        'matches("' + "a" * 5_000 + '!", "(a+)+$")',
        'matches("aaaa", "((((a{99}){99}){99}){99}){99}")',
        'matches("a", "' + "(" * 500 + '")',
        "round up(1, 6176) + floor(1e6000, -6000)",
        '@"P999999999D" * 1e6000',
        '@"9999-12-31" + @"P1D"',
        '@"P999999999999Y" + @"2026-01-01"',
        'time(0, 0, 0, @"P1D")',
        "for i in 1e30..1e30 + 1 return i",
        "[1, 2][1e6000] = substring(string(1e6000), 1e40) and 1.5e40 in [1e39..1e41]",
    ],
)
def test_large_numbers_and_patterns_are_answered_soon(text):
    started = time.thread_time()
    compile_expression(text)({})
    assert time.thread_time() - started < QUICK


WORDS = [
    *RESERVED,
    *BUILTINS,
    *[
        "+",
        "-",
        "*",
        "/",
        "**",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ".",
        "..",
        "@",
        "?",
        "->",
        '"',
        "'",
        "//",
        "/*",
        "*/",
        "instance",
        "of",
        "function",
        "external",
        "list",
    ],
    *(
        "1",
        "0",
        "2.5",
        "10**9",
        '"a"',
        '"(a*)*"',
        '@"2026-01-01"',
        '@"P1D"',
        '@"P1M"',
        "x",
        "y",
        "人数",
        "item",
        "partial",
    ),
    *("x.y", "(1..5]", "[1, 2]", "{a: 1}", "date and time(", "context<a: number>", "function(a) a"),
]
VALUES = {"x": 3, "y": [1, "a", None, {"b": 2}], "人数": 12}


def refusal(evaluate):
    try:
        evaluate()
    except FeelError as error:
        return error
    return None


def outcome(text):
    """Compile and run a text both ways; anything but a value or a FeelError fails the test."""
    started = time.thread_time()
    for compile_text, arguments in ((compile_expression, (VALUES,)), (compile_unary, (5, VALUES))):
        error = refusal(lambda run=compile_text, given=arguments: run(text)(*given))
        assert error is None or error.code.startswith("feel-")
        assert error is None or error.position is None or 0 <= error.position <= len(text)
    assert time.thread_time() - started < QUICK


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60))
def test_any_text_compiles_or_says_why_not(text):
    outcome(text)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_row_of_words_compiles_or_says_why_not(text):
    outcome(text)


def expressions(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(pair, st.sampled_from(["+", "-", "*", "/", "**", "=", "<", "and", "or", "in"])).map(
            lambda made: f"({made[0][0]} {made[1]} {made[0][1]})"
        ),
        st.tuples(st.sampled_from(sorted(BUILTINS)), st.lists(inner, max_size=3)).map(
            lambda made: f"{made[0]}({', '.join(made[1])})"
        ),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        pair.map(lambda made: f"{made[0]}[{made[1]}]"),
        pair.map(lambda made: f"(for i in {made[0]} return {made[1]})"),
        pair.map(lambda made: f"[{made[0]}..{made[1]}]"),
        pair.map(lambda made: f"{{a: {made[0]}, f: function(n) {made[1]}}}"),
    )


LEAVES = st.sampled_from(
    ["1", "-7.5", "null", "true", '"ab"', '@"2026-01-31"', '@"P1M"', '@"PT1H"', '@"10:00:00Z"', "x", "y", "i", "sqrt"]
)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(LEAVES, expressions, max_leaves=12))
def test_any_well_formed_expression_has_a_value(text):
    outcome(text)
