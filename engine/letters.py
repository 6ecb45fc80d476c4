"""Mail to those who want it: a digest on working days, urgent notices at once.

A letter is an effect of the kind `mail`, sent outside of any transaction: a slow mail server holds up nobody. It says
how many notices wait, and the numbers of their cases; whoever wants more has to sign in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine.authority import CLOCK, Actor
from engine.calendars import DAY
from engine.deadlines import OFFICE
from engine.directory import directory
from engine.errors import EngineError
from engine.model import Case, Effect, MailChoice, Notice, Person
from engine.recovery import record_incident

MAIL = "mail"
ADDRESS = re.compile(r"[^@\s<>,;:\"()\\]{1,64}@[A-Za-z0-9.-]{1,190}", re.ASCII)
HOURS = range(24)
LISTED = 30  # cases named in a letter
LEASE = timedelta(minutes=10)  # how long a letter belongs to the clock that sends it
STALE = timedelta(days=1)  # what could not go out at once for so long waits for the digest
ATTEMPTS = 10  # about five hours, then an incident
LONGEST_WAIT = timedelta(hours=1)


class InvalidMail(EngineError):
    """This is not a mail address, or not an hour of the day."""

    code = "invalid-mail"


@dataclass(frozen=True)
class MailWish:
    """What a person has chosen."""

    address: str = ""
    hour: int | None = None
    urgent: bool = False


@dataclass(frozen=True)
class Letter:
    """One mail to be sent. `key` stays the same when it is sent again."""

    effect_id: int
    key: str
    address: str
    kind: str  # digest | urgent
    unread: int
    items: tuple[tuple[str, str], ...]  # number and id of each case
    written_at: datetime


def mail_wish(session: Session, actor: Actor) -> MailWish:
    """One's own choice."""
    row = session.get(MailChoice, actor.id)
    return MailWish(row.address, row.hour, row.urgent) if row is not None else MailWish()


def choose_mail(session: Session, *, wish: MailWish, actor: Actor, now: datetime) -> None:
    """Choose where and when to get mail; without an hour and urgent ones there is none. Raises InvalidMail."""
    if actor.id is None:
        return
    row = session.get(MailChoice, actor.id)
    address, hour, urgent = wish.address, wish.hour, wish.urgent
    if hour is None and not urgent:
        if row is not None:
            session.delete(row)
        session.execute(update(Notice).where(Notice.person_id == actor.id).values(mail_at=None))
        return
    if ADDRESS.fullmatch(address.strip()) is None or (hour is not None and hour not in HOURS):
        raise InvalidMail(address=address)
    if row is None:
        row = MailChoice(person_id=actor.id, told_until=now)
        session.add(row)
    row.address, row.hour, row.urgent = address.strip(), hour, urgent
    row.digest_at = _next_digest(session, hour, now) if hour is not None else None
    if not urgent:
        session.execute(update(Notice).where(Notice.person_id == actor.id).values(mail_at=None))


def due_mails(session: Session, *, now: datetime) -> list[int]:
    """The people to whom something is to be written now."""
    digests = select(MailChoice.person_id).where(MailChoice.digest_at.is_not(None), MailChoice.digest_at <= now)
    urgent = select(Notice.person_id).where(Notice.mail_at.is_not(None), Notice.mail_at <= now).distinct()
    return sorted({*session.scalars(digests), *session.scalars(urgent)})


def write_mail(session: Session, person_id: int, *, now: datetime) -> None:
    """Put a person's due letters into the outbox; nothing new is no letter."""
    choice = session.get(MailChoice, person_id, with_for_update=True)
    person = session.get(Person, person_id)
    pending = select(Notice).where(Notice.person_id == person_id, Notice.mail_at.is_not(None), Notice.mail_at <= now)
    at_once = [notice for notice in session.scalars(pending) if notice.created_at > now - STALE]
    session.execute(update(Notice).where(Notice.person_id == person_id, Notice.mail_at <= now).values(mail_at=None))
    if choice is None or person is None or not person.active:
        return
    if at_once:
        _post(session, person_id, "urgent", at_once, now)
    if choice.digest_at is not None and choice.digest_at <= now:
        fresh = select(Notice).where(
            Notice.person_id == person_id, Notice.unread, Notice.created_at > choice.told_until
        )
        new = session.scalars(fresh.order_by(Notice.urgent.desc(), Notice.created_at.desc())).all()
        if new:
            _post(session, person_id, "digest", new, now)
        choice.told_until = now
        choice.digest_at = _next_digest(session, choice.hour, now) if choice.hour is not None else None


def due_letters(session: Session, *, now: datetime) -> list[int]:
    """Letters in the outbox that are to be sent now."""
    query = select(Effect.id).where(Effect.state == "pending", Effect.next_at <= now, Effect.kind == MAIL)
    return list(session.scalars(query.order_by(Effect.next_at, Effect.id).limit(50)))


def take_letter(session: Session, effect_id: int, *, now: datetime) -> Letter | None:
    """A letter to be sent by the caller, who has it for a while; None when there is nobody to send it to any more."""
    effect = session.get(Effect, effect_id, with_for_update=True)
    if effect is None or effect.state != "pending" or effect.next_at > now:
        return None
    choice = session.get(MailChoice, effect.payload["person"])
    if choice is None:
        effect.state = "done"
        return None
    effect.next_at = now + LEASE
    payload = effect.payload
    items = tuple((str(number), str(case)) for number, case in payload["items"])
    return Letter(effect.id, effect.key, choice.address, payload["letter"], payload["unread"], items, effect.created_at)


def letter_sent(session: Session, effect_id: int) -> None:
    """The letter is out."""
    effect = session.get_one(Effect, effect_id)
    effect.attempts += 1
    effect.state, effect.error = "done", ""


def fail_letter(session: Session, effect_id: int, error: Exception, *, now: datetime) -> None:
    """The letter could not be sent: later again, and after many attempts an incident."""
    effect = session.get_one(Effect, effect_id)
    effect.attempts += 1
    effect.error = f"{type(error).__name__}: {error}"
    effect.next_at = now + min(LONGEST_WAIT, timedelta(minutes=2 ** (effect.attempts - 1)))
    if effect.attempts >= ATTEMPTS:
        effect.state = "dead"
        record_incident(session, "deliver_effect", {"effect_id": effect_id}, error, actor=CLOCK, now=now)


def _post(session: Session, person_id: int, letter: str, notices: Sequence[Notice], now: datetime) -> None:
    cases = list(dict.fromkeys(notice.case_id for notice in notices if notice.case_id is not None))[:LISTED]
    numbers = dict(session.execute(select(Case.id, Case.number).where(Case.id.in_(cases))).all())
    unread = session.scalar(select(func.count()).where(Notice.person_id == person_id, Notice.unread)) or 0
    payload: dict[str, Any] = {"person": person_id, "letter": letter, "unread": unread}
    payload["items"] = [[numbers[case], str(case)] for case in cases]
    key = f"mail:{person_id}:{letter}:{max(notice.id for notice in notices)}"
    session.add(Effect(key=key, kind=MAIL, payload=payload, next_at=now, created_at=now))


def _next_digest(session: Session, hour: int, now: datetime) -> datetime:
    """The next working day on which the hour is still to come."""
    calendar = directory(session).calendar
    local = now.astimezone(OFFICE)
    day = local.date() if local.hour < hour else local.date() + DAY
    while not calendar.day(day).working:
        day += DAY
    return datetime.combine(day, time(hour), OFFICE).astimezone(UTC)
