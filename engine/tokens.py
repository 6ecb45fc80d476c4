"""Tokens by which a tool acts for a person: shown once, kept as a digest, revoked at any time."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.audit import append_ledger
from engine.authority import Actor
from engine.errors import InvalidAnswers, NotFound, Problem
from engine.model import ApiToken, Person
from engine.passwords import actor_for

PREFIX = "tj_"  # whoever finds one in a file can see what it is
NAME_LENGTH, TOKENS = 60, 20  # characters of a name; tokens of one person
STALE = timedelta(minutes=5)  # how exactly the last use is kept


@dataclass(frozen=True)
class TokenRow:
    """A token, without the token."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


def tokens(session: Session, actor: Actor) -> list[TokenRow]:
    """This person's tokens that are in force."""
    query = select(ApiToken).where(ApiToken.person_id == actor.id, ApiToken.revoked_at.is_(None))
    return [
        TokenRow(row.id, row.name, row.created_at, row.used_at) for row in session.scalars(query.order_by(ApiToken.id))
    ]


def make_token(session: Session, name: str, *, actor: Actor, now: datetime) -> str:
    """A new token of this person; it cannot be shown again. Raises InvalidAnswers, NotFound for the clock."""
    if actor.id is None:
        raise NotFound
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        raise InvalidAnswers({"name": Problem("token-name", f"1 to {NAME_LENGTH} characters")})
    mine = (ApiToken.person_id == actor.id, ApiToken.revoked_at.is_(None))
    if (session.scalar(select(func.count()).select_from(ApiToken).where(*mine)) or 0) >= TOKENS:
        raise InvalidAnswers({"name": Problem("too-many-tokens", f"at most {TOKENS}", {"limit": TOKENS})})
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(person_id=actor.id, name=name, digest=_digest(token), created_at=now)
    session.add(row)
    session.flush()
    append_ledger(session, "token_made", {"token": row.id, "name": name}, actor, now)
    return token


def revoke_token(session: Session, token_id: int, *, actor: Actor, now: datetime) -> None:
    """Make one's own token useless from now on. Raises NotFound."""
    row = session.get(ApiToken, token_id)
    if row is None or row.person_id != actor.id or row.revoked_at is not None:
        raise NotFound
    row.revoked_at = now
    append_ledger(session, "token_revoked", {"token": row.id, "name": row.name}, actor, now)


def actor_of_token(session: Session, token: str, *, now: datetime) -> tuple[Actor, bool] | None:
    """Who stands behind a token, and whether its use should be noted; nobody where it is unknown or revoked."""
    query = (
        select(ApiToken, Person)
        .join(Person, Person.id == ApiToken.person_id)
        .where(ApiToken.digest == _digest(token), ApiToken.revoked_at.is_(None), Person.active)
    )
    found = session.execute(query).first()
    if found is None:
        return None
    row, person = found
    return actor_for(session, person, now), row.used_at is None or now - row.used_at > STALE


def note_use(session: Session, token: str, *, now: datetime) -> None:
    """Remember that a token was used."""
    row = session.scalar(select(ApiToken).where(ApiToken.digest == _digest(token)))
    if row is not None:
        row.used_at = now


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
