"""Where a form's choices come from when they are not written in the form: people, offices, registers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.directory import Directory
from engine.forms import Option
from engine.model import Person, PersonRole

Options = Callable[[str], Sequence[Option]]


def options_for(session: Session, known: Directory, office: str, actor: Actor) -> Options:
    """A function from `valuesKey` to options.

    `people:<role>`: active people with that role in the case's office (anywhere for a district-wide role);
    `offices`, `offices:<kind>`; `<register>`: its rows, those of the case's office first; `persons:me`.
    """
    answered: dict[str, list[Option]] = {}

    def options(key: str) -> list[Option]:
        if key not in answered:
            answered[key] = list(_options(session, known, office, actor, key))
        return answered[key]

    return options


def _options(session: Session, known: Directory, office: str, actor: Actor, key: str) -> list[Option]:
    kind, _, rest = key.partition(":")
    if kind == "people":
        return [Option(str(p), name) for p, name in people_with(session, known, rest, office)]
    if kind == "persons":
        return [Option(str(actor.id), actor.name)] if actor.id is not None else []
    if kind == "offices":
        rows = [o for o in known.offices.values() if not rest or o.get("kind") == rest]
        return [Option(str(o["id"]), str(o["name"])) for o in rows]
    register = known.registers.get(kind, {})
    own = [row for row in register.values() if _is_of(row, office, known)]
    return [Option(str(row["id"]), str(row["name"])) for row in (own or register.values())]


def _is_of(row: Mapping[str, Any], office: str, known: Directory) -> bool:
    """Whether a register row names the office, its kind, or any office at all."""
    kind = known.offices.get(office, {}).get("kind")
    return office in row.get("offices", ()) or kind in row.get("kinds", ()) or bool(row.get("any_office"))


def people_with(session: Session, known: Directory, role: str, office: str) -> list[tuple[int, str]]:
    """Active people who hold a role, by name."""
    query = select(Person.id, Person.name).join(PersonRole, PersonRole.person_id == Person.id)
    query = query.where(PersonRole.role == role, Person.active).order_by(Person.name, Person.id).distinct()
    declared = known.roles.get(role)
    if declared is None or declared.scope != "district":
        query = query.where(PersonRole.office == office)
    return [(person, name) for person, name in session.execute(query)]
