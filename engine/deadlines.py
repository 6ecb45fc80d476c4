"""When a thing must be done, and why on that day. Pure: the calendar, the start and the stops are arguments.

The rules, for periods in whole days (working days, days, months):
- The day the period starts on does not count. A month ends on the corresponding day, or on the month's last day.
- The last day is over at 24:00 local time. If it is not a working day, the next working day is the last day.
- A clock stopped on day A and resumed on day B does not count the days after A up to B; stops that overlap count once.
  A stop counts if the period was still running when it began, and the period never ends before the day it resumed.
- Extensions are added one after another to the nominal end (before it moves to a working day), so that a holiday
  lengthens a period once only.
Hours and seconds run from the moment, are lengthened by exactly the time stopped, and know no holidays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.calendars import (
    DAY,
    Calendar,
    Day,
    InvalidCalendar,
    load_calendar,
    parse_year,
    roll_back,
    roll_forward,
    working_days_between,
)
from engine.deadline_steps import SENTENCES, Step, calendar_steps, rolling_steps
from engine.periods import SECONDS, InvalidPeriod, LocalStop, Period, Stop, local, merged, month_later, parse_period

__all__ = [
    "OFFICE",
    "SECONDS",
    "SENTENCES",
    "Calendar",
    "Day",
    "Due",
    "InvalidCalendar",
    "InvalidPeriod",
    "Period",
    "Step",
    "Stop",
    "before",
    "day_due",
    "due",
    "load_calendar",
    "parse_period",
    "parse_year",
    "roll_back",
    "roll_forward",
    "working_days_between",
]

OFFICE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Due:
    """A deadline and how it came about.

    While the clock stands still there is no deadline: `due_at` and `last_day` are None and `nominal_day` is where the
    period would end without the open stop. Periods in hours or seconds have a `due_at` but no days.
    """

    last_day: date | None
    nominal_day: date | None
    due_at: datetime | None
    projected: bool
    calendar_version: str
    steps: tuple[Step, ...]

    @property
    def suspended(self) -> bool:
        """The clock stands still."""
        return self.due_at is None


def due(
    period: Period,
    start: datetime,
    *,
    calendar: Calendar,
    zone: ZoneInfo = OFFICE,
    stops: Sequence[Stop] = (),
    extensions: Sequence[Period] = (),
) -> Due:
    """The deadline of a period that started at this moment.

    >>> due(Period(30, "d"), datetime(2026, 11, 3, 2, tzinfo=UTC), calendar=load_calendar({})).last_day
    datetime.date(2026, 12, 3)
    """
    for extension in extensions:
        if extension.is_exact != period.is_exact:
            message = f"{period} cannot be extended by {extension}: only one of them runs by the hour"
            raise InvalidPeriod(message, given=str(extension))
    count = _due_by_the_second if period.is_exact else _due_by_the_day
    return count([period, *extensions], local(start, zone), calendar, zone, merged(stops, zone))


def day_due(day: date, zone: ZoneInfo = OFFICE) -> datetime:
    """The moment a day is over: 24:00 local time.

    >>> day_due(date(2026, 11, 25)).isoformat()
    '2026-11-25T16:00:00+00:00'
    """
    return datetime.combine(day + DAY, time(), zone).astimezone(UTC)


def before(last_day: date, period: Period, calendar: Calendar, zone: ZoneInfo = OFFICE, hour: int = 9) -> datetime:
    """The moment to remind: that many working days or days before the last day, in the morning; hours before 24:00."""
    if period.unit == "m":
        raise InvalidPeriod(f"{period} is not a reminder; write 3wd, 2d or 12h", given=str(period))
    if period.is_exact:
        return day_due(last_day, zone) - timedelta(seconds=period.count * SECONDS[period.unit])
    day = roll_back(last_day, calendar) if period == Period(0, "wd") else last_day
    for _ in range(period.count):
        day = roll_back(day - DAY, calendar) if period.unit == "wd" else day - DAY
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def _due_by_the_day(
    periods: list[Period], start: datetime, calendar: Calendar, zone: ZoneInfo, stops: list[LocalStop]
) -> Due:
    first = nominal = start.date()
    steps = [Step("start", day=first)]
    for index, period in enumerate(periods):
        nominal = _count(periods[: index + 1], first, calendar, [])
        steps.append(Step("extend" if index else "add", {"period": str(period)}, nominal))
    unit = "wd" if all(period.unit == "wd" for period in periods) else "d"
    stopped: list[tuple[date, date]] = []
    for begin, end in stops:
        since = max(begin.date(), first)
        if since > roll_forward(nominal, calendar):  # the period was over before this stop
            break
        if end is None:
            params = {"first": str(since), "left": _length(since, nominal, unit, calendar), "unit": unit}
            steps.append(Step("suspended", params))
            return Due(None, nominal, None, projected=False, calendar_version=calendar.version, steps=tuple(steps))
        if end.date() > since:
            stopped.append((since, end.date()))
            nominal = max(_count(periods, first, calendar, stopped), end.date())
            params = {"first": str(since), "last": str(end.date()), "unit": unit}
            params["count"] = _length(since, end.date(), unit, calendar)
            steps.append(Step("stop", params, nominal))
    last = roll_forward(nominal, calendar)
    counts_working_days = any(period.unit == "wd" for period in periods)
    looked_at = [calendar.day(day) for day in _days(first + DAY if counts_working_days else nominal, last)]
    looked_at = [day for day in looked_at if not _is_stopped(day.date, stopped)]
    if unit == "wd":
        steps += calendar_steps([day for day in looked_at if day.date <= nominal])
    steps += rolling_steps(calendar.day(nominal), last, is_counted=unit == "wd")
    years = sorted({day.date.year for day in looked_at if not day.official})
    if years:
        steps.append(Step("projected", {"years": ", ".join(map(str, years))}))
    return Due(last, nominal, day_due(last, zone), bool(years), calendar.version, tuple(steps))


def _due_by_the_second(
    periods: list[Period], start: datetime, calendar: Calendar, zone: ZoneInfo, stops: list[LocalStop]
) -> Due:
    def written(moment: datetime) -> str:
        return moment.astimezone(zone).isoformat(sep=" ", timespec="minutes")

    start = at = start.astimezone(UTC)
    steps = [Step("start_at", {"at": written(start)})]
    for period in periods:
        at = _run(at, period, zone)
        steps.append(Step("run", {"period": str(period), "at": written(at)}))
    for begin, end in stops:
        since = max(begin.astimezone(UTC), start)
        if since >= at:  # the period was over before this stop
            break
        if end is None:
            left = int((at - since).total_seconds())
            steps.append(Step("suspended", {"first": written(since), "left": left, "unit": "s"}))
            return Due(None, None, None, projected=False, calendar_version=calendar.version, steps=tuple(steps))
        if (resumed := end.astimezone(UTC)) > since:
            at += resumed - since
            count = int((resumed - since).total_seconds())
            params = {"first": written(since), "last": written(resumed), "count": count, "unit": "s", "at": written(at)}
            steps.append(Step("stop_at", params))
    return Due(None, None, at, projected=False, calendar_version=calendar.version, steps=tuple(steps))


def _count(periods: list[Period], first: date, calendar: Calendar, stopped: list[tuple[date, date]]) -> date:
    """The day on which the periods, one after another, are used up."""
    day = first
    for part in (part for period in periods for part in (period, period.then) if part):
        left = (month_later(day, part.count) - day).days if part.unit == "m" else part.count
        while left:
            day += DAY
            if not _is_stopped(day, stopped) and (part.unit != "wd" or calendar.day(day).working):
                left -= 1
    return day


def _run(at: datetime, period: Period, zone: ZoneInfo) -> datetime:
    if period.unit != "m":
        return at + timedelta(seconds=period.count * SECONDS[period.unit])
    here = at.astimezone(zone)
    at = datetime.combine(month_later(here.date(), period.count), here.time(), zone).astimezone(UTC)
    return _run(at, period.then, zone) if period.then else at


def _length(first: date, last: date, unit: str, calendar: Calendar) -> int:
    """Days after `first` up to `last`, none when that is over."""
    return max(0, working_days_between(first, last, calendar) if unit == "wd" else (last - first).days)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _is_stopped(day: date, stopped: list[tuple[date, date]]) -> bool:
    return any(since < day <= until for since, until in stopped)
