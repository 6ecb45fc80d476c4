"""Built-in functions and the arithmetic of dates."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.feel import BUILTINS, YearsMonths, compile_expression


def feel(text, /, **context):
    return compile_expression(text)(context)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@"2026-01-31" + @"P1M"', date(2026, 2, 28)),
        ('@"2024-02-29" + @"P1Y"', date(2025, 2, 28)),
        ('@"2026-03-31" - @"P1M"', date(2026, 2, 28)),
        ('@"2026-01-01" + @"PT36H"', date(2026, 1, 2)),
        ('@"2026-01-02" - @"PT1H"', date(2026, 1, 1)),
        ('@"2026-03-01" - @"2026-02-01"', timedelta(days=28)),
        ('@"23:30:00" + @"PT1H"', time(0, 30)),
        ('@"10:00:00+08:00" - @"01:00:00Z"', timedelta(hours=1)),
        ('@"P1D" * 1.5', timedelta(hours=36)),
        ('@"P1Y" / @"P1M"', Decimal(12)),
        ('@"PT1H" / 3', timedelta(minutes=20)),
        ('@"2026-01-01T08:00:00+08:00" = @"2026-01-01T00:00:00Z"', True),
        ('is(@"2026-01-01T08:00:00+08:00", @"2026-01-01T00:00:00Z")', False),
        ('@"2026-01-01T00:00:00" < @"2026-01-01T00:00:00Z"', None),
        (
            '@"2026-10-25T01:30:00@Europe/Paris" + @"PT2H"',
            datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Paris")),
        ),
        ('@"2026-01-05".weekday', Decimal(1)),
        ('@"2026-01-05T10:00:00+08:00".time offset', timedelta(hours=8)),
        ('@"2026-01-05T10:00:00@Asia/Shanghai".timezone', "Asia/Shanghai"),
        ('@"P1DT2H".hours', Decimal(2)),
        ('@"-P1Y2M".months', Decimal(-2)),
        ('years and months duration(@"2026-01-31", @"2026-03-30")', YearsMonths(1)),
        ('date and time(@"2026-01-01", @"10:00:00Z")', datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ('time(10, 30, 0, @"PT8H")', time(10, 30, tzinfo=timezone(timedelta(hours=8)))),
        ('day of year(@"2026-02-01")', Decimal(32)),
        ('day of week(@"2026-01-05")', "Monday"),
        ('month of year(@"2026-01-05")', "January"),
        ('week of year(@"2027-01-01")', Decimal(53)),
    ],
)
def test_time(text, expected):
    assert feel(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('string([1.50, "a", {b: null}])', '[1.5, "a", {b: null}]'),
        ('string(@"P1Y") + string(@"2026-01-01T10:00:00@Asia/Shanghai")', "P1Y2026-01-01T10:00:00@Asia/Shanghai"),
        ("string(1e3)", "1000"),
        ('number("1.000,5", ".", ",")', Decimal("1000.5")),
        ('substring("调解协议书", -3, 2)', "协议"),
        ('string length("🐎a")', Decimal(2)),
        ('substring before("a-b", "-") + substring after("a-b", "-")', "ab"),
        ('string join(["a", null, "b"], "、")', "a、b"),
        ('split("a, b;c", "[,;] ?")', ["a", "b", "c"]),
        ('matches("500101199001011234", "[1-9]\\d{16}[\\dXx]")', True),
        ('matches("渝AB1234", "^\\p{L}{3}\\d+$")', True),
        ('matches("A\nB", "a.b", "si")', True),
        ('matches("bcd", "[a-z-[aeiou]]+")', True),
        ('replace("2026-01-05", "(\\d+)-(\\d+)-(\\d+)", "$1年$2月$3日")', "2026年01月05日"),
        ('replace("aaa", "a+?", "b")', "bbb"),
        ('replace("a.b", ".", "-", "q")', "a-b"),
        ('matches("aa", "(a)\\1")', None),  # back-references are left out
        ('matches("a", "(")', None),
        ("sum([1, 2, 3]) + mean(1, 3) + median(1, 5, 3) + product([2, 3])", Decimal(17)),
        ("stddev(2, 4, 7, 5)", Decimal("2.081665999466132735282297706979931")),
        ("mode([6, 3, 9, 6, 6])", [6]),
        ("min([])", None),
        ('max("a", "b")', "b"),
        ("count([1, null])", Decimal(2)),
        ("all([true, null, false])", False),
        ("any(false, null)", None),
        ("sublist([1, 2, 3], -2)", [2, 3]),
        ("insert before([1, 3], 2, 2)", [1, 2, 3]),
        ("remove([1, 2], 1)", [2]),
        ("union([1, 2], [2, 3])", [1, 2, 3]),
        ("flatten([1, [2, [3]]])", [1, 2, 3]),
        ("index of([1, 2, 1], 1)", [1, 3]),
        ("list replace([1, 2, 3], function(item, new) item > new, 0)", [0, 0, 0]),
        ("append([1], 2, 3)", [1, 2, 3]),
        ("concatenate([1], [2], 3)", [1, 2, 3]),
        ("distinct values([1, 2, 1])", [1, 2]),
        ("sort([3, 1, 2])", [1, 2, 3]),
        ("reverse([1, 2])", [2, 1]),
        (
            "[decimal(2.5, 0), decimal(1.115, 2), round half up(2.5, 0), round half down(2.5, 0)]",
            [2, Decimal("1.12"), 3, 2],
        ),
        (
            "[floor(-1.5), ceiling(-1.5), round up(1.1, 0), round down(-1.9, 0), floor(1.56, 1)]",
            [-2, -1, 2, -1, Decimal("1.5")],
        ),
        ("[modulo(-12, 5), modulo(12, -5), modulo(10.1, 4.5)]", [3, -3, Decimal("1.1")]),
        ('abs(@"-PT1H")', timedelta(hours=1)),
        ("odd(-3) and even(4) and not(odd(2.5))", True),
        ("get entries({a: 1})", [{"key": "a", "value": 1}]),
        ('get value({a: {b: 1}}, ["a", "b"])', 1),
        ('context put({a: {b: 1}}, ["a", "c"], 2)', {"a": {"b": 1, "c": 2}}),
        ("context merge([{a: 1}, {a: 2, b: 3}])", {"a": 2, "b": 3}),
        ('context([{key: "a", value: 1}])', {"a": 1}),
        ('range("[1..3)") = [1..3)', True),
        ('range("[3..1]")', None),
        ("before(1, [2..3]) and after([5..6], 4) and meets([1..2], [2..3]) and met by([2..3], [1..2])", True),
        ("includes([1..9], 5) and during(5, [1..9]) and starts(1, [1..2]) and finishes(2, [1..2])", True),
        ("overlaps([1..5], [3..8]) and overlaps before([1..5], [3..8]) and not(overlaps([1..2), [2..3]))", True),
        ("coincides([1..2], [1..2]) and started by([1..2], 1) and finished by([1..2], 2)", True),
        ("is(1, 1.0) and list contains([1, null], null)", True),
    ],
)
def test_functions(text, expected):
    assert feel(text) == expected


def test_everything_in_the_specification_is_there():
    names = """
        date, date and time, time, number, string, duration, years and months duration, context, range, not, substring,
        string length, upper case, lower case, substring before, substring after, replace, contains, starts with,
        ends with, matches, split, string join, list contains, count, min, max, sum, mean, all, any, sublist, append,
        concatenate, insert before, remove, list replace, reverse, index of, union, distinct values, flatten, product,
        median, stddev, mode, decimal, floor, ceiling, round up, round down, round half up, round half down, abs,
        modulo, sqrt, log, exp, odd, even, is, before, after, meets, met by, overlaps, overlaps before, overlaps after,
        finishes, finished by, includes, during, starts, started by, coincides, day of year, day of week, month of year,
        week of year, now, today, get value, get entries, context put, context merge, sort"""
    assert {name.strip() for name in " ".join(names.split()).split(",")} <= BUILTINS.keys()
