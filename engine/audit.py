"""The audit trail: every event signed over the one before it, so that a change, a gap or a cut end is found.

HMAC-SHA256 with the data folder's key. The head on the case row is signed as well, so that it
cannot be set back without the key; the daily anchor covers the heads of all cases, the ledger names every case opened.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import zstandard
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.database import key_of
from engine.model import Anchor, Case, Counter, Event, Ledger
from engine.statements import INSERT_EVENTS
from engine.values import dumps

LEDGER, ANCHOR = "ledger", "anchor"
SEAL_DIGITS = 7  # hexadecimal: what a counter holds; nobody can try without the key


@dataclass(frozen=True)
class Happened:
    """One event to be appended."""

    kind: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class AuditProblem:
    """Something in the trail that does not add up."""

    case_id: str
    seq: int | None
    message: str


def _sign(session: Session, *parts: Any) -> str:
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key_of(session), text.encode(), sha256).hexdigest()


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _head(session: Session, case_id: UUID, count: int, last: str) -> str:
    return last + ":" + _sign(session, "head", str(case_id), count, last)[:32]


def append_events(
    session: Session,
    case: Case,
    happened: Sequence[Happened],
    *,
    actor: Actor,
    now: datetime,
    submission: str | None = None,
) -> list[dict[str, Any]]:
    """Rows for the event table, chained behind the case's last event; sets the case's count and head.

    The caller inserts the rows after the case row has been flushed.
    """
    rows = []
    last = case.event_head.partition(":")[0]
    for offset, event in enumerate(happened):
        seq = case.event_count + 1 + offset
        key = submission if offset == 0 else None
        detail = dumps(dict(event.detail))
        last = _sign(session, last, str(case.id), seq, event.kind, actor.id, actor.name, _at(now), detail, key)
        rows.append(
            {
                "case_id": case.id,
                "seq": seq,
                "kind": event.kind,
                "actor": actor.id,
                "actor_name": actor.name,
                "at": now,
                "detail": detail,
                "submission": key,
                "mac": last,
            }
        )
    case.event_count += len(rows)
    case.event_head = _head(session, case.id, case.event_count, last)
    return rows


def append_ledger(session: Session, kind: str, detail: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Append to the trail of everything outside cases."""
    counter = session.get(Counter, LEDGER)
    if counter is None:
        counter = Counter(name=LEDGER, value=0)
        session.add(counter)
    previous = session.get(Ledger, counter.value) if counter.value else None
    counter.value += 1
    text = dumps(dict(detail))
    mac = _sign(session, previous.mac if previous else "", counter.value, kind, actor.id, actor.name, _at(now), text)
    session.add(
        Ledger(seq=counter.value, kind=kind, actor=actor.id, actor_name=actor.name, at=now, detail=text, mac=mac)
    )
    _seal(session, LEDGER, mac)
    session.flush()


def _seal(session: Session, trail: str, last: str) -> None:
    """Keep a signature of a trail's end beside it, so that the end cannot be cut off."""
    row = session.get(Counter, f"{trail}:seal") or Counter(name=f"{trail}:seal", value=0)
    row.value = _seal_of(session, trail, last)
    session.add(row)


def _seal_of(session: Session, trail: str, last: str) -> int:
    return int(_sign(session, "seal", trail, last)[:SEAL_DIGITS], 16)


def _is_sealed(session: Session, trail: str, last: str) -> bool:
    row = session.get(Counter, f"{trail}:seal")
    return row.value == _seal_of(session, trail, last) if row is not None else not last


def anchor(session: Session, *, day: date, now: datetime) -> None:
    """Sign the heads of all cases and of the ledger; once a day."""
    heads = sorted((str(c), n, h) for c, n, h in session.execute(select(Case.id, Case.event_count, Case.event_head)))
    end = session.execute(select(Ledger.seq, Ledger.mac).order_by(Ledger.seq.desc()).limit(1)).first()
    if end is not None:
        heads.append((LEDGER, end.seq, end.mac))
    text = json.dumps(heads, separators=(",", ":")).encode()
    row = session.get(Anchor, day) or Anchor(day=day)
    row.cases, row.events, row.at = len(heads), sum(n for _, n, _ in heads), now
    row.heads = zstandard.ZstdCompressor(level=3).compress(text)
    before = session.scalar(select(Anchor.mac).where(Anchor.day < day).order_by(Anchor.day.desc()).limit(1))
    row.mac = _sign(session, ANCHOR, day.isoformat(), _at(now), sha256(text).hexdigest(), before or "")
    session.add(row)
    _seal(session, ANCHOR, row.mac)
    session.flush()


def verify(session: Session) -> list[AuditProblem]:
    """Everything in the trails that does not add up; an empty list is a clean bill."""
    problems: list[AuditProblem] = []
    for trail, check in (("event", _verify_cases), (LEDGER, _verify_ledger), (ANCHOR, _verify_anchors)):
        try:
            problems += check(session)
        except (ValueError, TypeError, KeyError, AttributeError, zstandard.ZstdError) as error:
            problems.append(AuditProblem(trail, None, f"the trail cannot be read: {error}"))
    return problems


def _verify_cases(session: Session) -> Iterator[AuditProblem]:
    cases = {c: (n, h) for c, n, h in session.execute(select(Case.id, Case.event_count, Case.event_head))}
    seen: dict[UUID, tuple[int, str]] = {}
    broken: set[UUID] = set()
    events = select(Event).order_by(Event.case_id, Event.seq).execution_options(yield_per=1000)
    for event in session.scalars(events):
        count, last = seen.get(event.case_id, (0, ""))
        mac = _sign(
            session,
            last,
            str(event.case_id),
            count + 1,
            event.kind,
            event.actor,
            event.actor_name,
            _at(event.at),
            event.detail,
            event.submission,
        )
        if (event.seq != count + 1 or not hmac.compare_digest(mac, event.mac)) and event.case_id not in broken:
            broken.add(event.case_id)
            yield AuditProblem(str(event.case_id), event.seq, "the event does not follow from the one before it")
        seen[event.case_id] = (event.seq, event.mac)
        session.expunge(event)
    for case_id, (count, head) in cases.items():
        have, last = seen.pop(case_id, (0, ""))
        if case_id not in broken and (have != count or head != _head(session, case_id, have, last)):
            yield AuditProblem(str(case_id), have, "the events do not end where the case says they end")
    for case_id in seen:
        yield AuditProblem(str(case_id), None, "there are events of a case that is missing")
    opened = select(Ledger.detail).where(Ledger.kind == "case_opened")
    for detail in session.scalars(opened):
        case_id = UUID(json.loads(detail)["case"])
        if case_id not in cases:
            yield AuditProblem(str(case_id), None, "the case was opened but is missing")


def _verify_ledger(session: Session) -> Iterable[AuditProblem]:
    last, count = "", 0
    for row in session.scalars(select(Ledger).order_by(Ledger.seq)):
        mac = _sign(session, last, row.seq, row.kind, row.actor, row.actor_name, _at(row.at), row.detail)
        if row.seq != count + 1 or not hmac.compare_digest(mac, row.mac):
            return [AuditProblem(LEDGER, row.seq, "the entry does not follow from the one before it")]
        last, count = row.mac, row.seq
    counter = session.get(Counter, LEDGER)
    if (counter.value if counter else 0) != count or not _is_sealed(session, LEDGER, last):
        return [AuditProblem(LEDGER, count, "the ledger does not end where it should")]
    return []


def _verify_anchors(session: Session) -> Iterator[AuditProblem]:
    """Every head an anchor has seen must still be a place in its chain."""
    last = ""
    for row in session.scalars(select(Anchor).order_by(Anchor.day)):
        text = zstandard.ZstdDecompressor().decompress(row.heads)
        mac = _sign(session, ANCHOR, row.day.isoformat(), _at(row.at), sha256(text).hexdigest(), last)
        last = row.mac
        if not hmac.compare_digest(row.mac, mac):
            yield AuditProblem(ANCHOR, None, f"the anchor of {row.day} does not follow from the one before it")
            continue
        for name, count, head in json.loads(text):
            yield from _verify_anchored(session, name, count, head, row.day)
    if not _is_sealed(session, ANCHOR, last):
        yield AuditProblem(ANCHOR, None, "the anchors do not end where they should")


def _verify_anchored(session: Session, name: str, count: int, head: str, day: date) -> Iterator[AuditProblem]:
    last = head.partition(":")[0]
    table = Ledger if name == LEDGER else Event
    where = [table.seq == count] if name == LEDGER else [Event.case_id == UUID(name), Event.seq == count]
    if session.scalar(select(func.count()).select_from(table).where(*where, table.mac == last)) != 1:
        yield AuditProblem(name, count, f"the anchor of {day} saw an event that is no longer there")


def insert_events(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows made by `append_events`."""
    if rows:
        session.connection().execute(INSERT_EVENTS, list(rows))
