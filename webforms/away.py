"""Who of some people is away now or soon: for lists that say how much lies with whom."""

from collections.abc import Iterable
from datetime import timedelta

import engine
from webforms.database import now, reading
from webforms.i18n import local

AHEAD = timedelta(days=14)
Away = tuple[engine.AbsenceRow, bool]


def away(people: Iterable[engine.Load]) -> dict[str, Away]:
    """Who is away now, or will be within two weeks: person -> the first such absence, and whether it has begun."""
    ids = {int(load.id): load.id for load in people}
    today = local(now()).date()
    found: dict[str, Away] = {}
    for row in engine.absences(reading(), since=today, until=today + AHEAD, people=ids) if ids else ():
        found.setdefault(ids[row.person_id], (row, row.covers(today)))
    return found
