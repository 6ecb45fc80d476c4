"""The language: operators, names, null, loops, contexts and functions."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from engine.feel import FeelError, Range, YearsMonths, compile_expression


def feel(text, /, now=None, names=(), functions=None, **context):
    return compile_expression(text, names=names, functions=functions)(context, now=now)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ** 3 ** 2", 64),  # left-associative
        ("-3 ** 2", 9),  # the sign binds tighter than the power
        ("10 - 2 - 3", 5),
        ("--5", 5),
        ("0.1 + 0.2", Decimal("0.3")),
        ("1 / 3", Decimal("0.3333333333333333333333333333333333")),
        (".5 + 1e2", Decimal("100.5")),
        ('"行政" + "调解"', "行政调解"),
        (r'"a\tb\u4E2D\U01F40E"', "a\tb中🐎"),
        ("1 < 2 and 2 >= 2 and 1 != 2", True),
        ("5 between 1 and 5 and true", True),
        ("if 1 > 2 then 3 else if true then 4 else 5", 4),
        ("// a comment\n1 /* and another */ + 1", 2),
        ("5 in (1, >4)", True),
        ("5 in [5..6)", True),
        ("5 in ]5..6]", False),
        ("5 in [4..5[", False),
        ('"b" in ("a", "b")', True),
        ("2 in [1, [3..4], 2]", True),
        ("not(2 in [1..3])", False),
    ],
)
def test_operators(text, expected):
    assert feel(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *('1 + "a"', '"a" - "b"', "null + 1", "1 / 0", "true + 1", "-true", '1 < "a"', '1 = "1"', "null < 1"),
        *("not(null)", "null and true", "false or 3", "[1, 2] + 1", "1 between null and 2", "missing.part.of.it"),
        *("[1, 2, 3][0]", "[1, 2, 3][4]", "[][1]", "sqrt(-1)", "10 ** 10000", 'number("x")', "sum([1, null])"),
        *(
            'date("2026-02-30")',
            "date(2026, 13, 1)",
            'duration("P1Y1D")',
            'substring("abc", 0)',
            "{a: 1}.b",
            "abs(null)",
        ),
        *(
            '@"2026-01-01" + 1',
            '@"10:00:00" - @"2026-01-01"',
            "some x in null satisfies x",
            "null instance of string and 1",
        ),
    ],
)
def test_what_has_no_meaning_is_null_and_never_an_exception(text):
    assert feel(text) in {None, False} if "instance" in text else feel(text) is None


def test_null_is_decided_by_the_other_side():
    assert feel("false and null") is False
    assert feel("true or null") is True
    assert feel("null = null") is True
    assert feel("1 = null") is False
    assert feel("if null then 1 else 2") == 2


def test_chinese_names_need_no_declaration():
    context = {"申请人": {"年龄": 70, "住址": "重庆"}, "涉及人数": 12}
    assert feel("申请人.年龄 >= 65 and 涉及人数 > 10", **context) is True
    assert feel('申请人[年龄 > 60].住址[1] + "市"', **context) == "重庆市"


def test_names_with_blanks_and_operators_are_declared():
    name = "Pre-bureau risk category"
    assert feel(f'{name} = "HIGH"', names=[name], **{name: "HIGH"}) is True
    assert feel("申请 日期 - 1", names=["申请 日期"], **{"申请 日期": 3}) == 2
    assert feel("case.full name", names=["full name"], case={"full name": "王"}) == "王"
    assert feel("{a b: 1, c-d: a b + 1}.c-d") == 2
    with pytest.raises(FeelError, match="found 'name'"):
        feel("full name")


def test_numbers_of_the_host_become_decimals():
    assert feel("x + y", x=1, y=0.1) == Decimal("1.1")
    assert isinstance(feel("x", x=True), bool)
    assert feel("xs[2]", xs=(1, 2)) == Decimal(2)
    assert feel("x", x=float("nan")) is None
    assert feel("x", x=10**100_000) is None


def test_lists_filters_and_paths():
    people = [{"name": "张", "age": 30}, {"name": "李", "age": 17}, {"name": "王"}]
    assert feel("people[age >= 18].name", people=people) == ["张"]
    assert feel("people.name", people=people) == ["张", "李", "王"]
    assert feel("people[-1].name", people=people) == "王"
    assert feel("people[item.age < 18][1].name", people=people) == "李"
    assert feel("[1, 2, 3][item > 1]") == [2, 3]
    assert feel("5[true]") == [5]
    assert feel("people[i].name", people=people, i=2) == "李"


def test_loops():
    assert feel("for i in 1..3 return i * 2") == [2, 4, 6]
    assert feel("for i in 3..1 return i") == [3, 2, 1]
    assert feel("for i in [1..4) return i") == [1, 2, 3]
    assert feel("for x in [1, 2], y in [x, 10] return x * y") == [1, 10, 4, 20]
    assert feel("for i in 0..4 return if i = 0 then 1 else i * partial[-1]") == [1, 1, 2, 6, 24]
    assert feel('for d in @"2026-01-30"..@"2026-02-01" return d.day') == [30, 31, 1]
    assert feel("for i in 1..3 return partial") == [[], [[]], [[], [[]]]]
    assert feel("some x in [1, 2] satisfies x > 1") is True
    assert feel("every x in [1, 2] satisfies x > 1") is False
    assert feel("every x in [] satisfies false") is True
    assert feel('every x in [true, "no"] satisfies x') is None


def test_contexts_see_their_earlier_entries_and_functions_themselves():
    assert feel("{a: 1, b: a + 1, c: b * 10}.c") == 20
    assert feel('{"quoted key": 1}') == {"quoted key": 1}
    assert feel("{f: function(n) if n <= 1 then 1 else n * f(n - 1), r: f(10)}.r") == 3628800
    with pytest.raises(FeelError, match="two entries a"):
        feel("{a: 1, a: 2}")


def test_functions():
    assert feel("{f: function(a: number, b) a - b, r: f(b: 1, a: 5)}.r") == 4
    assert feel('{f: function(a: number) a, r: f("x")}.r') is None
    assert feel("{f: function(a: number) a, r: f([7])}.r") == 7
    assert feel("{f: function(a) a, r: f(1, 2)}.r") is None
    assert feel("(function(x) x * x)(4)") == 16
    assert feel("sort(xs, function(a, b) a > b)", xs=[1, 3, 2]) == [3, 2, 1]
    assert feel("{f: function(g) g(-5), r: f(abs)}.r") == 5
    assert feel('function(a) external {java: {class: "x"}}').parameters == ("a",)


def test_functions_of_the_host():
    functions = {
        "working_days": lambda count: timedelta(days=int(count)),
        "add up": lambda first, second=1: first + second,
    }
    assert feel("working_days(3)", functions=functions) == timedelta(days=3)
    assert feel("add up(first: 2)", functions=functions) == 3
    assert feel("add up(2, 5) + 1", functions=functions) == 8
    with pytest.raises(FeelError) as caught:
        feel("1 + working_days()", functions=functions)
    assert (caught.value.code, caught.value.position) == ("feel-arguments", 4)


def test_a_failing_function_of_the_host_is_named():
    def broken(day):
        raise LookupError(day)

    with pytest.raises(FeelError, match="half failed") as caught:
        feel("half(null)", functions={"half": lambda number: number / 2})
    assert caught.value.code == "feel-function"
    with pytest.raises(LookupError):
        feel("broken(1)", functions={"broken": broken})


def test_a_variable_hides_no_function():
    assert feel('date("2026-01-02") > date', date=date(2026, 1, 1)) is True


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("1", "number", True),
        ('"a"', "string", True),
        ("null", "Any", False),
        ('[1, "a"]', "list<number>", False),
        ("[1, 2]", "list<number>", True),
        ("{a: 1, b: 2}", "context<a: number>", True),
        ("{a: 1}", "context<a: list<number>>", False),
        ("[1..2]", "range<number>", True),
        ("abs", "function<number> -> number", True),
        ('@"2026-01-01T00:00:00"', "date and time", True),
        ('@"2026-01-01T00:00:00"', "date", False),
        ('@"P1D"', "days and time duration", True),
        ('@"P1M"', "years and months duration", True),
    ],
)
def test_instance_of(value, kind, expected):
    assert feel(f"({value}) instance of {kind}") is expected


def test_ranges_have_properties():
    assert feel("(1..5].start included") is False
    assert feel("(>=10).start") == 10
    assert feel("(<10)") == Range(None, 10, start_included=False, end_included=False)


def test_the_clock_is_an_argument():
    now = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert feel("now()", now=now) == now
    assert feel("today()", now=now) == date(2026, 3, 1)
    assert feel("now()") is None


def test_literals():
    assert feel('@"2026-01-01"') == date(2026, 1, 1)
    assert feel('@"10:30:00"') == time(10, 30)
    assert feel('@"P1Y2M"') == YearsMonths(14)
    assert feel('@"-PT1H"') == timedelta(hours=-1)
    assert feel('@"2026-01-01T24:00:00"') == datetime(2026, 1, 2)  # noqa: DTZ001 a local time


def test_free_names_are_what_the_text_reads_from_outside():
    compiled = compile_expression(
        "for x in 案件 return x.金额 + f + {b: 1, c: b}.c + count([1][y > 2 and item = 1])", names=["案件"]
    )
    assert compiled.free_names == {"案件", "f"}
    assert compiled.filter_names == {"y"}


def test_compiled_expressions_are_cached_by_text_names_and_functions():
    functions = {"f": lambda: 1}
    assert compile_expression("f()", functions=functions) is compile_expression("f()", functions=functions)
    assert compile_expression("f()", functions=functions) is not compile_expression("f()", functions=dict(functions))


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("1 +", "feel-syntax", 1, 4),
        ("1 +\n  nope(1)", "feel-unknown-function", 2, 3),
        ("if a then b", "feel-syntax", 1, 12),
        ("人数（1）", "feel-syntax", 1, 3),
        ('"open', "feel-syntax", 1, 1),
        ("/* open", "feel-syntax", 1, 1),
        (r'"\uD800"', "feel-syntax", 1, 1),
        ("x instance of whatever", "feel-unknown-type", 1, 15),
        ('@"2026-13-01"', "feel-literal", 1, 2),
        ("abs(1, 2)", "feel-arguments", 1, 1),
        ("round up(number: 1, scale: 2)", "feel-arguments", 1, 1),
        ("[1, 2", "feel-syntax", 1, 6),
        ("a = = b", "feel-syntax", 1, 5),
        ("", "feel-syntax", 1, 1),
    ],
)
def test_errors_have_a_code_and_a_place(text, code, line, column):
    with pytest.raises(FeelError) as caught:
        compile_expression(text)
    assert (caught.value.code, caught.value.line, caught.value.column) == (code, line, column)


def test_full_width_punctuation_is_named_with_what_to_type():
    with pytest.raises(FeelError, match=r"type \( instead"):
        compile_expression("not（true)")
