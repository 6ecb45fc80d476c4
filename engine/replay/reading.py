"""Reads what is left of past cases, a few at a time and all at once, and lets each be walked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from engine import runtime, store
from engine.authority import Actor, may_see, sees_all
from engine.deadlines import OFFICE
from engine.definitions import define
from engine.directory import directory
from engine.errors import NotFound
from engine.includes import apart
from engine.model import Case, CaseMigration, CaseOffice, Deadline, Effect, Event, Version
from engine.model_lists import sees_models
from engine.projections import clock_of
from engine.replay.drawn import Drawn
from engine.replay.judging import Judge
from engine.replay.limits import Limits
from engine.replay.memory import Memory
from engine.replay.results import CaseReplay, Replayed
from engine.stays import CARRIED
from engine.values import from_json, loads

COLUMNS = (Case.id, Case.number, Case.office, Case.title, Case.opened_at, Case.closed_at, Case.data, Case.version_id)


class PastCase(NamedTuple):
    """What is read of a case."""

    id: UUID
    number: str
    office: str
    title: str
    opened_at: datetime
    closed_at: datetime | None
    data: str
    version_id: int


def closed_cases(session: Session, process: str, *, since: date | None = None, until: date | None = None) -> int:
    """How many cases of a process were closed from one day to another, both included."""
    return session.scalar(_closed(select(func.count()).select_from(Case), process, since, until)) or 0


def replay(
    session: Session,
    process: str,
    files: Mapping[str, str],
    *,
    actor: Actor,
    mapping: Mapping[str, str] | None = None,
    since: date | None = None,
    until: date | None = None,
    after: str = "",
    limit: int = 20,
) -> Replayed:
    """The closed cases of a process against the files of a draft, those closed last first, a few at a time.

    `mapping` is what elements of then are called in the draft, `after` what the last answer said is next. Raises
    NotFound for people to whom models are not open, InvalidDefinition where the draft cannot run at all.
    """
    if not sees_models(session, actor):
        raise NotFound
    query = _closed(select(*COLUMNS), process, since, until).order_by(Case.closed_at.desc(), Case.id)
    if after:
        moment, _, case_id = after.partition("/")
        last = datetime.fromisoformat(moment)
        query = query.where(or_(Case.closed_at < last, and_(Case.closed_at == last, Case.id > UUID(case_id))))
    rows = [PastCase(*row) for row in session.execute(query.limit(limit))]
    done = rows[-1] if len(rows) == limit else None
    following = f"{done.closed_at.isoformat()}/{done.id}" if done is not None and done.closed_at is not None else ""
    return replay_cases(session, process, files, rows, mapping=mapping or {}, following=following)


def _closed(query: Any, process: str, since: date | None, until: date | None) -> Any:
    query = query.where(Case.process == process, Case.closed_at.is_not(None))
    if since is not None:
        query = query.where(Case.closed_at >= _midnight(since))
    return query.where(Case.closed_at < _midnight(until + timedelta(days=1))) if until is not None else query


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=OFFICE)


def replay_cases(
    session: Session,
    process: str,
    files: Mapping[str, str],
    rows: Sequence[PastCase] | Iterable[UUID],
    *,
    mapping: Mapping[str, str],
    following: str = "",
) -> Replayed:
    """These cases, closed or not, against the files of a draft; the number of statements does not grow with them."""
    draft = Drawn(define(apart(files)[0], process))
    draft.definition.compiled  # noqa: B018 refused here, before any case is looked at
    known = [row for row in rows if isinstance(row, PastCase)]
    asked = [row for row in rows if isinstance(row, UUID)]
    if asked:
        known += [PastCase(*row) for row in session.execute(select(*COLUMNS).where(Case.id.in_(asked)))]
    past = _Past(session, process, [row.id for row in known])
    found = [_one(draft, past, row, mapping) for row in known]
    names = {
        each.id: each.name or each.id
        for drawn in (*past.versions.values(), draft)
        for each in drawn.elements.values()
        if not runtime.is_synthetic(each.id)
    }
    return Replayed(found, following, names)


class _Past:
    """What the database keeps of some cases, read at once."""

    def __init__(self, session: Session, process: str, ids: Sequence[UUID]) -> None:
        self.calendar = directory(session).calendar
        self.events: dict[UUID, list[Event]] = defaultdict(list)
        for event in session.scalars(select(Event).where(Event.case_id.in_(ids)).order_by(Event.case_id, Event.seq)):
            self.events[event.case_id].append(event)
        self.details = {(e.case_id, e.seq): loads(e.detail) for events in self.events.values() for e in events}
        self.deadlines: dict[UUID, list[Deadline]] = defaultdict(list)
        for row in session.scalars(select(Deadline).where(Deadline.case_id.in_(ids)).order_by(Deadline.start_at)):
            self.deadlines[row.case_id].append(row)
        self.carried: dict[UUID, list[CaseMigration]] = defaultdict(list)
        moved = select(CaseMigration).where(CaseMigration.case_id.in_(ids)).order_by(CaseMigration.id)
        for migration in session.scalars(moved):
            self.carried[migration.case_id].append(migration)
        self.versions = {
            row.id: Drawn(store.definition_of(session, row.id, row.process, row.digest))
            for row in session.execute(self._used(process, ids))
        }
        self.messages = self._messages(session)

    def _used(self, process: str, ids: Sequence[UUID]) -> Any:
        carried = {
            each for moves in self.carried.values() for move in moves for each in (move.from_version, move.to_version)
        }
        now = select(Case.version_id).where(Case.id.in_(ids))
        wanted = or_(Version.id.in_(now), Version.id.in_(carried))
        return select(Version.id, Version.process, Version.digest).where(wanted, Version.process == process)

    def _messages(self, session: Session) -> dict[tuple[UUID, str], list[Mapping[str, Any]]]:
        """What was sent, by sender and name, in the order of sending: the trail of the receiver does not say it."""
        senders = {
            UUID(detail["from"])
            for (case_id, seq), detail in self.details.items()
            if detail.get("from")
            and self.events[case_id][seq - 1].kind == "message_received"
            and detail["from"] != "None"
        }
        found: dict[tuple[UUID, str], list[Mapping[str, Any]]] = defaultdict(list)
        if senders:
            sent = select(Effect.case_id, Effect.payload).where(Effect.case_id.in_(senders), Effect.kind == "message")
            for case_id, payload in session.execute(sent.where(Effect.state == "done").order_by(Effect.id)):
                found[case_id, payload["name"]].append(from_json(payload.get("payload") or {}))
        return found


def _one(draft: Drawn, past: _Past, case: PastCase, mapping: Mapping[str, str]) -> CaseReplay:
    carried = past.carried[case.id]
    first = carried[0].from_version if carried else case.version_id
    renamed: dict[str, str] = {}
    for move in carried:
        if move.undone_at is None:
            renamed = {old: move.mapping.get(new, new) for old, new in renamed.items()} | dict(move.mapping)
    about = {
        "id": str(case.id), "number": case.number, "office": case.office, "title": case.title,
        "opened_at": case.opened_at,
    }  # fmt: skip
    received: dict[tuple[UUID, str], int] = defaultdict(int)

    def message(name: str, sender: str) -> Mapping[str, Any] | None:
        if sender == "None":
            return None
        key = UUID(sender), name
        sent = past.messages.get(key, [])
        received[key] += 1
        return sent[received[key] - 1] if len(sent) >= received[key] else None

    judge = Judge(draft, Memory({"case": about, "actor": None}, message), mapping, past.versions[first])
    limits = Limits([clock_of(row) for row in past.deadlines[case.id]], renamed, past.calendar)
    for event in past.events[case.id]:
        detail = past.details[case.id, event.seq]
        if event.kind == "deadline_started":
            limits.begin(judge, detail, event.at)
        else:
            judge.step(event.kind, detail, event.actor, event.at)
        if event.kind in CARRIED:
            judge.old = past.versions[int(detail["version"])]
    unsure = judge.memory.differs_from(loads(case.data))
    points = judge.settled(unsure)
    return CaseReplay(
        case.id, case.number, case.office, case.closed_at, past.versions[case.version_id].definition.digest,
        sum(point.unjudged is None for point in points),
        tuple(point.difference for point in points if point.difference is not None),
        tuple(point.unjudged for point in points if point.unjudged is not None),
        tuple(judge.gone), tuple(judge.refused),
    )  # fmt: skip


def replay_seen(session: Session, cases: Sequence[CaseReplay], actor: Actor) -> set[UUID]:
    """Which of these cases the person may see; of the others only numbers may be told."""
    roles = directory(session).roles
    if sees_all(actor, roles):
        return {case.case_id for case in cases}
    offices: dict[UUID, set[str]] = {case.case_id: {case.office} for case in cases}
    others = select(CaseOffice.case_id, CaseOffice.office).where(CaseOffice.case_id.in_(offices))
    for case_id, office in session.execute(others):
        offices[case_id].add(office)
    return {case_id for case_id, where in offices.items() if may_see(actor, where, roles)}
