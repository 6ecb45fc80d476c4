"""The time limits of a past case: what the draft would have said when each began, by the calendar of now.

A limit of then must come out of the version of then exactly as its row has it; else nothing is said about it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.calendars import Calendar
from engine.clocks import EXPIRED, Clock, computed
from engine.replay.bench import ERRORS, Bench, CannotJudge
from engine.replay.drawn import limit_of
from engine.replay.results import DUE, Difference
from engine.runtime import Element

ENDING = frozenset(["boundaryEvent", "intermediateCatchEvent"])


class Limits:
    """The deadline rows of a case; each is told once. `renamed` is what migrations call the elements of before."""

    def __init__(self, clocks: list[Clock], renamed: Mapping[str, str], calendar: Calendar) -> None:
        self.left, self.renamed, self.calendar = list(clocks), renamed, calendar

    def begin(self, judge: Bench, detail: Mapping[str, Any], at: datetime) -> None:
        """A limit began with the event before: the draft's own, had it begun then."""
        if judge.is_over:
            return
        candidates = judge.old.limits.get(str(detail["name"]), [])
        if not candidates:
            return
        element, row = next(
            ((each, row) for each in candidates for row in self._as_it_was(judge, each, at)), (candidates[0], None)
        )
        with judge.judging(element):
            if row is None:
                lost = judge.old.reads(element) & (judge.old.locals(element.id) | judge.memory.unknown)
                raise CannotJudge("value-lost" if lost else "limit-not-rebuilt", ", ".join(sorted(lost)))
            self.left.remove(row)
            self._compare(judge, element, row, at)

    def _as_it_was(self, judge: Bench, element: Element, at: datetime) -> list[Clock]:
        """The row that the version of then gives for an element, if any."""
        try:
            clock = judge.old.clock(element, judge.context(judge.memory.then), at)
        except ERRORS:
            return []
        names = {element.id, self.renamed.get(element.id, element.id)}
        return [
            row
            for row in self.left
            if clock is not None
            and row.element in names
            and (row.period, row.start_at) == (clock.period, clock.start_at)
        ][:1]

    def _compare(self, judge: Bench, element: Element, row: Clock, at: datetime) -> None:
        draft = judge.draft.elements.get(judge.called(element.id))
        if draft is None:
            return  # the element is gone, which is told when it is passed
        judge.require_known(draft)
        then = computed(row, self.calendar).due_at
        mine = judge.draft.clock(draft, judge.context(judge.memory.now), at) if limit_of(draft) else None
        now = None
        if mine is not None:
            like_row = replace(row, period=mine.period, start_at=mine.start_at, name=mine.name)
            now = computed(like_row, self.calendar).due_at
        if then == now:
            judge.points.append(judge.point(element))
            return
        fires = _fires(draft, row, now)
        told = Difference(
            DUE,
            judge.called(element.id),
            element.name or element.id,
            at,
            then,
            now,
            judge.looked_at(element),
            fires=fires,
        )
        judge.points.append(judge.point(element, told))
        if fires and draft.interrupting:
            moments = (
                each for each in (judge.ends_at, now if fires == "earlier" else row.ended_at) if each is not None
            )
            judge.ends_at = min(moments)


def _fires(draft: Element, row: Clock, now: datetime | None) -> str:
    """Whether a timer would have fired before what happened, or not when it did."""
    if draft.kind not in ENDING or row.ended_at is None:
        return ""
    if row.status == EXPIRED:
        return "later" if now is None or now > row.ended_at else ""
    return "earlier" if now is not None and now <= row.ended_at else ""
