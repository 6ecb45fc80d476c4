"""Which periods a recurring duty has, and at which instant each one is opened. Pure.

`every` is the calendar period: week, month, quarter, half_year or year. `on` is a day in it:

    "3"               the third day (of a week: Wednesday)
    "01-05"           the fifth day of the first month (quarter, half_year, year)
    "last"            the last day; "last-10d" ten days, "last-3wd" three working days before it
    "5wd"             the fifth working day

A day that a short month does not have is its last day. `begins` moves the periods: "26" lets each one run from the
26th of the month before to the 25th, and name the month it ends in. `period` says which one is meant: the `current`
one contains the day, the `previous` one is the last that was over. Roll "back" moves a day off to the working day
before it: the last day of an administrative duty never moves forward.

    [[start.calendar]]
    id = "monthly"
    label = "月报"
    every = "month"
    on = "20"
    at = "08:30"                       office time; this is the default
    roll = "back"
    begins = "26"
    for_each = "offices.reporting"     also offices.kind:town, offices, a list of ids; or office = "<id>" for one case
    by_hand = ["justice_officer"]      roles that may open a missed period, beside administrators
    message = "..."                    the message start event that opens, where it is not the plain one
    facts = { year = "=period_first.year" }   FEEL over period_first, period_last, period_name, planned_at, case.office
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from engine.calendars import DAY, Calendar, roll_back
from engine.deadlines import OFFICE
from engine.periods import month_later

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
EVERY = frozenset(["week", *MONTHS])
DAYS_OF_WEEK = 7
LONGEST_MONTH = 31
ON = re.compile(
    r"(?P<day>\d{1,2})|(?P<month>\d{1,2})-(?P<day_of>\d{1,2})|last(?:-(?P<back>\d{1,3})(?P<unit>wd|d))?|(?P<nth>\d{1,2})wd",
    re.ASCII,
)
AT = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
BEGINS = frozenset(str(day) for day in range(1, 29))


@dataclass(frozen=True)
class Span:
    """One period of a duty: its first and last day and what people call it."""

    first: date
    last: date
    name: str


REMEMBERED = 500  # entries of which the next opening is remembered


@dataclass(frozen=True)
class Occurrence:
    """A period and the instant (UTC) at which it is opened."""

    at: datetime
    period: Span


@dataclass(frozen=True)
class Recurrence:
    """An entry `[[start.calendar]]` of a manifest. The checks have seen to it that its texts can be read."""

    id: str
    every: str
    on: str
    label: str = ""  # what people call the duty
    at: time = time(8, 30)
    roll: str = ""  # "back": to the working day before a day off
    begins: int = 1  # the day of the month before on which a period begins; 1: with the calendar
    period: str = "current"
    for_each: Any = None  # "offices.<flag>", "offices.kind:<kind>", "offices", a list of ids; None: only `office`
    office: str = ""
    message: str = ""  # the message start event that opens, where it is not the plain one
    facts: Mapping[str, str] = field(default_factory=dict)  # name -> FEEL
    by_hand: tuple[str, ...] = ()  # roles that may open what was missed

    def occurrences(self, after: datetime, calendar: Calendar) -> Iterator[Occurrence]:
        """Every opening later than `after`, in order, without end."""
        first = _calendar_period(after.astimezone(OFFICE).date(), self.every)[0]
        first = _calendar_period(first - DAY, self.every)[0]  # a day rolled back may belong to the period before
        while True:
            day = self._day(first, calendar)
            moment = roll_back(day, calendar) if self.roll == "back" else day
            instant = datetime.combine(moment, self.at, OFFICE).astimezone(UTC)
            if instant > after:
                yield Occurrence(instant, self._period(day))
            first = _calendar_period(first, self.every)[1] + DAY

    def _day(self, first: date, calendar: Calendar) -> date:
        """The day `on` of the calendar period that begins on `first`."""
        last = _calendar_period(first, self.every)[1]
        found = ON.fullmatch(self.on)
        if found is None:
            raise ValueError(f"{self.on!r} is not a day")
        if found["nth"]:
            return _working_day(first, last, int(found["nth"]), calendar)
        if found["day"]:
            return min(first + timedelta(days=int(found["day"]) - 1), last)
        if found["month"]:
            month = month_later(first, int(found["month"]) - 1)
            return min(month + timedelta(days=int(found["day_of"]) - 1), month_later(month, 1) - DAY)
        return _before(last, int(found["back"] or 0), found["unit"], calendar)

    def _period(self, day: date) -> Span:
        period = _shifted(day, self.every, self.begins)
        return _shifted(period.first - DAY, self.every, self.begins) if self.period == "previous" else period


_upcoming: dict[tuple[int, str], tuple[Recurrence, datetime, Occurrence]] = {}


def upcoming(entry: Recurrence, after: datetime, calendar: Calendar) -> Occurrence:
    """The first opening later than `after`. Remembered: between two openings it is the same one at every look."""
    key = (id(entry), calendar.version)
    known = _upcoming.get(key)
    if known is not None and known[0] is entry and known[1] <= after < known[2].at:
        return known[2]
    if len(_upcoming) >= REMEMBERED:
        _upcoming.clear()
    found = next(entry.occurrences(after, calendar))
    _upcoming[key] = (entry, after, found)
    return found


def is_day(on: str, every: str) -> bool:
    """Whether `on` names a day of such a period.

    >>> is_day("31", "month"), is_day("8", "week"), is_day("07-01", "half_year"), is_day("last-3wd", "month")
    (True, False, False, True)
    """
    found = ON.fullmatch(on)
    if found is None or every not in EVERY:
        return False
    if found["day"]:
        return 1 <= int(found["day"]) <= {"week": DAYS_OF_WEEK, "month": LONGEST_MONTH}.get(every, 0)
    if found["month"]:
        months = MONTHS.get(every, 1)
        return months > 1 and 1 <= int(found["month"]) <= months and 1 <= int(found["day_of"]) <= LONGEST_MONTH
    days = DAYS_OF_WEEK if every == "week" else 28 * MONTHS[every]
    return int(found["back"] or 0) < days if found["nth"] is None else 1 <= int(found["nth"]) <= days // 3


def read_recurrence(row: Mapping[str, Any]) -> Recurrence:
    """An entry of the manifest. Raises KeyError or ValueError for what the checks refuse."""
    each = row.get("for_each")
    return Recurrence(
        id=str(row["id"]),
        every=str(row["every"]),
        on=str(row["on"]),
        label=str(row.get("label", row["id"])),
        at=time.fromisoformat(row.get("at", "08:30")),
        roll=str(row.get("roll", "")),
        begins=int(row.get("begins", "1")),
        period=str(row.get("period", "current")),
        for_each=tuple(each) if isinstance(each, list) else each,
        office=str(row.get("office", "")),
        message=str(row.get("message", "")),
        facts=dict(row.get("facts", {})),
        by_hand=tuple(row.get("by_hand", ())),
    )


def offices_of(entry: Recurrence, offices: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The offices for which a period of this entry is opened, in the order of the list of offices."""
    if entry.for_each is None:
        return [entry.office] if entry.office in offices else []
    if isinstance(entry.for_each, tuple):
        return [office for office in offices if office in entry.for_each]
    kind, _, wanted = str(entry.for_each).removeprefix("offices").removeprefix(".").partition(":")
    if not kind:
        return list(offices)
    return [office for office, row in offices.items() if (str(row.get(kind)) == wanted if wanted else row.get(kind))]


def _calendar_period(day: date, every: str) -> tuple[date, date]:
    """First and last day of the calendar period that contains the day."""
    if every == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    months = MONTHS[every]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return first, month_later(first, months) - DAY


def _shifted(day: date, every: str, begins: int) -> Span:
    """The period that contains the day, where periods begin on day `begins` of the month before."""
    named, last = _calendar_period(day, every)
    if begins == 1 or every == "week":
        return Span(named, last, _name(named, every))
    if day > _ends(last, begins):
        named, last = _calendar_period(last + DAY, every)
    return Span(_ends(named - DAY, begins) + DAY, _ends(last, begins), _name(named, every))


def _ends(last_of_month: date, begins: int) -> date:
    return last_of_month.replace(day=begins - 1)


def _name(first: date, every: str) -> str:
    """What people call the calendar period that begins on this day; part of the data, so in their language."""
    if every == "week":
        year, week, _ = first.isocalendar()
        return f"{year}年第{week}周"
    if every == "month":
        return f"{first.year}年{first.month}月"
    if every == "quarter":
        return f"{first.year}年第{(first.month + 2) // 3}季度"
    return f"{first.year}年" + ("" if every == "year" else "上半年" if first.month == 1 else "下半年")


def _working_day(first: date, last: date, nth: int, calendar: Calendar) -> date:
    day = first - DAY
    while nth and day < last:
        day += DAY
        nth -= calendar.day(day).working
    return day


def _before(last: date, count: int, unit: str | None, calendar: Calendar) -> date:
    if unit != "wd":
        return last - timedelta(days=count)
    day = last
    for _ in range(count):
        day = roll_back(day - DAY, calendar)
    return day
