"""On which day a recurring duty is opened, and for which period."""

from datetime import UTC, date, datetime
from itertools import islice, pairwise

import pytest

from engine.calendars import load_calendar
from engine.deadlines import OFFICE
from engine.recurrence import is_day, offices_of, read_recurrence
from tests.engine.test_calendars import FOLDER, tomllib

CALENDAR = load_calendar({path.stem: tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml")})
NEW_YEAR = datetime(2026, 1, 1, tzinfo=OFFICE)


def openings(count=3, after=NEW_YEAR, **row):
    entry = read_recurrence({"id": "e", "for_each": "offices", **row})
    return [
        (
            one.at.astimezone(OFFICE).strftime("%m-%d %H:%M"),
            str(one.period.first),
            str(one.period.last),
            one.period.name,
        )
        for one in islice(entry.occurrences(after, CALENDAR), count)
    ]


@pytest.mark.parametrize(
    ("row", "first"),
    [
        ({"every": "month", "on": "20"}, ("01-20 08:30", "2026-01-01", "2026-01-31", "2026年1月")),
        ({"every": "month", "on": "20", "begins": "26"}, ("01-20 08:30", "2025-12-26", "2026-01-25", "2026年1月")),
        ({"every": "month", "on": "26", "begins": "26"}, ("01-26 08:30", "2026-01-26", "2026-02-25", "2026年2月")),
        (
            {"every": "month", "on": "26", "begins": "26", "period": "previous"},
            ("01-26 08:30", "2025-12-26", "2026-01-25", "2026年1月"),
        ),
        ({"every": "half_year", "on": "01-05", "period": "previous", "at": "09:00"},
         ("01-05 09:00", "2025-07-01", "2025-12-31", "2025年下半年")),
        ({"every": "quarter", "on": "03-20"}, ("03-20 08:30", "2026-01-01", "2026-03-31", "2026年第1季度")),
        ({"every": "year", "on": "02-10"}, ("02-10 08:30", "2026-01-01", "2026-12-31", "2026年")),
        ({"every": "week", "on": "1"}, ("01-05 08:30", "2026-01-05", "2026-01-11", "2026年第2周")),
        ({"every": "month", "on": "last-10d"}, ("01-21 08:30", "2026-01-01", "2026-01-31", "2026年1月")),
        ({"every": "month", "on": "last-3wd"}, ("01-28 08:30", "2026-01-01", "2026-01-31", "2026年1月")),
        ({"every": "month", "on": "5wd"}, ("01-08 08:30", "2026-01-01", "2026-01-31", "2026年1月")),
    ],
)  # fmt: skip
def test_the_first_opening_of_the_year(row, first):
    assert openings(1, **row) == [first]


def test_the_25th_of_2026_rolls_back_as_the_domain_says():
    """procedure.md §8.3: the 25th falls on a rest day in January, April, July, September and October."""
    days = [at.split()[0] for at, *_ in openings(12, every="month", on="25", roll="back")]
    assert days == [
        "01-23", "02-25", "03-25", "04-24", "05-25", "06-25", "07-24", "08-25", "09-24", "10-23", "11-25", "12-25",
    ]  # fmt: skip


def test_rolling_back_over_the_beginning_of_a_period_keeps_the_period():
    """1 January and 1 to 7 October are days off: the opening comes before the period it is for."""
    rows = openings(11, after=datetime(2025, 12, 31, tzinfo=OFFICE), every="month", on="1", roll="back")
    assert rows[0] == ("12-31 08:30", "2026-01-01", "2026-01-31", "2026年1月")
    assert rows[9] == ("09-30 08:30", "2026-10-01", "2026-10-31", "2026年10月")


def test_a_day_that_a_short_month_lacks_is_its_last():
    assert [at for at, *_ in openings(3, every="month", on="31")] == ["01-31 08:30", "02-28 08:30", "03-31 08:30"]
    assert [at for at, *_ in openings(2, every="half_year", on="02-30")] == ["02-28 08:30", "08-30 08:30"]


def test_the_opening_at_this_very_moment_is_over():
    at = datetime(2026, 1, 20, 8, 30, tzinfo=OFFICE)
    assert openings(1, after=at, every="month", on="20")[0][0] == "02-20 08:30"


def test_a_year_is_gone_through_without_gaps():
    """Whatever the day, every period comes once and in order."""
    for row in ({"every": "week", "on": "last"}, {"every": "month", "on": "1", "roll": "back", "begins": "21"}):
        entry = read_recurrence({"id": "e", "office": "a", **row})
        found = list(islice(entry.occurrences(NEW_YEAR.astimezone(UTC), CALENDAR), 24))
        assert all((b.period.first - a.period.last).days == 1 for a, b in pairwise(found))
        assert all(a.at < b.at for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("on", "every", "is_one"),
    [
        ("0", "month", False), ("32", "month", False), ("1", "year", False), ("13-01", "year", False),
        ("12-31", "year", True), ("07-01", "half_year", False), ("7", "week", True), ("8", "week", False),
        ("last-400d", "year", False), ("last-9d", "week", False), ("0wd", "month", False), ("40wd", "month", False),
        ("soon", "month", False), ("٣", "month", False), ("", "month", False), ("1", "decade", False),
    ],
)  # fmt: skip
def test_what_is_a_day_of_a_period(on, every, is_one):
    assert is_day(on, every) is is_one


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"for_each": "offices"}, ["a", "b", "c"]),
        ({"for_each": "offices.reporting"}, ["a", "c"]),
        ({"for_each": "offices.kind:town"}, ["b"]),
        ({"for_each": ["c", "a", "gone"]}, ["a", "c"]),
        ({"office": "b"}, ["b"]),
        ({"office": "gone"}, []),
    ],
)
def test_for_which_offices(given, found):
    offices = {"a": {"reporting": True}, "b": {"kind": "town", "reporting": False}, "c": {"reporting": True}}
    assert offices_of(read_recurrence({"id": "e", "every": "month", "on": "1", **given}), offices) == found


def test_dates_are_dates():
    entry = read_recurrence({"id": "e", "every": "month", "on": "1", "office": "a"})
    one = next(entry.occurrences(NEW_YEAR, CALENDAR))
    assert (one.period.first, one.at.tzinfo) == (date(2026, 1, 1), UTC)
