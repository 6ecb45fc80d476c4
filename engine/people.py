"""Who may sign in and which roles they hold in which office. Every change is written to the ledger."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import passwords
from engine.audit import append_ledger
from engine.authority import Actor
from engine.errors import EngineError, NotAllowed, NotFound, Problem
from engine.model import Person, PersonRole

ADMINISTRATOR = "administrator"
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


class UsernameTaken(EngineError):
    """Somebody else has this user name."""

    code = "username-taken"


class InvalidPerson(EngineError):
    """Something about this person is missing or wrong."""

    code = "invalid-person"

    def __init__(self, problems: Mapping[str, Problem]) -> None:
        super().__init__("; ".join(f"{name}: {problem.message}" for name, problem in problems.items()))
        self.problems = dict(problems)


class LastAdministrator(EngineError):
    """Somebody must stay able to administer people."""

    code = "last-administrator"


def create_person(
    session: Session,
    *,
    username: str,
    name: str,
    phone: str = "",
    roles: Iterable[tuple[str, str]] = (),
    password: str | None = None,
    must_change_password: bool = True,
    hasher: PasswordHasher = passwords.HASHER,
    actor: Actor,
    now: datetime,
) -> tuple[int, str]:
    """Add a person; answers the id and the password, made up here unless given."""
    require_administrator(actor)
    username, name = username.strip().lower(), name.strip()
    if problems := person_problems(username, name, phone):
        raise InvalidPerson(problems)
    if session.scalar(select(Person.id).where(Person.username == username)) is not None:
        raise UsernameTaken(username=username)
    secret = password or passwords.one_time_password()
    person = Person(
        username=username,
        name=name,
        phone=phone.strip(),
        password_hash=hasher.hash(secret),
        must_change_password=must_change_password,
        created_at=now,
    )
    session.add(person)
    session.flush()
    session.add_all(PersonRole(person_id=person.id, role=role, office=office) for role, office in sorted(set(roles)))
    _record(session, "person_created", person, actor, now, name=name, roles=sorted(set(roles)))
    return person.id, secret


def edit_person(session: Session, person_id: int, *, name: str, phone: str, actor: Actor, now: datetime) -> None:
    """Correct name and phone."""
    require_administrator(actor)
    person = person_row(session, person_id)
    if problems := person_problems(person.username, name.strip(), phone):
        raise InvalidPerson(problems)
    if (person.name, person.phone) != (name.strip(), phone.strip()):
        person.name, person.phone = name.strip(), phone.strip()
        _record(session, "person_edited", person, actor, now, name=person.name, phone=person.phone)


def set_roles(
    session: Session, person_id: int, roles: Iterable[tuple[str, str]], *, actor: Actor, now: datetime
) -> None:
    """Let the person hold exactly these roles."""
    require_administrator(actor)
    person, wanted = person_row(session, person_id), set(roles)
    held = set(roles_of(session, [person_id]).get(person_id, ()))
    if wanted == held:
        return
    if ADMINISTRATOR in {role for role, _ in held} - {role for role, _ in wanted}:
        _refuse_last_administrator(session, person_id)
    session.execute(delete(PersonRole).where(PersonRole.person_id == person_id))
    session.add_all(PersonRole(person_id=person_id, role=role, office=office) for role, office in sorted(wanted))
    _record(session, "roles_changed", person, actor, now, added=sorted(wanted - held), removed=sorted(held - wanted))


def disable_person(session: Session, person_id: int, *, actor: Actor, now: datetime) -> None:
    """End the person's access at once; their name stays in the cases."""
    require_administrator(actor)
    person = person_row(session, person_id)
    if person.active:
        _refuse_last_administrator(session, person_id)
        person.active = False
        passwords.end_sign_ins(session, person_id)
        _record(session, "person_disabled", person, actor, now)


def enable_person(session: Session, person_id: int, *, actor: Actor, now: datetime) -> None:
    """Give access back and end a lockout."""
    require_administrator(actor)
    person = person_row(session, person_id)
    if not person.active or person.locked_until:
        person.active, person.locked_until, person.failed_attempts = True, None, 0
        _record(session, "person_enabled", person, actor, now)


def reset_password(
    session: Session, person_id: int, *, hasher: PasswordHasher = passwords.HASHER, actor: Actor, now: datetime
) -> str:
    """A new one-time password; whoever was signed in with the old one is out."""
    require_administrator(actor)
    person, secret = person_row(session, person_id), passwords.one_time_password()
    person.password_hash, person.must_change_password = hasher.hash(secret), True
    person.failed_attempts, person.locked_until = 0, None
    passwords.end_sign_ins(session, person_id)
    _record(session, "password_reset", person, actor, now)
    return secret


def set_password(
    session: Session,
    password: str,
    *,
    token: str = "",
    hasher: PasswordHasher = passwords.HASHER,
    actor: Actor,
    now: datetime,
) -> None:
    """Change one's own password; only the sign-in session with this token stays open."""
    person = person_row(session, actor.id)
    passwords.check_password_rules(person.username, password)
    person.password_hash, person.must_change_password = hasher.hash(password), False
    passwords.end_sign_ins(session, person.id, keep=token)
    _record(session, "password_changed", person, actor, now)


def person_problems(username: str, name: str, phone: str) -> dict[str, Problem]:
    """Everything wrong with the particulars of a person."""
    found = {}
    if not USERNAME.fullmatch(username):
        found["username"] = Problem("username", "2 to 40 small letters, digits, dots, dashes or underscores")
    if not name or len(name) > 40:  # noqa: PLR2004 a name is a name
        found["name"] = Problem("person-name", "the name is missing or longer than 40 characters")
    if phone.strip() and not re.fullmatch(r"[0-9+() -]{5,20}", phone.strip()):
        found["phone"] = Problem("phone", "not a phone number")
    return found


def may_administer(actor: Actor) -> bool:
    """Whether this actor may change people. An actor without a person is the system itself."""
    return actor.id is None or actor.holds(ADMINISTRATOR)


def require_administrator(actor: Actor) -> None:
    """Refuse everybody else."""
    if not may_administer(actor):
        raise NotAllowed


def person_row(session: Session, person_id: int | None) -> Person:
    """The table row, or `NotFound`."""
    person = session.get(Person, person_id) if person_id is not None else None
    if person is None:
        raise NotFound
    return person


def _refuse_last_administrator(session: Session, person_id: int) -> None:
    others = (
        select(Person.id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(PersonRole.role == ADMINISTRATOR, Person.active, Person.id != person_id)
    )
    held = roles_of(session, [person_id]).get(person_id, ())
    if any(role == ADMINISTRATOR for role, _ in held) and session.scalar(others.limit(1)) is None:
        raise LastAdministrator


def roles_of(session: Session, ids: Sequence[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    """The roles each of these people holds, as (role, office)."""
    held: dict[int, list[tuple[str, str]]] = {}
    wanted = select(PersonRole).order_by(PersonRole.office, PersonRole.role)
    if len(ids) == 1:
        wanted = wanted.where(PersonRole.person_id == ids[0])
    for row in session.scalars(wanted):
        held.setdefault(row.person_id, []).append((row.role, row.office))
    return {person: tuple(roles) for person, roles in held.items()}


def _record(session: Session, kind: str, person: Person, actor: Actor, now: datetime, **detail: Any) -> None:
    append_ledger(session, kind, {"person": person.id, "username": person.username, **detail}, actor=actor, now=now)
