"""Periodic reports of many offices at one look: who has reported a period, who is late, and what they add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import store
from engine.authority import Actor, may_see
from engine.clocks import RUNNING
from engine.definitions import Definition
from engine.deployment import newest_version
from engine.directory import Directory, directory
from engine.errors import NotFound
from engine.inbox import due_info
from engine.model import CalendarStart, Case, Deadline, Version
from engine.rows import DueInfo
from engine.submissions import Handed, newest_of_period, revisions_of
from engine.sums import Span, figures_of, rounded
from engine.values import loads

PERIODS = 36  # as many periods are offered to look at


@dataclass(frozen=True)
class ReportProcess:
    """A process whose cases are periodic reports."""

    process: str
    title: str


@dataclass(frozen=True)
class ReportRow:
    """One office's report of the period."""

    office: str
    office_name: str
    case_id: UUID | None  # None: nothing was opened
    number: str
    status: str
    stage: str
    stage_label: str
    outcome_label: str
    is_late: bool
    due: DueInfo | None
    handed: Handed | None
    is_owed: bool  # it still has to be handed in, for the first time or again
    live: Mapping[str, Decimal] = field(default_factory=dict)  # the same figures as they are counted now

    def moved(self, figure: str) -> Decimal | None:
        """What is counted now, where that is no longer what was handed in."""
        counted = self.live.get(figure)
        return counted if self.handed is not None and counted != self.handed.values.get(figure) else None


@dataclass(frozen=True)
class ReportBoard:
    """The reports of one period."""

    process: str
    title: str
    periods: tuple[tuple[date, str], ...]  # first day and name, the newest first
    first: date | None
    last: date | None
    name: str
    rows: tuple[ReportRow, ...]
    shown: tuple[str, ...]  # figures for the table, by id
    live: Mapping[str, Decimal] = field(default_factory=dict)  # the offices that handed in, as they are counted now

    @property
    def totals(self) -> dict[str, Decimal]:
        """What the figures that were handed in add up to; rates do not add up."""
        found: dict[str, Decimal] = {}
        for row in self.rows:
            for each in row.handed.figures if row.handed is not None else ():
                if not each.get("formula") and isinstance(each.get("value"), Decimal):
                    found[each["id"]] = found.get(each["id"], Decimal(0)) + each["value"]
        return found

    @property
    def figures(self) -> tuple[Mapping[str, Any], ...]:
        """The figures there are; what only some reports have stands where it stands in them."""
        found: list[Mapping[str, Any]] = []
        known: set[str] = set()
        for row in self.rows:
            place = 0
            for each in row.handed.figures if row.handed is not None else ():
                name = str(each["id"])
                if name in known:
                    place = next(n for n, one in enumerate(found) if one["id"] == name) + 1
                else:
                    known.add(name)
                    found.insert(place, each)
                    place += 1
        return tuple(found)


def report_kinds(session: Session) -> list[ReportProcess]:
    """The processes in use whose cases are periodic reports."""
    found = []
    for version in session.scalars(select(Version).where(Version.active).order_by(Version.process.desc())):
        definition = store.definition_of(session, version.id, version.process, version.digest)
        if definition.report:
            found.append(ReportProcess(version.process, definition.title))
    return found


def report_board(
    session: Session, actor: Actor, process: str, *, first: date | None = None, now: datetime
) -> ReportBoard:
    """The reports of a period, the newest one where none is named, of the offices this person may see.

    Raises NotFound for what is no report or a period that was never opened.
    """
    version = newest_version(session, process)
    if version is None:
        raise NotFound
    definition = store.definition_of(session, version.id, version.process, version.digest)
    if not definition.report:
        raise NotFound
    known = directory(session)
    periods = _periods(session, process)
    if not periods:
        return _board(definition, (), None, ())
    chosen = next((each for each in periods if first in (None, each[0])), None)
    if chosen is None:
        raise NotFound
    rows = tuple(_rows(session, known, definition, actor, chosen[0], now))
    return _with_live(session, known, _board(definition, periods, chosen, rows))


def report_revisions(session: Session, actor: Actor, case_id: UUID) -> list[Handed]:
    """Every revision of a report, the newest first. Raises NotFound."""
    case = session.get(Case, case_id)
    if case is None or not may_see(actor, store.offices_of(session, case), directory(session).roles):
        raise NotFound
    return revisions_of(session, case_id)


def _periods(session: Session, process: str) -> tuple[tuple[date, date, str], ...]:
    columns = (CalendarStart.period_first, CalendarStart.period_last, CalendarStart.period_name)
    query = select(*columns).where(CalendarStart.process == process).distinct()
    rows = session.execute(query.order_by(CalendarStart.period_first.desc()).limit(PERIODS))
    return tuple((row.period_first, row.period_last, row.period_name) for row in rows)


def _board(
    definition: Definition,
    periods: Sequence[tuple[date, date, str]],
    chosen: tuple[date, date, str] | None,
    rows: tuple[ReportRow, ...],
) -> ReportBoard:
    first, last, name = chosen or (None, None, "")
    shown = tuple(definition.manifest["report"].get("shown", ()))
    named = tuple((begin, text) for begin, _, text in periods)
    return ReportBoard(definition.process, definition.title, named, first, last, name, rows, shown)


def _rows(
    session: Session, known: Directory, definition: Definition, actor: Actor, first: date, now: datetime
) -> list[ReportRow]:
    query = select(CalendarStart).where(
        CalendarStart.process == definition.process, CalendarStart.period_first == first
    )
    order = {office: place for place, office in enumerate(known.offices)}
    starts = [start for start in session.scalars(query) if may_see(actor, [start.office], known.roles)]
    starts.sort(key=lambda start: order.get(start.office, len(order)))
    opened = [start.case_id for start in starts if start.case_id is not None]
    cases = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(opened)))}
    handed = newest_of_period(session, definition.process, first, starts[0].period_last if starts else first)
    dues = _dues(session, known, opened, now)
    late = definition.report.get("late", "")
    returned = definition.report.get("returned", "")
    found = []
    for start in starts:
        case = cases.get(start.case_id) if start.case_id is not None else None
        given = handed.get((start.office, first))
        is_late = given.is_late if given else case is not None and loads(case.data).get(late) is True
        found.append(
            ReportRow(
                office=start.office,
                office_name=known.office_name(start.office),
                case_id=case.id if case else None,
                number=case.number if case else "",
                status=case.status if case else "not_opened",
                stage=case.stage if case else "",
                stage_label=definition.label("stages", case.stage) if case else "",
                outcome_label=definition.label("outcomes", case.outcome) if case and case.outcome else "",
                is_late=is_late,
                due=dues.get(case.id) if case else None,
                handed=given,
                is_owed=case is not None and case.status == "running" and (given is None or case.stage == returned),
            )
        )
    return found


def _with_live(session: Session, known: Directory, board: ReportBoard) -> ReportBoard:
    """The board with what is counted now beside what was handed in, where its period is one of whole months."""
    offices = [row.office for row in board.rows if row.handed is not None]
    months = known.months.whole(board.first, board.last) if board.first and board.last else None
    if months is None or not offices:
        return board
    span, counted = Span(*months), known.indicators
    wanted = [name for name in {str(each["id"]) for each in board.figures} if name in counted.all]
    places = {**{office: [office] for office in offices}, "": offices}
    found = figures_of(session, counted, wanted, [span], places)
    live: dict[str, dict[str, Decimal]] = {place: {} for place in places}
    for (_, place, name), figure in found.items():
        values = {name: figure.value, **{f"{name}.{part}": value for part, value in figure.parts.items()}}
        told = {key: rounded(value, counted.all[name]) for key, value in values.items()}
        live[place] |= {key: value for key, value in told.items() if value is not None}
    rows = tuple(replace(row, live=live.get(row.office, {})) for row in board.rows)
    return replace(board, rows=rows, live=live[""])


def _dues(session: Session, known: Directory, cases: Sequence[UUID], now: datetime) -> dict[UUID, DueInfo]:
    """The next time limit of each case."""
    query = select(Deadline).where(Deadline.case_id.in_(cases), Deadline.status == RUNNING)
    rows = session.scalars(query.order_by(Deadline.due_at.desc()))
    return {row.case_id: due_info(row, known, now) for row in rows}
