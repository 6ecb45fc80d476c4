"""The running deadlines of one case: started, stopped, resumed, extended, ended. The arithmetic is in `deadlines`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from engine import deadlines
from engine.deadlines import OFFICE, Calendar, Due, InvalidPeriod, Period, Step, Stop, parse_period
from engine.errors import RunFailed
from engine.feel import YearsMonths

RUNNING, STOPPED, MET, EXPIRED, CANCELLED = "running", "stopped", "met", "expired", "cancelled"


@dataclass(frozen=True)
class DeadlineRule:
    """What the manifest says about a deadline. Texts that start with `=` are FEEL."""

    name: str
    label: str = ""
    basis: str = ""
    status: str = "unconfirmed"
    source: str = ""  # what the clock starts from, in words
    start: str = ""
    remind: tuple[str, ...] = ()
    extendable: str = ""  # "supervisor": by a supervisor's order; else only by a step of the diagram


@dataclass
class Clock:
    """One deadline row while a turn works on it."""

    name: str
    label: str
    element: str
    task_id: UUID
    basis: str
    source_status: str
    period: str
    start_at: datetime
    id: UUID = field(default_factory=uuid4)
    stops: list[list[str | None]] = field(default_factory=list)
    extensions: list[list[str]] = field(default_factory=list)
    remind: list[str] = field(default_factory=list)
    status: str = RUNNING
    last_day: date | None = None
    due_at: datetime | None = None
    projected: bool = False
    calendar_version: str = ""
    remind_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still runs or stands still."""
        return self.status in (RUNNING, STOPPED)

    @property
    def is_late(self) -> bool:
        """Whether it ended after its time."""
        return self.due_at is not None and self.ended_at is not None and self.ended_at > self.due_at


def period_of(value: Any, *, legal: bool, start_at: datetime) -> str:
    """The stored form of what a timer or due date evaluated to.

    Text is a period ("5wd") or ISO 8601; a date is due at its 24:00; an instant is due then. An ISO duration counts
    legal days where it is a legal deadline and the exact time otherwise. Raises InvalidPeriod.
    """
    if isinstance(value, (timedelta, YearsMonths, date)):
        return _of_temporal(value)
    if not isinstance(value, str):
        raise InvalidPeriod(f"{value!r} is neither a period nor a date", given=str(value))
    text = value.strip()
    if text[:1].isdigit() and text[4:5] == "-":
        moment = datetime.fromisoformat(text)
        return _of_temporal(moment if len(text) > len("2026-01-01") else moment.date())
    period = parse_period(text)
    if text.startswith("P") and not legal and not period.is_exact:
        return _exact(period, start_at)
    return str(period)


def _of_temporal(value: timedelta | YearsMonths | date) -> str:
    if isinstance(value, timedelta):
        return f"{max(0, int(value.total_seconds()))}s"
    if isinstance(value, YearsMonths):
        return str(Period(value.months, "m"))
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=OFFICE)
        return f"at:{aware.astimezone(UTC).isoformat()}"
    return f"date:{value.isoformat()}"


def _exact(period: Period, start_at: datetime) -> str:
    """A calendar duration that is not a legal period: to the same time of day, no rolling."""
    if period.unit == "d":
        return f"{period.count * 86_400}s"
    moment = start_at.astimezone(OFFICE)
    first = deadlines.due(Period(period.count, "m"), moment, calendar=deadlines.load_calendar({}))
    day = first.nominal_day or moment.date()
    moment = datetime.combine(day, moment.time(), OFFICE)
    if period.then is not None:
        moment += timedelta(seconds=period.then.count * deadlines.SECONDS[period.then.unit])
    return f"at:{moment.astimezone(UTC).isoformat()}"


def computed(clock: Clock, calendar: Calendar) -> Due:
    """When the clock is due, and why."""
    stops = [Stop(datetime.fromisoformat(str(a)), datetime.fromisoformat(b) if b else None) for a, b in clock.stops]
    extensions = [parse_period(text) for text, _ in clock.extensions]
    kind, _, rest = clock.period.partition(":")
    if kind == "at":
        return _fixed(datetime.fromisoformat(rest), None, clock, calendar, extensions)
    if kind == "date":
        day = date.fromisoformat(rest)
        return _fixed(deadlines.day_due(day), day, clock, calendar, extensions)
    return deadlines.due(
        parse_period(clock.period), clock.start_at, calendar=calendar, stops=stops, extensions=extensions
    )


def _fixed(due_at: datetime, day: date | None, clock: Clock, calendar: Calendar, extensions: list[Period]) -> Due:
    if clock.status == STOPPED:
        return Due(None, day, None, False, calendar.version, (Step("start", {}, day),))
    if extensions and day is not None:
        start = datetime.combine(day, datetime.min.time(), OFFICE)
        return deadlines.due(extensions[0], start, calendar=calendar, extensions=extensions[1:])
    return Due(day, day, due_at, False, calendar.version, (Step("fixed", {"at": due_at.isoformat()}, day),))


def recompute(clock: Clock, calendar: Calendar) -> None:
    """Set the due date from the clock's period, stops and extensions."""
    result = computed(clock, calendar)
    clock.last_day, clock.due_at = result.last_day, result.due_at
    clock.projected, clock.calendar_version = result.projected, result.calendar_version
    next_reminder(clock, calendar, None)


def next_reminder(clock: Clock, calendar: Calendar, sent_until: datetime | None) -> None:
    """Set `remind_at` to the first reminder after `sent_until`; all missed ones together count as one."""
    if clock.last_day is None or clock.status != RUNNING:
        clock.remind_at = None
        return
    moments = {text: deadlines.before(clock.last_day, parse_period(text), calendar) for text in clock.remind}
    if sent_until is not None:
        clock.remind = [text for text, moment in moments.items() if moment > sent_until]
    clock.remind_at = min((moments[text] for text in clock.remind), default=None)


class Clocks:
    """All open deadlines of a case during a turn, and what happened to them (`log`: event kind, detail)."""

    def __init__(self, clocks: Iterable[Clock], calendar: Calendar, now: datetime) -> None:
        self.all = list(clocks)
        self.before = {
            clock.id: replace(
                clock,
                stops=[list(s) for s in clock.stops],
                extensions=list(clock.extensions),
                remind=list(clock.remind),
            )
            for clock in self.all
        }
        self.calendar = calendar
        self.now = now
        self.log: list[tuple[str, dict[str, Any]]] = []

    def of_task(self, task_id: UUID, name: str | None = None) -> Clock | None:
        """The open clock a task carries."""
        return next((c for c in self.all if c.task_id == task_id and c.is_open and name in (None, c.name)), None)

    def start(self, clock: Clock) -> Clock:
        """Let a clock run."""
        try:
            recompute(clock, self.calendar)
        except (InvalidPeriod, ValueError, OverflowError) as error:
            raise RunFailed(f"the deadline {clock.name} cannot be computed: {error}", element=clock.element) from error
        self.all.append(clock)
        self.log.append(("deadline_started", _told(clock)))
        return clock

    def end(self, clock: Clock, status: str) -> None:
        """Met, expired or cancelled."""
        clock.status, clock.ended_at, clock.remind_at = status, self.now, None
        self.log.append((f"deadline_{status}", {"name": clock.name, "label": clock.label}))

    def stop(self, clock: Clock, reason: str) -> None:
        """The clock stands still from now."""
        clock.status = STOPPED
        clock.stops = [*clock.stops, [self.now.isoformat(), None]]
        recompute(clock, self.calendar)
        self.log.append(("deadline_stopped", {**_told(clock), "reason": reason}))

    def resume(self, clock: Clock, reason: str) -> None:
        """The clock runs on."""
        clock.status = RUNNING
        clock.stops = [*clock.stops[:-1], [clock.stops[-1][0], self.now.isoformat()]]
        recompute(clock, self.calendar)
        self.log.append(("deadline_resumed", {**_told(clock), "reason": reason}))

    def extend(self, name: str, period: str, reason: str) -> list[Clock]:
        """Lengthen all open clocks of that name."""
        extended = [clock for clock in self.all if clock.name == name and clock.is_open]
        for clock in extended:
            self.lengthen(clock, period, reason)
        return extended

    def lengthen(self, clock: Clock, period: str, reason: str) -> None:
        """Lengthen one clock. Raises InvalidPeriod."""
        clock.extensions = [*clock.extensions, [str(parse_period(period)), reason]]
        recompute(clock, self.calendar)
        self.log.append(("deadline_extended", {**_told(clock), "by": period, "reason": reason}))

    def fix(self, clock: Clock, day: date, basis: str) -> None:
        """Set the last day of a running clock by hand; what it was computed from before is in the trail."""
        clock.period, clock.extensions, clock.stops = f"date:{day.isoformat()}", [], []
        clock.basis = basis
        recompute(clock, self.calendar)
        self.log.append(("deadline_corrected", _told(clock)))

    def apply_calendar(self) -> list[Clock]:
        """Compute the open clocks again that were computed with another calendar; those whose date moved or settled."""
        moved = []
        for clock in self.all:
            if not clock.is_open or clock.calendar_version == self.calendar.version:
                continue
            before = _told(clock)
            recompute(clock, self.calendar)
            if _told(clock) != before:
                was = {"was": before["last_day"], "was_projected": before["projected"]}
                self.log.append(("deadline_recomputed", {**_told(clock), **was, "calendar": clock.calendar_version}))
                moved.append(clock)
        return moved

    def changed(self) -> list[Clock]:
        """Clocks that are new or differ from what was loaded."""
        return [clock for clock in self.all if self.before.get(clock.id) != clock]


def _told(clock: Clock) -> dict[str, Any]:
    told: Mapping[str, Any] = {
        "name": clock.name,
        "label": clock.label,
        "last_day": clock.last_day and clock.last_day.isoformat(),
        "due_at": clock.due_at and clock.due_at.isoformat(),
        "projected": clock.projected,
    }
    return dict(told)
