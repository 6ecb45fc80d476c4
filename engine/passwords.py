"""Signing in: passwords, lockout and tokens. The face keeps the token, we keep only its digest."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.deputies import stands_in_for
from engine.errors import EngineError
from engine.model import Person, PersonRole, SignIn

FAILURES_ALLOWED = 5
LOCKOUT = timedelta(minutes=15)
IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(hours=24)
SEEN_STEP = timedelta(minutes=5)  # `seen_at` is written at most this often, so that reading pages writes nothing
PASSWORD_LENGTH = 10
PASSWORD_LIMIT = 200  # hashing a megabyte would be a way to keep the server busy
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no letter that looks like another
HASHER = PasswordHasher()
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # long random or public passwords; tests


class BadCredentials(EngineError):
    """The user name or the password is wrong."""

    code = "bad-credentials"


class LockedOut(EngineError):
    """Too many wrong passwords; this account is locked for a while."""

    code = "locked-out"


class WeakPassword(EngineError):
    """The password needs at least ten characters with letters and digits, and must not contain the user name."""

    code = "weak-password"


@dataclass(frozen=True)
class SignedIn:
    """Who stands behind a token. `stale` asks the face to call `touch_sign_in`."""

    actor: Actor
    username: str
    must_change_password: bool
    stale: bool


def one_time_password() -> str:
    """A password to hand over on paper; it must be changed at the first sign-in."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3)) + str(secrets.randbelow(10))


def check_password_rules(username: str, password: str) -> None:
    """Refuse a password that is easy to guess."""
    kinds = (any(letter.isalpha() for letter in password), any(letter.isdigit() for letter in password))
    long_enough = PASSWORD_LENGTH <= len(password) <= PASSWORD_LIMIT
    if not long_enough or not all(kinds) or username.lower() in password.lower():
        raise WeakPassword


def knows_password(session: Session, username: str, password: str, *, hasher: PasswordHasher = HASHER) -> bool:
    """Whether the password is right. A question, so that the slow hash is computed outside any write transaction.

    An unknown user costs the same time as a known one.
    """
    found = session.scalar(select(Person.password_hash).where(Person.username == _plain(username), Person.active))
    hashed = found or hasher.hash(secrets.token_hex(8))
    try:
        hasher.verify(hashed, password[:PASSWORD_LIMIT])
    except (VerificationError, InvalidHashError):
        return False
    return bool(found)


def sign_in(session: Session, username: str, *, known: bool, now: datetime) -> tuple[str, Actor]:
    """Open a sign-in session after `knows_password`; count failures and lock after five.

    The face commits also when this raises: the count of failures must stay.
    """
    person = session.scalar(select(Person).where(Person.username == _plain(username), Person.active).with_for_update())
    if person is None:
        raise BadCredentials
    if person.locked_until is not None and now < person.locked_until:
        raise LockedOut(minutes=_minutes(person.locked_until - now))
    if not known:
        person.failed_attempts += 1
        if person.failed_attempts >= FAILURES_ALLOWED:
            person.failed_attempts = 0
            person.locked_until = now + LOCKOUT
            session.flush()
            raise LockedOut(minutes=_minutes(LOCKOUT))
        session.flush()
        raise BadCredentials
    person.failed_attempts, person.locked_until = 0, None
    session.execute(delete(SignIn).where(SignIn.created_at <= now - ABSOLUTE))
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token=_digest(token), person_id=person.id, created_at=now, seen_at=now))
    session.flush()
    return token, actor_for(session, person, now)


def actor_of(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Who stands behind this token, or nobody: it may be unknown, idle too long or too old, the person disabled."""
    row = session.execute(
        select(SignIn, Person)
        .join(Person, Person.id == SignIn.person_id)
        .where(SignIn.token == _digest(token), Person.active)
    ).first()
    if row is None:
        return None
    opened, person = row
    if now >= opened.seen_at + IDLE or now >= opened.created_at + ABSOLUTE:
        return None
    return SignedIn(
        actor=actor_for(session, person, now),
        username=person.username,
        must_change_password=person.must_change_password,
        stale=now >= opened.seen_at + SEEN_STEP,
    )


def touch_sign_in(session: Session, token: str, now: datetime) -> None:
    """Remember that the person is still there."""
    opened = session.get(SignIn, _digest(token))
    if opened is not None:
        opened.seen_at = now


def sign_out(session: Session, token: str) -> None:
    """End this sign-in session on the server."""
    session.execute(delete(SignIn).where(SignIn.token == _digest(token)))


def end_sign_ins(session: Session, person_id: int, *, keep: str = "") -> None:
    """End every sign-in session of a person, but the one with the token `keep`."""
    session.execute(delete(SignIn).where(SignIn.person_id == person_id, SignIn.token != _digest(keep)))


def actor_for(session: Session, person: Person, now: datetime) -> Actor:
    """The actor a person is, with the roles held now and those they act for now."""
    held: Any = session.execute(select(PersonRole.role, PersonRole.office).where(PersonRole.person_id == person.id))
    deputised = stands_in_for(session, person.id, now=now)
    return Actor(person.id, person.name, frozenset((role, office) for role, office in held), deputised)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _plain(username: str) -> str:
    return username.strip().lower()[:64]


def _minutes(left: timedelta) -> int:
    return max(1, -(-int(left.total_seconds()) // 60))
