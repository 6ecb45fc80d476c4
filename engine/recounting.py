"""Counting again: after the counts or the reporting months have changed, and to prove that the figures are right.

A case is counted from its row, its trail and its deadlines; nothing of what was counted before is used.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from engine.census import subject_of
from engine.clocks import EXPIRED, MET
from engine.counting import Cell, Counted, CountRules, Subject, cells, context_of, count, places
from engine.deadlines import OFFICE
from engine.directory import directory
from engine.model import EVERYWHERE, Case, Deadline, Event, Occurrence, Tally, Version
from engine.months import Months
from engine.store import definition_of
from engine.tallies import PLACE, ROW
from engine.values import loads

CHUNK = 500


@dataclass(frozen=True)
class Difference:
    """Something that is not as a recount says."""

    what: str  # case | occurrence | sum
    where: str
    found: str
    wanted: str


@dataclass(frozen=True)
class Undated:
    """A case that should be counted, but the fact that says on which day is missing."""

    number: str
    kind: str


def rules_in_force(session: Session) -> dict[str, CountRules]:
    """The counts of every process: those of the version that new cases use."""
    query = select(Version.process, Version.digest).where(Version.active)
    return {name: definition_of(session, None, name, digest).counts for name, digest in session.execute(query)}


def cases_to_recount(session: Session, *, all_of_them: bool = False) -> list[UUID]:
    """The cases counted by other rules or months than those in force, by index; or every case."""
    months, found = directory(session).months, list[UUID]()
    for process, rules in rules_in_force(session).items():
        query, key = select(Case.id).where(Case.process == process), rules.key(months)
        if not all_of_them:
            query = query.where(or_(Case.counted_by < key, Case.counted_by > key))
        found += session.scalars(query.order_by(Case.opened_at))
    return found


def needs_recount(session: Session) -> bool:
    """Whether a case was counted by other rules or months than those in force."""
    months = directory(session).months
    for process, rules in rules_in_force(session).items():
        key = rules.key(months)
        other = or_(Case.counted_by < key, Case.counted_by > key)
        if session.scalar(select(Case.id).where(Case.process == process, other).limit(1)) is not None:
            return True
    return False


def recount_cases(session: Session, case_ids: Sequence[UUID]) -> int:
    """Count these cases anew and write what follows; how many had been counted otherwise."""
    months, rules, changed = directory(session).months, rules_in_force(session), 0
    for case in session.scalars(select(Case).where(Case.id.in_(case_ids)).with_for_update()):
        each = rules.get(case.process, CountRules())
        counted = recounted(session, case, each, months)
        changed += counted.happenings != Counted.read(case.counted).happenings
        session.execute(delete(Occurrence).where(Occurrence.case_id == case.id))
        rows = _rows(case.id, counted, each)
        if rows:
            session.execute(insert(Occurrence), rows)
        session.execute(
            update(Case)
            .where(Case.id == case.id)
            .values(counted=counted.written(), counted_by=each.key(months))
            .execution_options(synchronize_session=False)
        )
    return changed


def recounted(session: Session, case: Case, rules: CountRules, months: Months) -> Counted:
    """What counts of a case, from its row, its trail and its deadlines."""
    done = {}
    if rules.elements:
        for at, detail in session.execute(
            select(Event.at, Event.detail).where(Event.case_id == case.id).order_by(Event.seq)
        ):
            for element in rules.elements.intersection(loads(detail).get("done", ())):
                done[element] = at.astimezone(OFFICE).date()
    late: dict[str, date] = {}
    ended = select(Deadline.name, Deadline.ended_at).where(
        Deadline.case_id == case.id,
        or_(Deadline.status == EXPIRED, (Deadline.status == MET) & (Deadline.ended_at > Deadline.due_at)),
    )
    for name, ended_at in session.execute(ended.order_by(Deadline.ended_at)):
        if ended_at is not None:
            late.setdefault(name, ended_at.astimezone(OFFICE).date())
    subject = subject_of(case, loads(case.data))
    return count(rules, Counted({}, done, late), subject, months, None)


def _rows(case_id: UUID, counted: Counted, rules: CountRules) -> list[dict[str, Any]]:
    return [
        {"case_id": case_id, **dict(zip(PLACE, place, strict=True)), **dict(zip(ROW, row, strict=True))}
        for place, row in places(counted, rules).items()
    ]


def sum_up(session: Session) -> None:
    """Make the sums anew from the occurrences."""
    session.execute(delete(Tally))
    each = func.json_each(Occurrence.sums).table_valued("key", "value")
    measure, amount = each.c["key"], func.sum(each.c["value"])
    for office in (Occurrence.office, literal(EVERYWHERE)):
        columns = [Occurrence.kind, office, Occurrence.dimension, Occurrence.period, Occurrence.value, measure]
        names = ["kind", "office", "dimension", "period", "value", "measure", "total"]
        grouped = select(*columns, amount).select_from(Occurrence).join(each, literal(True)).group_by(*columns)
        session.execute(insert(Tally).from_select(names, grouped))


def differences(session: Session) -> Iterator[Difference]:
    """Everything that a recount of all cases finds different: in their rows, in the occurrences, in the sums."""
    months, rules = directory(session).months, rules_in_force(session)
    wanted: Counter[Cell] = Counter()
    query = select(Case).order_by(Case.id).execution_options(yield_per=CHUNK)
    for case in session.scalars(query):
        each = rules.get(case.process, CountRules())
        counted = recounted(session, case, each, months)
        wanted.update(dict(cells(counted)))
        if counted.happenings != Counted.read(case.counted).happenings or case.counted_by != each.key(months):
            yield Difference("case", case.number, case.counted, counted.written())
        found = session.scalars(select(Occurrence).where(Occurrence.case_id == case.id))
        rows = {tuple(getattr(o, n) for n in PLACE): tuple(getattr(o, n) for n in ROW) for o in found}
        if rows != places(counted, each):
            yield Difference("occurrence", case.number, str(sorted(rows)), str(sorted(places(counted, each))))
    yield from _sums(session, wanted)


def _sums(session: Session, wanted: Mapping[Cell, int]) -> Iterator[Difference]:
    names = (Tally.kind, Tally.office, Tally.dimension, Tally.period, Tally.value, Tally.measure)
    found: dict[Any, int] = {tuple(cell): total for *cell, total in session.execute(select(*names, Tally.total))}
    for cell in sorted({*found, *wanted}):
        if found.get(cell, 0) != wanted.get(cell, 0):
            yield Difference("sum", " ".join(cell), str(found.get(cell, 0)), str(wanted.get(cell, 0)))


def undated(session: Session) -> Iterator[Undated]:
    """The happenings that no month has, because their day is missing."""
    rules = rules_in_force(session)
    for case in session.scalars(select(Case).order_by(Case.id).execution_options(yield_per=CHUNK)):
        counted, subject = Counted.read(case.counted), subject_of(case, loads(case.data))
        for kind in _true_but_undated(rules.get(case.process, CountRules()), counted, subject):
            yield Undated(case.number, kind)


def _true_but_undated(rules: CountRules, counted: Counted, subject: Subject) -> Iterator[str]:
    if not subject.is_cancelled:
        context = context_of(counted, subject)
        for kind, rule in rules.counts.items():
            if kind not in counted.happenings and rule.when(context) is True:
                yield kind
