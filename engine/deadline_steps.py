"""Why a deadline is on that day, line by line. A page prints the lines; it never has to do the sum again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from engine.calendars import Day

SENTENCES = {  # a step in English; pages translate by the code
    "fixed": "fixed for {at}",
    "start": "counts from {day}, which is not included",
    "start_at": "runs from {at}",
    "add": "plus {period}: nominal end {day}",
    "extend": "extended by {period}: nominal end {day}",
    "run": "plus {period}: {at}",
    "stop": "stopped from {first} to {last}, {count}{unit} do not count: nominal end {day}",
    "stop_at": "stopped from {first} to {last}, {count}{unit} do not count: {at}",
    "suspended": "the clock has stood still since {first}; {left}{unit} are left",
    "holiday": "{name} ({first} to {last}) does not count",
    "makeup": "{day} ({name}) is a make-up working day and counts",
    "rolled_holiday": "{nominal} is a holiday ({name}): moved to {day}",
    "rolled_weekend": "{nominal} is a weekend: moved to {day}",
    "not_rolled": "{day} ({name}) is a make-up working day: not moved",
    "projected": "provisional: no official calendar yet for {years}",
}


@dataclass(frozen=True)
class Step:
    """One line of the sum. `params` holds text and numbers only, so that it can be stored as it is."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    day: date | None = None

    def __str__(self) -> str:
        return SENTENCES[self.code].format(day=self.day, **self.params)


def calendar_steps(days: Iterable[Day]) -> Iterator[Step]:
    """The holidays that were left out and the make-up days that were counted."""
    for (name, working), group in groupby((day for day in days if day.name), key=lambda day: (day.name, day.working)):
        run = list(group)
        if working:
            yield from (Step("makeup", {"name": name}, day.date) for day in run)
        else:
            yield Step("holiday", {"name": name, "first": str(run[0].date), "last": str(run[-1].date)})


def rolling_steps(nominal: Day, last: date, *, is_counted: bool) -> Iterator[Step]:
    """Why the last day is not the nominal one, or is it although it falls on a weekend."""
    if nominal.date != last:
        params = {"nominal": str(nominal.date), "name": nominal.name}
        yield Step("rolled_holiday" if nominal.name else "rolled_weekend", params, last)
    elif nominal.makeup and not is_counted:
        yield Step("not_rolled", {"name": nominal.name}, last)
