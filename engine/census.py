"""Counts a case that is about to be written, as far as the turn may have changed what counts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import inspect

from engine import counting, runtime
from engine.clocks import EXPIRED, MET
from engine.counting import NOTHING, Counted
from engine.deadlines import OFFICE
from engine.model import Case
from engine.projections import Loaded, surroundings

ABOUT = ("office", "title", "stage", "status", "outcome", "level", "closed_at")


def take_count(loaded: Loaded, now: datetime) -> tuple[tuple[Counted, Counted], bool]:
    """Count what this turn may have changed; what was counted before and after, and whether by other rules.

    A turn that touches nothing countable costs two set operations.
    """
    case, turn, rules = loaded.case, loaded.turn, loaded.counts
    key = rules.key(loaded.directory.months)
    is_recount = case.counted_by != key
    late = {c.name for c in turn.clocks.all if c.status == EXPIRED or (c.status == MET and c.is_late)}
    done = {s.element for s in turn.workflow.journal[turn.first :] if s.event == runtime.COMPLETED} & rules.elements
    changed = set(turn.written)
    if loaded.is_new or turn.outcome is not None or case.status != "running" or _has_moved(case):
        changed.add("case")
    is_over = case.status == "cancelled"  # what was counted is taken back, whatever the counts read
    if not (is_recount or is_over or late or done or changed & rules.reads):
        return (NOTHING, NOTHING), False
    before = Counted.read(case.counted)
    known = counting.remember(before, rules, done, late, now.astimezone(OFFICE).date())
    changed |= {name for name, differs in (("done", done), ("late", known.late != before.late)) if differs}
    subject = subject_of(case, turn.variables)
    after = counting.count(rules, known, subject, loaded.directory.months, None if is_recount else changed)
    if after != before or is_recount:
        case.counted, case.counted_by = after.written(), key
    return (before, after), is_recount


def _has_moved(case: Case) -> bool:
    """Whether something that counts read as `case` is no longer as it was loaded."""
    loaded = inspect(case).committed_state
    return any(name in loaded and loaded[name] != getattr(case, name) for name in ABOUT)


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
