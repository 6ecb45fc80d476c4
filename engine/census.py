"""Counts a case that is about to be written, as far as the turn may have changed what counts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import counting, runtime
from engine.clocks import EXPIRED, MET
from engine.counting import Counted
from engine.deadlines import OFFICE
from engine.model import Case
from engine.projections import Loaded, surroundings


def take_count(loaded: Loaded, now: datetime) -> tuple[tuple[Counted, Counted], bool]:
    """Count what this turn may have changed; what was counted before and after, and whether by other rules."""
    case, turn, rules = loaded.case, loaded.turn, loaded.counts
    before, key = Counted.read(case.counted), rules.key(loaded.directory.months)
    if not key and not before.happenings:
        return (before, before), False
    late = {c.name for c in turn.clocks.all if c.status == EXPIRED or (c.status == MET and c.is_late)}
    done = {s.element for s in turn.workflow.journal[turn.first :] if s.event == runtime.COMPLETED} & rules.elements
    known = counting.remember(before, rules, done, late, now.astimezone(OFFICE).date())
    changed = {*turn.written, "case"}
    changed |= {name for name, differs in (("done", done), ("late", known.late != before.late)) if differs}
    is_recount = case.counted_by != key
    subject = subject_of(case, turn.variables)
    after = counting.count(rules, known, subject, loaded.directory.months, None if is_recount else changed)
    if after != before or is_recount:
        case.counted, case.counted_by = after.written(), key
    return (before, after), is_recount


def subject_of(case: Case, variables: Mapping[str, Any]) -> counting.Subject:
    """A case as counts see it."""
    closed = case.closed_at and case.closed_at.astimezone(OFFICE).date()
    about = {
        **surroundings(case)["case"],
        "opened_on": case.opened_at.astimezone(OFFICE).date(),
        "closed_on": closed,
        "status": case.status,
        "stage": case.stage,
        "outcome": case.outcome,
        "level": case.level,
    }
    return counting.Subject(variables, about, case.office, case.status == "cancelled")
