"""The loaded years, the projected ones, and what a wrong notice is told."""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.calendars import (
    Calendar,
    InvalidCalendar,
    check_year,
    load_calendar,
    parse_year,
    roll_back,
    roll_forward,
    working_days_between,
)

FOLDER = Path(__file__).parents[2] / "processes" / "calendar"
DOCUMENTS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml")}
CALENDAR = load_calendar(DOCUMENTS)
STATUTE = DOCUMENTS["statutory"]


def day(text: str) -> date:
    return date.fromisoformat(text)


def year(calendar: Calendar, number: int) -> list[date]:
    first = date(number, 1, 1)
    return [first + timedelta(days=n) for n in range((date(number + 1, 1, 1) - first).days)]


def problems(text: str, statute: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(InvalidCalendar) as caught:
        parse_year(text, statute)
    assert str(caught.value) == "\n".join(problem.message for problem in caught.value.problems)
    return [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize("number", [2024, 2025, 2026])
def test_shipped_years_are_whole_and_keep_every_statutory_holiday(number: int) -> None:
    text = (FOLDER / f"{number}.toml").read_text("utf-8")
    since_2025 = STATUTE if number >= 2025 else {}
    assert parse_year(text, since_2025)["year"] == number
    assert CALENDAR.is_official(number)
    assert all(CALENDAR.day(each).official for each in year(CALENDAR, number))


@pytest.mark.parametrize(("number", "working"), [(2024, 251), (2025, 248), (2026, 248)])
def test_the_number_of_working_days_of_a_year(number: int, working: int) -> None:
    assert sum(CALENDAR.day(each).working for each in year(CALENDAR, number)) == working


def test_kinds_of_days() -> None:
    assert CALENDAR.day(day("2026-11-03")).working
    assert not CALENDAR.day(day("2026-11-07")).working
    makeup = CALENDAR.day(day("2026-02-28"))
    assert (makeup.working, makeup.makeup, makeup.name) == (True, True, "春节")
    holiday = CALENDAR.day(day("2026-10-01"))
    assert (holiday.working, holiday.makeup, holiday.official, holiday.name) == (False, False, True, "国庆节")
    assert CALENDAR.day(day("2024-02-09")).working  # New Year's Eve was no holiday in 2024


@pytest.mark.parametrize(
    ("number", "names"),
    [
        (2027, {"元旦": 1, "春节": 4, "清明节": 1, "劳动节": 2, "端午节": 1, "中秋节": 1, "国庆节": 3}),
        (2030, {"元旦": 1, "春节": 4, "清明节": 1, "劳动节": 2, "端午节": 1, "中秋节": 1, "国庆节": 3}),
        (2031, {"元旦": 1, "春节": 4, "清明节": 1, "劳动节": 2, "端午节": 1, "中秋节、国庆节": 1, "国庆节": 2}),
        (2040, {"元旦": 1, "劳动节": 2, "国庆节": 3}),
    ],
)
def test_a_projected_year_has_the_statutory_holidays_and_no_makeup_days(number: int, names: dict[str, int]) -> None:
    days = [CALENDAR.day(each) for each in year(CALENDAR, number)]
    assert not any(each.official or each.makeup for each in days)
    found = [each.name for each in days if each.name]
    assert {name: found.count(name) for name in found} == names
    assert not any(each.working for each in days if each.name or each.date.weekday() >= 5)


# The first day of the lunar year, from tables; the statute's days are New Year's Eve and the three days after it.
@pytest.mark.parametrize("first", ["2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11"])
def test_spring_festival_begins_the_day_before_the_lunar_year(first: str) -> None:
    eve = day(first) - timedelta(days=1)
    assert all(CALENDAR.day(eve + timedelta(days=n)).name == "春节" for n in range(4))
    assert "春节" not in {CALENDAR.day(eve - timedelta(days=1)).name, CALENDAR.day(eve + timedelta(days=4)).name}


def test_moving_festivals_keep_their_distance_to_the_lunar_year() -> None:
    """5th of the 5th month, 15th of the 8th: four and seven lunar months later, one more if a leap month is between."""
    dates = {holiday["name"]: holiday["days"] for holiday in STATUTE["moving"]}
    for spring, dragon, autumn in zip(dates["春节"], dates["端午节"], dates["中秋节"], strict=True):
        first = day(spring.split("/")[0]) + timedelta(days=1)
        assert (day(dragon) - first).days in {121, 122, 123, 151, 152, 153}
        assert (day(autumn) - day(dragon)).days in {97, 98, 99, 127, 128, 129}


def test_the_version_changes_with_the_days_only() -> None:
    noted = {**DOCUMENTS, "2026": {**DOCUMENTS["2026"], "note": "another remark"}}
    assert load_calendar(noted).version == CALENDAR.version
    fewer = {name: document for name, document in DOCUMENTS.items() if name != "2026"}
    assert load_calendar(fewer).version != CALENDAR.version
    assert len(CALENDAR.version) == 12


def test_without_the_statute_there_are_only_weekends() -> None:
    calendar = load_calendar({})
    assert calendar.day(day("2027-10-01")).working
    assert not calendar.day(day("2027-10-02")).working


def test_a_notice_may_change_the_december_before_it() -> None:
    """As the notices for 2012 and 2019 did."""
    notice = {
        "year": 2030,
        "source": "…",
        "holidays": [{"name": "元旦", "off": ["2029-12-30/2030-01-01"], "work": ["2029-12-29"]}],
    }
    calendar = load_calendar({**DOCUMENTS, "2030": notice})
    assert calendar.day(day("2029-12-29")).makeup
    assert not calendar.day(day("2029-12-31")).working
    assert not calendar.day(day("2029-12-28")).official


def test_rolling() -> None:
    assert roll_forward(day("2026-02-15"), CALENDAR) == day("2026-02-24")
    assert roll_forward(day("2026-02-28"), CALENDAR) == day("2026-02-28")
    assert roll_back(day("2026-10-25"), CALENDAR) == day("2026-10-23")


@pytest.mark.parametrize(
    ("today", "last_day", "left"),
    [
        ("2026-11-02", "2026-11-05", 3),
        ("2026-11-05", "2026-11-05", 0),
        ("2026-11-06", "2026-11-09", 1),
        ("2026-11-10", "2026-11-06", -2),
        ("2026-04-30", "2026-05-11", 5),
    ],
)
def test_working_days_left_and_over(today: str, last_day: str, left: int) -> None:
    assert working_days_between(day(today), day(last_day), CALENDAR) == left


GOOD = """
year = 2027
source = "国务院办公厅关于2027年部分节假日安排的通知"
[[holidays]]
name = "元旦"
off = ["2027-01-01/2027-01-03"]
total = 3
"""


def test_a_good_notice_is_read() -> None:
    assert load_calendar({"2027": parse_year(GOOD)}).day(day("2027-01-02")).name == "元旦"


def test_everything_wrong_is_said_at_once() -> None:
    text = """
        year = 2027
        remark = "x"
        [[holidays]]
        name = "元旦"
        off = ["2027-01-01/2027-01-03", "2027-1-4", "2027-02-01/2027-01-01"]
        work = ["2027-01-05", "2028-01-08"]
        total = 4
        [[holidays]]
        off = ["2027-01-03", "2026-11-30"]
        works = []
        [[holidays]]
        name = "国庆节"
        work = "2027-10-09"
    """
    assert problems(text) == [
        "unknown-key",
        "source-missing",
        "bad-date",
        "bad-date",
        "outside-year",
        "makeup-on-weekday",
        "wrong-total",
        "unknown-key",
        "name-missing",
        "day-twice",
        "outside-year",
        "not-a-list",
        "off-missing",
    ]


def test_a_forgotten_statutory_holiday_is_noticed() -> None:
    found = check_year(tomllib.loads(GOOD), STATUTE)
    assert {problem.code for problem in found} == {"statutory-day-missing"}
    assert len(found) == 12
    assert found[0].message == "2027-02-05 (Friday) is 春节 by statute but is not a day off"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("year = ", "not-toml"),
        ("", "year-missing"),
        ("year = true", "year-missing"),
        ("year = '2027'", "year-missing"),
        ("year = 2027\nsource = '…'", "holidays-missing"),
        ("year = 2027\nsource = '…'\nholidays = ['x']", "holidays-missing"),
    ],
)
def test_a_document_that_is_no_notice(text: str, code: str) -> None:
    assert problems(text) == [code]


def test_a_year_can_be_loaded_once_only() -> None:
    with pytest.raises(InvalidCalendar, match="2027 is described by more than one"):
        load_calendar({"a": parse_year(GOOD), "b": parse_year(GOOD)})


def test_a_wrong_date_in_the_statute_is_refused() -> None:
    with pytest.raises(InvalidCalendar, match="neither a day"):
        load_calendar({"statutory": {"moving": [{"name": "春节", "days": ["2027-02-30"]}]}})
