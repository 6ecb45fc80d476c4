"""Lists of people: questions about them and the import of a whole list. Nothing here changes a person in place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from argon2 import PasswordHasher
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import passwords, people
from engine.authority import Actor
from engine.errors import EngineError, Problem
from engine.model import Ledger, Person, PersonRole

ROWS_ALLOWED = 2000
COLUMNS = ("username", "name", "phone", "office", "roles")


class InvalidRows(EngineError):
    """Rows of the list are wrong; nobody was imported."""

    code = "invalid-rows"

    def __init__(self, problems: "Sequence[RowProblem]") -> None:
        super().__init__("; ".join(f"row {p.row} {p.column}: {p.problem.message}" for p in problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class RowProblem:
    """One thing wrong with one cell of an imported list."""

    row: int
    column: str
    problem: Problem


@dataclass(frozen=True)
class PersonRow:
    """A person as lists and pages show them."""

    id: int
    username: str
    name: str
    phone: str
    active: bool
    must_change_password: bool
    locked_until: datetime | None
    created_at: datetime
    roles: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True)
class LedgerRow:
    """A change of people, versions or calendars, as the page of changes shows it."""

    seq: int
    kind: str
    actor_name: str
    at: datetime
    detail: str


@dataclass(frozen=True)
class Imported:
    """A person just imported, with the password to hand over once."""

    username: str
    name: str
    password: str


def import_people(
    session: Session,
    rows: Sequence[Mapping[str, str]],
    *,
    offices: Mapping[str, str],
    roles: Mapping[str, str],
    hasher: PasswordHasher = passwords.CHEAP_HASHER,  # one-time passwords are long and random
    actor: Actor,
    now: datetime,
) -> tuple[Imported, ...]:
    """Add everybody on the list, or nobody: every wrong cell is named at once.

    `offices` and `roles` lead from what may be written (names, ids) to ids. Several rows of one user name give
    roles in several offices. Row numbers count from 2, as in a sheet with a heading.
    """
    people.require_administrator(actor)
    wanted: dict[str, tuple[dict[str, str], set[tuple[str, str]]]] = {}
    problems: list[RowProblem] = []
    if not 0 < len(rows) <= ROWS_ALLOWED:
        raise InvalidRows([RowProblem(1, "", Problem("row-count", f"1 to {ROWS_ALLOWED} rows are allowed"))])
    taken = set(session.scalars(select(Person.username)))
    for number, raw in enumerate(rows, start=2):
        row = {column: str(raw.get(column) or "").strip() for column in COLUMNS}
        row["username"] = row["username"].lower()
        held, wrong = _roles_in(row, offices, roles)
        wrong |= people.person_problems(row["username"], row["name"], row["phone"])
        if row["username"] in taken:
            wrong["username"] = Problem("username-taken", "somebody else has this user name")
        first, so_far = wanted.setdefault(row["username"], (row, set()))
        if first["name"] != row["name"]:
            wrong["name"] = Problem("row-name-differs", "the same user name has another name in an earlier row")
        so_far |= held
        problems += [RowProblem(number, column, problem) for column, problem in wrong.items()]
    if problems:
        raise InvalidRows(problems)
    return tuple(_add(session, row, held, hasher, actor, now) for row, held in wanted.values())


def _add(
    session: Session,
    row: Mapping[str, str],
    held: set[tuple[str, str]],
    hasher: PasswordHasher,
    actor: Actor,
    now: datetime,
) -> Imported:
    _, secret = people.create_person(
        session,
        username=row["username"],
        name=row["name"],
        phone=row["phone"],
        roles=held,
        hasher=hasher,
        actor=actor,
        now=now,
    )
    return Imported(row["username"], row["name"], secret)


def _roles_in(
    row: Mapping[str, str], offices: Mapping[str, str], roles: Mapping[str, str]
) -> tuple[set[tuple[str, str]], dict[str, Problem]]:
    """The (role, office) pairs of a row. Roles are separated by the enumeration comma, a comma or a semicolon."""
    wrong: dict[str, Problem] = {}
    office = offices.get(row["office"])
    if office is None:
        wrong["office"] = Problem("unknown-office", "no such office", {"value": row["office"]})
    names = [name for name in row["roles"].translate(str.maketrans("，、；;", ",,,,")).split(",") if name.strip()]
    unknown = [name.strip() for name in names if name.strip() not in roles]
    if unknown or not names:
        wrong["roles"] = Problem("unknown-role", "no such role", {"value": ", ".join(unknown)})
    return {(roles[name.strip()], office) for name in names if not unknown and office}, wrong


def list_people(
    session: Session, *, actor: Actor, q: str = "", office: str = "", role: str = "", active: bool | None = None
) -> tuple[PersonRow, ...]:
    """The people that match, by name."""
    people.require_administrator(actor)
    query = select(Person).order_by(Person.username)
    if q:
        query = query.where(or_(Person.username.contains(q, autoescape=True), Person.name.contains(q, autoescape=True)))
    if active is not None:
        query = query.where(Person.active == active)
    if office or role:
        held = select(PersonRole.person_id)
        held = held.where(PersonRole.office == office) if office else held
        held = held.where(PersonRole.role == role) if role else held
        query = query.where(Person.id.in_(held))
    return _rows(session, session.scalars(query).all())


def person_of(session: Session, person_id: int, *, actor: Actor) -> PersonRow:
    """One person; oneself or, for administrators, anybody."""
    if actor.id != person_id:
        people.require_administrator(actor)
    return _rows(session, [people.person_row(session, person_id)])[0]


def changes(session: Session, *, actor: Actor, limit: int = 200) -> tuple[LedgerRow, ...]:
    """The latest entries of the ledger about people and settings, newest first; cases tell their own story."""
    people.require_administrator(actor)
    entries = session.scalars(
        select(Ledger).where(Ledger.kind != "case_opened").order_by(Ledger.seq.desc()).limit(limit)
    )
    return tuple(LedgerRow(e.seq, e.kind, e.actor_name, e.at, e.detail) for e in entries)


def _rows(session: Session, found: Sequence[Person]) -> tuple[PersonRow, ...]:
    roles = people.roles_of(session, [person.id for person in found])
    return tuple(
        PersonRow(
            person.id,
            person.username,
            person.name,
            person.phone,
            person.active,
            person.must_change_password,
            person.locked_until,
            person.created_at,
            roles.get(person.id, ()),
        )
        for person in found
    )
