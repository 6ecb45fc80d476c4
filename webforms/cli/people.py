"""`tiaojie person`: people from the command line, the first administrator above all."""

from argparse import Namespace
from typing import Any

import engine
from webforms.cli.house import machine_now, open_database, read_settings
from webforms.cli.output import Commands, Refused, command, tell, tell_json, tell_table

PERSON = "People: add, list, give a new password, disable. The rest is done on the site by an administrator."
CODES = "exit codes: 0 done; 2 refused: no such person, user name taken, unknown role or office"
ADD = """Add a person; the one-time password is printed once and must be changed at the first sign-in.

The first administrator: tiaojie person add admin 系统管理员 --role administrator@justice_bureau"""


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "person", _missing, PERSON, epilog=CODES)
    inner = parser.add_subparsers(metavar="COMMAND", required=True)
    adding = command(inner, "add", add, ADD, epilog=CODES, takes_json=True)
    adding.add_argument("username")
    adding.add_argument("name")
    adding.add_argument("--phone", default="")
    adding.add_argument("--role", action="append", default=[], metavar="ROLE@OFFICE", help="may be given several times")
    listing = command(inner, "list", show, "List people. With their roles.", epilog=CODES, takes_json=True)
    listing.add_argument("--office", default="")
    listing.add_argument("--role", default="")
    reset = command(
        inner, "reset-password", reset_password, "Give a new one-time password.", epilog=CODES, takes_json=True
    )
    reset.add_argument("username")
    disable = command(
        inner, "disable", disable_person, "Disable a person. Their name stays in the cases.", epilog=CODES
    )
    disable.add_argument("username")


def _missing(_chosen: Namespace) -> int:
    raise Refused("say what to do: add, list, reset-password, disable")


def add(chosen: Namespace) -> int:
    """Add and print the password."""
    settings = read_settings()
    database = open_database(settings, create=True)
    with database.sessions.begin() as session:
        known = engine.directory(session)
        roles = [_role(text, known) for text in chosen.role]
        try:
            person, password = engine.create_person(
                session,
                username=chosen.username,
                name=chosen.name,
                phone=chosen.phone,
                roles=roles,
                actor=engine.SYSTEM,
                now=machine_now(settings),
            )
        except (engine.UsernameTaken, engine.InvalidPerson) as error:
            raise Refused(f"{chosen.username}: {error}") from error
    if chosen.json:
        tell_json({"id": person, "username": chosen.username, "password": password})
    else:
        tell(f"{chosen.username}: the password is {password} (to be changed at the first sign-in)")
    return 0


def _role(text: str, known: engine.Directory) -> tuple[str, str]:
    role, _, office = text.partition("@")
    if known.roles and role not in known.roles:
        raise Refused(f"there is no role {role}; known are {', '.join(known.roles)}")
    if not office or (known.offices and office not in known.offices):
        raise Refused(f"say in which office, as in {role}@OFFICE; known are {', '.join(known.offices)}")
    return role, office


def show(chosen: Namespace) -> int:
    """List people."""
    database = open_database(read_settings())
    with database.reads.begin() as session:
        people = engine.list_people(session, actor=engine.SYSTEM, office=chosen.office, role=chosen.role)
    if chosen.json:
        tell_json([_row(person) for person in people])
    else:
        rows = [
            (
                p.username,
                p.name,
                " ".join(f"{role}@{office}" for role, office in p.roles),
                "" if p.active else "disabled",
            )
            for p in people
        ]
        tell_table("People", ("user name", "name", "roles", ""), rows)
    return 0


def _row(person: Any) -> dict[str, Any]:
    return {
        "id": person.id,
        "username": person.username,
        "name": person.name,
        "phone": person.phone,
        "active": person.active,
        "roles": [{"role": role, "office": office} for role, office in person.roles],
    }


def reset_password(chosen: Namespace) -> int:
    """A new one-time password."""
    settings = read_settings()
    database = open_database(settings)
    with database.sessions.begin() as session:
        person = _find(session, chosen.username)
        password = engine.reset_password(session, person, actor=engine.SYSTEM, now=machine_now(settings))
    if chosen.json:
        tell_json({"username": chosen.username, "password": password})
    else:
        tell(f"{chosen.username}: the password is {password} (to be changed at the first sign-in)")
    return 0


def disable_person(chosen: Namespace) -> int:
    """End somebody's access."""
    settings = read_settings()
    database = open_database(settings)
    with database.sessions.begin() as session:
        try:
            engine.disable_person(
                session, _find(session, chosen.username), actor=engine.SYSTEM, now=machine_now(settings)
            )
        except engine.LastAdministrator as error:
            raise Refused(str(error)) from error
    tell(f"{chosen.username} is disabled")
    return 0


def _find(session: Any, username: str) -> int:
    found = [
        p.id for p in engine.list_people(session, actor=engine.SYSTEM, q=username) if p.username == username.lower()
    ]
    if not found:
        raise Refused(f"there is nobody with the user name {username}")
    return int(found[0])
