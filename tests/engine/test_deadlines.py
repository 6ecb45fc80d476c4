"""The golden dates of the office's domain file, the edges of each rule, and what must hold for every calendar."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.deadlines import (
    OFFICE,
    SENTENCES,
    Due,
    InvalidPeriod,
    Period,
    Stop,
    before,
    day_due,
    due,
    load_calendar,
    parse_period,
    roll_back,
    working_days_between,
)

FOLDER = Path(__file__).parents[2] / "processes" / "calendar"
DOCUMENTS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml")}
CALENDAR = load_calendar(DOCUMENTS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE)


def reckon(period: str, start: str, *stops: tuple[str, str | None], extensions: tuple[str, ...] = ()) -> Due:
    return due(
        parse_period(period),
        at(start),
        calendar=CALENDAR,
        stops=[Stop(at(begin), end and at(end)) for begin, end in stops],
        extensions=[parse_period(text) for text in extensions],
    )


def codes(found: Due) -> list[str]:
    return [step.code for step in found.steps]


@pytest.mark.parametrize(
    ("start", "period", "last_day"),
    [
        ("2024-02-07", "5wd", "2024-02-20"),
        ("2024-04-26", "5wd", "2024-05-07"),
        ("2024-09-12", "5wd", "2024-09-20"),
        ("2024-09-29", "5wd", "2024-10-11"),
        ("2025-01-24", "5wd", "2025-02-07"),
        ("2025-09-26", "5wd", "2025-10-10"),
        ("2026-02-12", "5wd", "2026-02-26"),
        ("2026-04-30", "5wd", "2026-05-11"),
        ("2026-09-24", "7wd", "2026-10-12"),
        ("2026-09-30", "5wd", "2026-10-13"),
        ("2024-09-02", "30d", "2024-10-08"),
        ("2025-09-08", "30d", "2025-10-09"),
        ("2026-01-16", "30d", "2026-02-24"),
        ("2026-01-29", "30d", "2026-02-28"),
        ("2026-07-27", "60d", "2026-09-28"),
    ],
)
def test_golden_dates_of_official_years(start: str, period: str, last_day: str) -> None:
    found = reckon(period, f"{start}T10:30")
    assert found.last_day == date.fromisoformat(last_day)
    assert found.due_at == day_due(date.fromisoformat(last_day))
    assert not found.projected
    assert found.calendar_version == CALENDAR.version


def test_a_year_without_its_notice_is_projected_and_never_official() -> None:
    found = reckon("5wd", "2026-12-28T09:00")
    assert found.last_day == date(2027, 1, 5)  # New Year's Day 2027 is a Friday
    assert found.projected
    assert found.steps[-1].code == "projected"
    assert found.steps[-1].params == {"years": "2027"}


def test_loading_the_notice_makes_the_same_date_official_or_moves_it() -> None:
    notice = {"year": 2027, "source": "…", "holidays": [{"name": "元旦", "off": ["2027-01-01/2027-01-04"]}]}
    found = due(Period(5, "wd"), at("2026-12-28T09:00"), calendar=load_calendar({**DOCUMENTS, "2027": notice}))
    assert (found.last_day, found.projected) == (date(2027, 1, 6), False)
    assert found.calendar_version != CALENDAR.version


def test_only_days_that_were_looked_at_make_a_date_provisional() -> None:
    assert not reckon("30d", "2026-12-01T09:00").projected  # ends on Thursday 31 December
    assert reckon("30d", "2026-12-03T09:00").projected  # ends on Saturday 2 January


@pytest.mark.parametrize(
    ("start", "period", "nominal"),
    [
        ("2026-01-31", "1m", "2026-02-28"),
        ("2024-01-31", "1m", "2024-02-29"),
        ("2026-03-15", "2m", "2026-05-15"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2026-11-03", "P1M10D", "2026-12-13"),
        ("2026-11-03", "P2W", "2026-11-17"),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_months_last(start: str, period: str, nominal: str) -> None:
    assert reckon(period, f"{start}T00:00").nominal_day == date.fromisoformat(nominal)


def test_hours_run_from_the_moment_and_know_no_holidays() -> None:
    found = reckon("24h", "2026-10-01T10:15")
    assert found.due_at == at("2026-10-02T10:15")
    assert found.due_at.tzinfo is UTC
    assert (found.last_day, found.nominal_day, found.projected) == (None, None, False)
    assert reckon("PT90M", "2026-10-01T10:15").due_at == at("2026-10-01T11:45")
    assert reckon("P1DT12H", "2026-10-01T10:00").due_at == at("2026-10-02T22:00")
    assert reckon("P1MT6H", "2026-01-31T10:00").due_at == at("2026-02-28T16:00")


def test_the_start_day_is_the_offices_day() -> None:
    late_in_utc = datetime(2026, 11, 2, 17, tzinfo=UTC)  # already 3 November in the office
    assert due(Period(30, "d"), late_in_utc, calendar=CALENDAR).last_day == date(2026, 12, 3)
    with pytest.raises(ValueError, match="aware"):
        due(Period(1, "d"), late_in_utc.replace(tzinfo=None), calendar=CALENDAR)


def test_a_stop_lengthens_days_by_the_days_after_it_began() -> None:
    found = reckon("30d", "2026-11-03T10:00", ("2026-11-10T09:00", "2026-11-22T09:00"))
    assert (found.nominal_day, found.last_day) == (date(2026, 12, 15), date(2026, 12, 15))
    assert codes(found) == ["start", "add", "stop"]
    assert str(found.steps[2]) == "stopped from 2026-11-10 to 2026-11-22, 12d do not count: nominal end 2026-12-15"


def test_a_stop_within_one_day_changes_nothing() -> None:
    assert reckon("30d", "2026-11-03T10:00", ("2026-11-10T09:00", "2026-11-10T18:00")) == reckon(
        "30d", "2026-11-03T10:00"
    )


def test_a_stop_takes_working_days_away() -> None:
    # 4 to 10 November counts; Thursday to Monday stopped takes Friday and Monday
    assert reckon("5wd", "2026-11-03T10:00").last_day == date(2026, 11, 10)
    found = reckon("5wd", "2026-11-03T10:00", ("2026-11-05T09:00", "2026-11-09T09:00"))
    assert found.last_day == date(2026, 11, 12)
    assert found.steps[2].params["count"] == 2


def test_overlapping_stops_count_once() -> None:
    apart = reckon("30d", "2026-11-03T10:00", ("2026-11-10T09:00", "2026-11-22T09:00"))
    overlapping = (("2026-11-10T09:00", "2026-11-18T09:00"), ("2026-11-15T09:00", "2026-11-22T09:00"))
    assert reckon("30d", "2026-11-03T10:00", *overlapping).last_day == apart.last_day
    contained = (("2026-11-10T09:00", "2026-11-22T09:00"), ("2026-11-12T09:00", "2026-11-13T09:00"))
    assert reckon("30d", "2026-11-03T10:00", *contained) == apart


def test_a_stop_on_the_last_day_leaves_the_day_it_resumes() -> None:
    found = reckon("5wd", "2026-11-03T10:00", ("2026-11-10T09:00", "2026-11-14T09:00"))  # resumed on a Saturday
    assert found.last_day == date(2026, 11, 16)
    on_the_rolled_day = reckon("30d", "2026-11-05T10:00", ("2026-12-07T09:00", "2026-12-09T09:00"))
    assert on_the_rolled_day.last_day == date(2026, 12, 9)


def test_a_stop_after_the_end_has_no_effect() -> None:
    plain = reckon("5wd", "2026-11-03T10:00")
    assert reckon("5wd", "2026-11-03T10:00", ("2026-11-11T00:00", "2026-11-20T09:00")) == plain
    assert reckon("5wd", "2026-11-03T10:00", ("2026-11-11T00:00", None)) == plain
    hours = reckon("24h", "2026-11-03T10:00")
    assert reckon("24h", "2026-11-03T10:00", ("2026-11-04T10:00", "2026-11-05T10:00")) == hours


def test_a_stop_before_the_start_counts_from_the_start() -> None:
    assert reckon("30d", "2026-11-03T10:00", ("2026-10-20T09:00", "2026-10-30T09:00")) == reckon(
        "30d", "2026-11-03T10:00"
    )
    assert reckon("30d", "2026-11-03T10:00", ("2026-10-20T09:00", "2026-11-05T09:00")).nominal_day == date(2026, 12, 5)
    assert reckon("2h", "2026-11-03T10:00", ("2026-11-03T09:00", "2026-11-03T10:30")).due_at == at("2026-11-03T12:30")


def test_an_earlier_stop_can_keep_the_period_alive_for_a_later_one() -> None:
    stops = (("2026-11-10T09:00", "2026-11-20T09:00"), ("2026-11-19T09:00", None))
    assert reckon("10d", "2026-11-03T10:00", *stops).suspended
    assert not reckon("10d", "2026-11-03T10:00", stops[1]).suspended


def test_an_open_stop_suspends_and_says_what_is_left() -> None:
    found = reckon("30d", "2026-11-03T10:00", ("2026-11-10T09:00", None))
    assert found.suspended
    assert (found.due_at, found.last_day, found.nominal_day) == (None, None, date(2026, 12, 3))
    assert found.steps[-1].params == {"first": "2026-11-10", "left": 23, "unit": "d"}
    working = reckon("5wd", "2026-11-03T10:00", ("2026-11-05T09:00", None))
    assert working.steps[-1].params == {"first": "2026-11-05", "left": 3, "unit": "wd"}
    hours = reckon("24h", "2026-11-03T10:00", ("2026-11-03T12:00", None))
    assert hours.suspended
    assert hours.steps[-1].params["left"] == 22 * 3600


def test_hours_are_lengthened_by_exactly_the_time_stopped() -> None:
    stops = (("2026-11-03T11:00", "2026-11-03T11:20"), ("2026-11-03T11:10", "2026-11-03T11:45"))
    assert reckon("2h", "2026-11-03T10:00", *stops).due_at == at("2026-11-03T12:45")


def test_a_stop_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="ends before"):
        Stop(at("2026-11-03T11:00"), at("2026-11-03T10:00"))


def test_extensions_follow_the_nominal_end() -> None:
    found = reckon("30d", "2026-11-05T10:00", extensions=("30d",))  # 5 December is a Saturday
    assert found.nominal_day == date(2027, 1, 4)
    assert codes(found) == ["start", "add", "extend", "projected"]
    twice = reckon("20wd", "2026-11-03T10:00", extensions=("5wd", "5wd"))
    assert twice.last_day == reckon("30wd", "2026-11-03T10:00").last_day
    assert reckon("2h", "2026-11-03T10:00", extensions=("2h",)).due_at == at("2026-11-03T14:00")


def test_a_stop_in_the_extension_lengthens_it() -> None:
    stop = ("2026-12-10T09:00", "2026-12-12T09:00")
    assert reckon("30d", "2026-11-03T10:00", stop).last_day == date(2026, 12, 3)
    assert reckon("30d", "2026-11-03T10:00", stop, extensions=("15d",)).nominal_day == date(2026, 12, 20)


def test_days_and_hours_do_not_extend_each_other() -> None:
    with pytest.raises(InvalidPeriod, match="30d cannot be extended by 2h"):
        reckon("30d", "2026-11-03T10:00", extensions=("2h",))
    with pytest.raises(InvalidPeriod, match="2h cannot be extended by 30d"):
        reckon("2h", "2026-11-03T10:00", extensions=("30d",))


def test_the_steps_tell_the_whole_sum() -> None:
    assert [str(step) for step in reckon("30d", "2026-01-16T10:00").steps] == [
        "counts from 2026-01-16, which is not included",
        "plus 30d: nominal end 2026-02-15",
        "2026-02-15 is a holiday (春节): moved to 2026-02-24",
    ]
    assert str(reckon("30d", "2026-01-29T10:00").steps[-1]) == ("2026-02-28 (春节) is a make-up working day: not moved")
    assert [str(step) for step in reckon("5wd", "2026-04-30T10:00").steps[2:]] == [
        "劳动节 (2026-05-01 to 2026-05-05) does not count",
        "2026-05-09 (劳动节) is a make-up working day and counts",
    ]
    assert str(reckon("30d", "2026-11-05T10:00").steps[-1]) == "2026-12-05 is a weekend: moved to 2026-12-07"


def test_every_step_has_a_sentence() -> None:
    dues = [
        reckon("30d", "2026-12-03T10:00", ("2026-12-05T10:00", "2026-12-08T10:00"), ("2026-12-20T10:00", None)),
        reckon("5wd", "2026-12-28T10:00", extensions=("5wd",)),
        reckon("2h", "2026-12-03T10:00", ("2026-12-03T10:10", "2026-12-03T10:30"), ("2026-12-03T11:00", None)),
        *(reckon(period, start) for period, start in [("30d", "2026-01-16T10:00"), ("30d", "2026-01-29T10:00")]),
        *(reckon(period, start) for period, start in [("5wd", "2026-04-30T10:00"), ("30d", "2026-11-05T10:00")]),
    ]
    steps = [step for found in dues for step in found.steps]
    assert {step.code for step in steps} == set(SENTENCES) - {"fixed"}  # a given date, not a sum
    assert all("{" not in str(step) for step in steps)
    assert all(isinstance(value, str | int) for step in steps for value in step.params.values())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("5wd", "5wd"),
        (" 30d ", "30d"),
        ("2m", "2m"),
        ("24h", "24h"),
        ("90s", "90s"),
        ("1m+10d", "1m+10d"),
        ("P30D", "30d"),
        ("P2W", "14d"),
        ("P1M", "1m"),
        ("P1Y6M", "18m"),
        ("PT24H", "24h"),
        ("PT90M", "5400s"),
        ("P1DT12H", "36h"),
        ("P1M10D", "1m+10d"),
        ("P1Y2M3W4DT5H6M7S", "14m+2178367s"),
        ("PT0S", "0h"),
    ],
)
def test_periods_are_read_and_written(text: str, written: str) -> None:
    period = parse_period(text)
    assert str(period) == written
    assert parse_period(str(period)) == period


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "wd",
        "-5d",
        "5 days",
        "P",
        "PT",
        "P1DT",
        "P1.5D",
        "-P1D",
        "30d+5wd",
        "5wd+1d",
        "1m+",
        "P3000Y",
        "１d",
        "1D",
    ],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(InvalidPeriod):
        parse_period(text)


def test_a_period_checks_its_unit() -> None:
    with pytest.raises(InvalidPeriod, match="known are wd, d, m, h, s"):
        Period(1, "w")


def test_a_reminder_comes_in_the_morning_of_a_working_day() -> None:
    assert before(date(2026, 10, 12), Period(3, "wd"), CALENDAR) == at("2026-10-08T09:00")
    assert before(date(2026, 10, 9), Period(2, "wd"), CALENDAR) == at("2026-09-30T09:00")
    assert before(date(2026, 10, 9), Period(2, "d"), CALENDAR, hour=8) == at("2026-10-07T08:00")
    assert before(date(2026, 10, 9), Period(12, "h"), CALENDAR) == at("2026-10-09T12:00")
    assert before(date(2026, 10, 25), Period(0, "wd"), CALENDAR) == at("2026-10-23T09:00")
    with pytest.raises(InvalidPeriod, match="not a reminder"):
        before(date(2026, 10, 9), Period(1, "m"), CALENDAR)


def test_the_25th_is_reminded_on_the_working_day_before() -> None:
    rest = {day: roll_back(day, CALENDAR) for month in range(1, 13) if (day := date(2026, month, 25))}
    moved = [(found.month, found.day) for day, found in rest.items() if found != day]
    assert moved == [(1, 23), (4, 24), (7, 24), (9, 24), (10, 23)]


def test_another_time_zone_has_its_own_midnight() -> None:
    assert day_due(date(2026, 3, 29), ZoneInfo("Europe/Berlin")) == datetime(2026, 3, 29, 22, tzinfo=UTC)
    spring = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert due(Period(24, "h"), spring, calendar=CALENDAR, zone=ZoneInfo("Europe/Berlin")).due_at == datetime(
        2026, 3, 29, 11, tzinfo=UTC
    )


# What must hold always

starts = st.datetimes(datetime(2024, 1, 1), datetime(2027, 6, 1), timezones=st.just(OFFICE))  # noqa: DTZ001 the zone is added
day_periods = st.builds(Period, st.integers(0, 90), st.sampled_from(["wd", "d"])) | st.builds(
    Period, st.integers(0, 6), st.just("m")
)
periods = day_periods | st.builds(Period, st.integers(0, 500), st.just("h"))
lengths = st.timedeltas(timedelta(), timedelta(days=40))


@st.composite
def stop_lists(draw: st.DrawFn) -> list[Stop]:
    offsets = draw(st.lists(st.tuples(starts, lengths), max_size=4))
    return [Stop(begin, begin + length) for begin, length in offsets]


def end(period: Period, start: datetime, stops: list[Stop] | tuple[()] = ()) -> datetime:
    found = due(period, start, calendar=CALENDAR, stops=stops).due_at
    assert found is not None
    return found


@given(periods, starts, stop_lists())
def test_one_more_never_ends_earlier(period: Period, start: datetime, stops: list[Stop]) -> None:
    longer = Period(period.count + 1, period.unit)
    assert end(longer, start, stops) >= end(period, start, stops) >= start


@given(periods, starts, stop_lists(), starts, lengths)
def test_a_stop_never_makes_it_earlier(
    period: Period, start: datetime, stops: list[Stop], begin: datetime, length: timedelta
) -> None:
    assert end(period, start, [*stops, Stop(begin, begin + length)]) >= end(period, start, stops)


@given(periods, starts, starts, lengths, st.floats(0, 1), st.floats(0, 1))
def test_cutting_a_stop_into_overlapping_pieces_changes_nothing(
    period: Period, start: datetime, begin: datetime, length: timedelta, one: float, other: float
) -> None:
    first, second = sorted((begin + length * one, begin + length * other))
    pieces = [Stop(first, begin + length), Stop(begin, second)]
    assert end(period, start, pieces) == end(period, start, [Stop(begin, begin + length)])


@given(day_periods, starts, stop_lists())
def test_a_period_in_days_ends_on_a_working_day_and_not_while_stopped(
    period: Period, start: datetime, stops: list[Stop]
) -> None:
    found = due(period, start, calendar=CALENDAR, stops=stops)
    assert found.last_day is not None and found.nominal_day is not None
    assert CALENDAR.day(found.last_day).working
    assert found.last_day >= found.nominal_day >= start.date()
    over = datetime.combine(found.last_day + timedelta(days=1), time(), OFFICE)
    assert not any(stop.start < over < (stop.end or over) for stop in stops)


@given(st.integers(1, 90), starts)
def test_working_days_are_counted_back_to_the_start(count: int, start: datetime) -> None:
    last_day = due(Period(count, "wd"), start, calendar=CALENDAR).last_day
    assert last_day is not None
    assert working_days_between(start.date(), last_day, CALENDAR) == count


@given(day_periods, starts)
def test_a_new_notice_moves_projected_dates_only(period: Period, start: datetime) -> None:
    notice = {"year": 2027, "source": "…", "holidays": [{"name": "春节", "off": ["2027-02-04/2027-02-12"]}]}
    old = due(period, start, calendar=CALENDAR)
    new = due(period, start, calendar=load_calendar({**DOCUMENTS, "2027": notice}))
    assert old.projected or old.last_day == new.last_day
    assert old.projected or not new.projected


@given(periods, starts, starts)
def test_an_open_stop_is_a_stop_that_has_not_resumed(period: Period, start: datetime, begin: datetime) -> None:
    found = due(period, start, calendar=CALENDAR, stops=[Stop(begin)])
    assert found.suspended == (max(begin, start) < end(period, start))
