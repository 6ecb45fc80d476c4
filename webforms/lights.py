"""How a time limit looks in a list: a sign, a colour and words, never the colour alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import engine
from webforms.i18n import clock_time, day, local, moment
from webforms.words import gettext, ngettext

SOON = 2  # working days left from which on a limit is orange
HOURS_SOON = timedelta(hours=24)  # the same for limits that end at an hour instead of a day


@dataclass(frozen=True)
class Light:
    """What a list shows: a level (red, orange, green, paused, none), words, small tags and a longer hint."""

    level: str
    text: str
    tags: tuple[str, ...] = ()
    hint: str = ""


def light(due: engine.DueInfo | None, now: datetime) -> Light:
    """The light of a time limit."""
    if due is None:
        return Light("none", gettext("No time limit"))
    tags = (gettext("provisional"),) if due.projected else ()
    ended = _ended(due.status)
    if ended is not None:
        return Light(*ended, tags)
    if due.due_at is None:
        return Light("paused", gettext("Clock stopped"), tags)
    last = local(due.due_at - timedelta(microseconds=1))
    hint = f"{due.label} · " + gettext("last day %(day)s", day=day(last, weekday=True))
    return Light(*_running(due, due.due_at, last, now), tags, hint)


def by_the_hour(due_at: datetime) -> bool:
    """Whether a limit ends at an hour of the clock, not with a day."""
    return clock_time(due_at) != "00:00"


def _ended(status: str) -> tuple[str, str] | None:
    return {
        "met": ("green", gettext("Kept")),
        "expired": ("red", gettext("Expired")),
        "cancelled": ("none", gettext("No longer needed")),
        "stopped": ("paused", gettext("Clock stopped")),
    }.get(status)


def _running(due: engine.DueInfo, due_at: datetime, last: datetime, now: datetime) -> tuple[str, str]:
    if due_at <= now:
        late = (local(now).date() - last.date()).days
        if late < 1:
            return "red", gettext("Overdue since %(time)s", time=clock_time(due_at))
        return "red", ngettext("%(num)d day overdue", "%(num)d days overdue", late)
    if last.date() == local(now).date():
        return "orange", gettext("Today %(time)s", time=clock_time(due_at)) if by_the_hour(due_at) else gettext("Today")
    if by_the_hour(due_at):
        level = "orange" if due_at - now < HOURS_SOON else "green"
        return level, gettext("Until %(moment)s", moment=moment(due_at))
    if due.days_left is None:
        left = (last.date() - local(now).date()).days
        return "green", ngettext("%(num)d day left", "%(num)d days left", left)
    text = ngettext("%(num)d working day left", "%(num)d working days left", due.days_left)
    return "orange" if due.days_left <= SOON else "green", text
