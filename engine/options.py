"""Where a form's choices come from when they are not written in the form: people, offices, registers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import registry
from engine.authority import Actor
from engine.directory import Directory
from engine.forms import Offered, Option
from engine.model import Person, PersonRole
from engine.registry import Register, Version
from engine.registry.reading import day_of

Options = Callable[[str], Sequence[Option]]
NOTHING: Mapping[str, Any] = {}


def options_for(
    session: Session, known: Directory, office: str, actor: Actor, *, now: datetime, facts: Mapping[str, Any] = NOTHING
) -> Options:
    """A function from `valuesKey` to options.

    `people:<role>`: active people with that role in the case's office (anywhere for a district-wide role);
    `offices`, `offices:<kind>`; `persons:me`; `<register>`: what is published for the office as of `now`, narrowed by
    the case's `facts` where the register says so; `<register>:all`: also what is published for the whole house.
    """
    answered: dict[str, Sequence[Option]] = {}

    def options(key: str) -> Sequence[Option]:
        if key not in answered:
            answered[key] = _options(session, known, office, actor, key, day_of(now), facts)
        return answered[key]

    return options


def _options(
    session: Session,
    known: Directory,
    office: str,
    actor: Actor,
    key: str,
    day: date | None,
    facts: Mapping[str, Any],
) -> Sequence[Option]:
    kind, _, rest = key.partition(":")
    if kind == "people":
        return [Option(str(p), name) for p, name in people_with(session, known, rest, office)]
    if kind == "persons":
        return [Option(str(actor.id), actor.name)] if actor.id is not None else []
    if kind == "offices":
        rows = [o for o in known.offices.values() if not rest or o.get("kind") == rest]
        return [Option(str(o["id"]), str(o["name"])) for o in rows]
    register = known.registers.get(kind)
    if register is None:
        return []
    versions = registry.listed(session, register, office, known.office_kind(office), day)
    whole = [version for version in registry.of_office(session, register, "") if version.valid_on(day)]
    if rest:
        versions = list({version.key: version for version in (*whole, *versions)}.values())
    offered = [version for version in versions if register.is_offered(version.data)]
    if register.account:
        return _people(session, known, register, office, day, offered, facts)
    if not offered and not registry.has_published(session, register, office, day):
        offered = whole  # nothing names the office: everything there is
    return [_option(register, version, day) for version in offered]


def _option(register: Register, version: Version, day: date | None) -> Option:
    """A row by its name; what it rests on having ended is said."""
    label = str(version.data.get(register.label, version.key))
    gone = day is not None and register.lapsed(version.data, day)
    return Option(version.key, label + str(register.words.get("lapsed", "")) if gone else label)


def _people(
    session: Session,
    known: Directory,
    register: Register,
    office: str,
    day: date | None,
    offered: Sequence[Version],
    facts: Mapping[str, Any],
) -> Offered:
    """The people that rows stand for: those listed for the case's facts, else all listed ones.

    Where the office has published nothing yet: everybody with the role that the register names, and words that say so.
    """
    if not offered and not registry.has_published(session, register, office, day):
        held = people_with(session, known, register.instead, office) if register.instead else []
        return Offered([Option(str(p), name) for p, name in held], str(register.words.get("unpublished", "")))
    accounts = [str(version.data.get(register.account, "")) for version in offered]
    query = select(Person.username, Person.id).where(Person.username.in_(accounts), Person.active)
    ids = {row.username: row.id for row in session.execute(query)}
    able = [(ids[name], version) for name, version in zip(accounts, offered, strict=True) if name in ids]
    fitting = [(person, version) for person, version in able if _fits(register, version, facts)]
    options = [Option(str(person), str(version.data.get(register.label, ""))) for person, version in fitting or able]
    word = "" if fitting else "narrowed" if able else "nobody"
    return Offered(options, str(register.words.get(word, "")))


def _fits(register: Register, version: Version, facts: Mapping[str, Any]) -> bool:
    """Whether the row is listed for what the case is about; a row that names nothing is listed for everything."""
    for name, fact in register.narrowed.items():
        keys = version.data.get(name)
        if keys and facts.get(fact) is not None and facts[fact] not in keys:
            return False
    return True


def people_with_any(session: Session) -> list[tuple[int, str]]:
    """All active people, by name."""
    query = select(Person.id, Person.name).where(Person.active).order_by(Person.name, Person.id)
    return [(person, name) for person, name in session.execute(query)]


def people_with(session: Session, known: Directory, role: str, office: str) -> list[tuple[int, str]]:
    """Active people who hold a role, by name."""
    query = select(Person.id, Person.name).join(PersonRole, PersonRole.person_id == Person.id)
    query = query.where(PersonRole.role == role, Person.active).order_by(Person.name, Person.id).distinct()
    declared = known.roles.get(role)
    if declared is None or declared.scope != "district":
        query = query.where(PersonRole.office == office)
    return [(person, name) for person, name in session.execute(query)]
