"""Which days are working days, and how sure we are. Pure: the years are data, this module only reads them.

A year is official once the notice that fixes its days off and its make-up working days has been loaded. Any other
year is projected: weekends and the holidays the statute fixes, without make-up days. A later notice may still change
the last days of the December before it, so a year's document may name those too.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.errors import EngineError, Problem

SATURDAY = 5
DECEMBER = 12
DAY = timedelta(days=1)
YEAR_KEYS = frozenset({"year", "source", "document", "confidence", "note", "holidays"})
HOLIDAY_KEYS = frozenset({"name", "off", "work", "total"})


class InvalidCalendar(EngineError):
    """The calendar document is not usable."""

    code = "invalid-calendar"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Day:
    """One day: is it worked, is that official, and the holiday it belongs to (also for a make-up working day)."""

    date: date
    working: bool
    official: bool
    name: str = ""

    @property
    def makeup(self) -> bool:
        """A Saturday or Sunday that is worked."""
        return self.working and self.date.weekday() >= SATURDAY


@dataclass(frozen=True)
class Calendar:
    """Every day's kind. `version` changes when, and only when, some day's kind changes."""

    version: str
    years: frozenset[int]
    special: Mapping[date, Day]  # days that are not what their weekday says
    yearly: Mapping[tuple[int, int], str]  # holidays on the same date each year, for projected years

    def is_official(self, year: int) -> bool:
        """Has the notice for this year been loaded."""
        return year in self.years

    def day(self, day: date) -> Day:
        """The kind of this day."""
        if known := self.special.get(day):
            return known
        official = day.year in self.years
        name = "" if official else self.yearly.get((day.month, day.day), "")
        return Day(day, working=day.weekday() < SATURDAY and not name, official=official, name=name)


def load_calendar(documents: Mapping[str, Mapping[str, Any]]) -> Calendar:
    """Build the calendar from parsed documents: those with a `year` are official years, the other is the statute."""
    years = {name: document for name, document in documents.items() if "year" in document}
    statutes = [document for name, document in documents.items() if name not in years]
    problems = [problem for document in years.values() for problem in check_year(document)]
    numbers = [document["year"] for document in years.values()]
    problems += [
        Problem("year-twice", f"the year {year} is described by more than one document", {"year": year})
        for year in sorted({number for number in numbers if numbers.count(number) > 1})
    ]
    if problems:
        raise InvalidCalendar(problems)
    official = frozenset(numbers)
    special: dict[date, Day] = {}
    yearly: dict[tuple[int, int], str] = {}
    for statute in statutes:
        for day, name in statutory_days(statute):
            if day.year not in official:
                names = [special[day].name, name] if day in special else [name]
                special[day] = Day(day, working=False, official=False, name="、".join(names))
        for holiday in statute.get("fixed", ()):
            yearly |= {_month_day(text): str(holiday["name"]) for text in holiday["days"]}
    for day in [day for day in special if (day.month, day.day) in yearly]:  # two holidays on one day
        name = f"{special[day].name}、{yearly[day.month, day.day]}"
        special[day] = Day(day, working=False, official=False, name=name)
    for document in sorted(years.values(), key=lambda item: int(item["year"])):
        for day, working, name in _official_days(document):
            special[day] = Day(day, working=working, official=True, name=name)
    return Calendar(_version(official, special, yearly), official, special, yearly)


def parse_year(text: str, statute: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read one year's notice; raises InvalidCalendar with everything that is wrong with it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidCalendar([Problem("not-toml", f"this is not a TOML document: {error}")]) from error
    if problems := check_year(document, statute):
        raise InvalidCalendar(problems)
    return document


def check_year(document: Mapping[str, Any], statute: Mapping[str, Any] | None = None) -> list[Problem]:
    """Everything wrong with a year's document; with the statute given, also the statutory holidays it forgot."""
    year = document.get("year")
    if not isinstance(year, int) or isinstance(year, bool) or not date.min.year < year < date.max.year:
        return [Problem("year-missing", "`year` must be a whole number such as 2026", {"year": str(year)})]
    problems = [_unknown(key) for key in sorted(set(document) - YEAR_KEYS)]
    if not document.get("source"):
        problems.append(Problem("source-missing", "`source` must name the notice that fixes the year"))
    holidays = document.get("holidays")
    if not isinstance(holidays, list) or not all(isinstance(item, dict) for item in holidays) or not holidays:
        return [*problems, Problem("holidays-missing", "there must be at least one [[holidays]] entry")]
    seen: dict[date, str] = {}
    for holiday in holidays:
        problems += _check_holiday(year, holiday, seen)
    off = {day for holiday in holidays for day in _spans(holiday.get("off", []))[0]}
    for day, name in sorted(statutory_days(statute or {}, year)):
        if day.year == year and day not in off:
            problems.append(_about("statutory-day-missing", day, f"is {name} by statute but is not a day off", name))
    return problems


def statutory_days(statute: Mapping[str, Any], year: int | None = None) -> Iterator[tuple[date, str]]:
    """The holidays of the statute: the moving ones of every year it lists, the fixed ones of `year`."""
    for holiday in statute.get("moving", ()):
        days, wrong = _spans(holiday["days"])
        if wrong:
            raise InvalidCalendar(wrong)
        yield from ((day, str(holiday["name"])) for day in days)
    for holiday in statute.get("fixed", ()) if year else ():
        yield from ((date(year or 1, *_month_day(text)), str(holiday["name"])) for text in holiday["days"])


def roll_forward(day: date, calendar: Calendar) -> date:
    """This day, or the first working day after it."""
    while not calendar.day(day).working:
        day += DAY
    return day


def roll_back(day: date, calendar: Calendar) -> date:
    """This day, or the last working day before it."""
    while not calendar.day(day).working:
        day -= DAY
    return day


def working_days_between(first: date, last: date, calendar: Calendar) -> int:
    """Working days after `first` up to and including `last`; negative when `last` is already past."""
    if last < first:
        return -working_days_between(last, first, calendar)
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(calendar.day(day).working for day in days)


def _check_holiday(year: int, holiday: Mapping[str, Any], seen: dict[date, str]) -> list[Problem]:
    problems = [_unknown(key) for key in sorted(set(holiday) - HOLIDAY_KEYS)]
    name = holiday.get("name")
    if not isinstance(name, str) or not name:
        problems.append(Problem("name-missing", "every [[holidays]] entry needs a `name`"))
    off, wrong_off = _spans(holiday.get("off", []))
    work, wrong_work = _spans(holiday.get("work", []))
    problems += [*wrong_off, *wrong_work]
    if not off:
        problems.append(Problem("off-missing", f"{name} has no days in `off`", {"name": str(name)}))
    for day in [*off, *work]:
        if day.year != year and (day.year, day.month) != (year - 1, DECEMBER):
            problems.append(_about("outside-year", day, f"is neither in {year} nor in the December before"))
        if day in seen:
            problems.append(_about("day-twice", day, f"is already given under {seen[day]}", seen[day]))
        seen[day] = str(name)
    problems += [
        _about("makeup-on-weekday", day, "is given as a make-up working day but is no Saturday or Sunday")
        for day in work
        if day.weekday() < SATURDAY
    ]
    if "total" in holiday and holiday["total"] != len(off):
        params = {"name": str(name), "total": holiday["total"], "found": len(off)}
        problems.append(
            Problem("wrong-total", f"{name} should have {holiday['total']} days off, not {len(off)}", params)
        )
    return problems


def _official_days(document: Mapping[str, Any]) -> Iterator[tuple[date, bool, str]]:
    for holiday in document["holidays"]:
        for key, working in (("off", False), ("work", True)):
            yield from ((day, working, holiday["name"]) for day in _spans(holiday.get(key, []))[0])


def _spans(texts: Any) -> tuple[list[date], list[Problem]]:
    """Days of a list such as ["2026-01-01", "2026-02-15/2026-02-23"], and what could not be read."""
    if not isinstance(texts, list):
        return [], [Problem("not-a-list", f"{texts!r} must be a list of days", {"given": str(texts)})]
    days: list[date] = []
    problems: list[Problem] = []
    for text in texts:
        first, _, last = str(text).partition("/")
        try:
            start, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            start, end = date.max, date.min
        if end < start or (end - start).days > 31:  # noqa: PLR2004 no holiday lasts a month: a typing error
            message = f"{text!s} is neither a day (2026-01-01) nor a span of days (2026-02-15/2026-02-23)"
            problems.append(Problem("bad-date", message, {"given": str(text)}))
        else:
            days += [start + timedelta(days=n) for n in range((end - start).days + 1)]
    return days, problems


def _month_day(text: str) -> tuple[int, int]:
    month, _, day = text.partition("-")
    return int(month), int(day)


def _about(code: str, day: date, predicate: str, name: str = "") -> Problem:
    return Problem(code, f"{day} ({day:%A}) {predicate}", {"day": day.isoformat(), "name": name})


def _unknown(key: str) -> Problem:
    return Problem("unknown-key", f"`{key}` is not a known entry", {"key": key})


def _version(years: frozenset[int], special: Mapping[date, Day], yearly: Mapping[tuple[int, int], str]) -> str:
    days = [[str(day.date), day.working, day.official, day.name] for _, day in sorted(special.items())]
    content = json.dumps([sorted(years), days, sorted(yearly.items())], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
