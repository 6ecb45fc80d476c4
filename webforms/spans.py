"""Lengths of time in words, and how far off a moment is: in hours while it is near."""

from datetime import datetime, timedelta

import engine
from webforms.i18n import day, ends, local
from webforms.lights import Light, light
from webforms.words import gettext, ngettext

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEAR = timedelta(hours=48)  # nearer than this, hours and minutes are told
PRESSING = timedelta(hours=4)


def span(length: timedelta) -> str:
    """3 days; nearer than two days 20 hours 5 minutes."""
    if length >= NEAR:
        return ngettext("%(num)d day", "%(num)d days", length.days)
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    parts = [ngettext("%(num)d hour", "%(num)d hours", hours)] if hours else []
    if minutes or not hours:
        parts.append(ngettext("%(num)d minute", "%(num)d minutes", minutes))
    return " ".join(parts)


def rough(length: timedelta | None) -> str:
    """For statistics: 2.5 days, 5 hours, under an hour; a dash where there is none."""
    if length is None:
        return "—"
    if length < HOUR:
        return gettext("under an hour")
    if length < DAY:
        hours = round(length / HOUR)
        return ngettext("%(num)d hour", "%(num)d hours", hours)
    days = length / DAY
    return gettext("%(days)s days", days=f"{days:.1f}" if days < 10 else f"{days:.0f}")  # noqa: PLR2004 one digit is enough then


def between(low: timedelta, high: timedelta) -> str:
    """The two quartiles; one of them where both read the same."""
    words = dict.fromkeys((rough(low), rough(high)))
    return " – ".join(words)


def late_or_left(due: engine.DueInfo | None, now: datetime) -> Light:
    """The light of a limit for those who steer: how many working days it is over, also where it has run out."""
    if due is None or not due.is_overdue or due.due_at is None:
        return light(due, now)
    if not due.days_left:
        return until(due.due_at, now)
    over = ngettext("%(num)d working day over", "%(num)d working days over", -due.days_left)
    return Light("red", over, light(due, now).tags, ends(due.due_at))


def until(due_at: datetime | None, now: datetime) -> Light:
    """How long until the next limit, or since when it is past."""
    if due_at is None:
        return Light("none", gettext("No time limit"))
    hint = ends(due_at)
    if due_at <= now:
        return Light("red", gettext("%(span)s over", span=span(now - due_at)), hint=hint)
    left = due_at - now
    if left < NEAR:
        level = "orange" if left <= PRESSING else "blue"
        return Light(level, gettext("%(span)s left", span=span(left)), hint=hint)
    return Light("none", gettext("until %(day)s", day=day(local(due_at - timedelta(microseconds=1)))), hint=hint)
