"""Reporting months: the calendar month, or from the day after a closing day to the closing day of the next month.

A reporting month is named after the calendar month in which it ends: with closing day 25, `2026-03` runs from
2026-02-26 to 2026-03-25.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

END_OF_MONTH = 31
MONTHS = 12
LAST_CLOSING = 28  # every month has it


@dataclass(frozen=True)
class Months:
    """The division of time into reporting months. `closing_day` 1-28, or 31 for the end of the calendar month."""

    closing_day: int = END_OF_MONTH

    def __post_init__(self) -> None:
        if not (1 <= self.closing_day <= LAST_CLOSING or self.closing_day == END_OF_MONTH):
            raise ValueError(f"{self.closing_day} is not a closing day: 1 to {LAST_CLOSING}, or {END_OF_MONTH}")

    def of(self, day: date) -> str:
        """The reporting month of a day.

        >>> Months().of(date(2026, 3, 31)), Months(25).of(date(2026, 12, 26))
        ('2026-03', '2027-01')
        """
        if day.day > self.closing_day:
            return moved(f"{day:%Y-%m}", 1)
        return f"{day.year:04d}-{day.month:02d}"

    def first(self, month: str) -> date:
        """The first day of a reporting month.

        >>> Months().first("2026-03"), Months(25).first("2026-03")
        (datetime.date(2026, 3, 1), datetime.date(2026, 2, 26))
        """
        return self.last(moved(month, -1)) + timedelta(days=1)

    def last(self, month: str) -> date:
        """The last day of a reporting month.

        >>> Months().last("2028-02"), Months(25).last("2026-03")
        (datetime.date(2028, 2, 29), datetime.date(2026, 3, 25))
        """
        year, number = parts(month)
        if self.closing_day != END_OF_MONTH:
            return date(year, number, self.closing_day)
        following = date(year + number // MONTHS, number % MONTHS + 1, 1)
        return following - timedelta(days=1)

    def later(self, month: str, count: int) -> str:
        """The month so many months later, or earlier. Raises ValueError for what is no month."""
        return moved(month, count)

    def every(self, first: str, last: str) -> list[str]:
        """Every month from the first to the last."""
        return list(between(first, last))

    def whole(self, first_day: date, last_day: date) -> tuple[str, str] | None:
        """The first and the last reporting month of a range of days; None unless it is made of whole ones.

        >>> Months().whole(date(2026, 1, 1), date(2026, 3, 31)), Months().whole(date(2026, 1, 2), date(2026, 3, 31))
        (('2026-01', '2026-03'), None)
        """
        start, end = self.of(first_day), self.of(last_day)
        if first_day > last_day or self.first(start) != first_day or self.last(end) != last_day:
            return None
        return start, end


def parts(month: str) -> tuple[int, int]:
    """Year and number of a month's name. Raises ValueError."""
    year, _, number = month.partition("-")
    if len(year) != len("2026") or len(number) != len("03") or not (year + number).isdecimal():
        raise ValueError(f"{month!r} is not a month")
    day = date(int(year), int(number), 1)
    if not date.min.year < day.year < date.max.year:
        raise ValueError(f"{month!r} is out of range")
    return day.year, day.month


def moved(month: str, count: int) -> str:
    """The month so many months later, or earlier.

    >>> moved("2026-11", 3), moved("2026-01", -1), moved("2026-06", -12)
    ('2027-02', '2025-12', '2025-06')
    """
    year, number = parts(month)
    total = year * MONTHS + number - 1 + count
    return f"{total // MONTHS:04d}-{total % MONTHS + 1:02d}"


def between(first: str, last: str) -> Iterator[str]:
    """Every month from the first to the last.

    >>> list(between("2025-12", "2026-02"))
    ['2025-12', '2026-01', '2026-02']
    """
    while first <= last:
        yield first
        first = moved(first, 1)
