"""The people of a demonstration: an account for every role in every office, with invented names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import engine
from scheduler.sandbox import Cast

SUFFIXES = ("_town", "_subdistrict", "_bureau", "_office")


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in to a demonstration."""

    username: str
    name: str
    role: str
    office: str
    roles: str  # role and office in words
    password: str


def accounts(document: Mapping[str, Any], known: engine.Directory) -> list[Account]:
    """Everybody, always the same."""
    found: list[Account] = []
    taken: dict[str, int] = {}
    for office, role in _posts(document, known):
        username = _username(document, office, role)
        taken[username] = taken.get(username, 0) + 1
        nth = str(taken[username]) if taken[username] > 1 else ""
        words = f"{known.role_name(role)}（{known.office_name(office)}）"
        name = invented_name(document, len(found))
        found.append(Account(username + nth, name, role, office, words, document["password"]))
    return found


def invented_name(document: Mapping[str, Any], number: int) -> str:
    """A name; the same number gives the same name, and the first few hundred differ."""
    surnames, given = document["surnames"], document["given"]
    return str(surnames[number % len(surnames)] + given[number * 7 % len(given)])


def hire(database: engine.Database, people: list[Account], now: datetime) -> Cast:
    """Add everybody to a database."""
    cast = Cast(database)
    with database.sessions.begin() as session:
        for account in people:
            roles = [(account.role, account.office)]
            person, _ = engine.create_person(
                session,
                username=account.username,
                name=account.name,
                roles=roles,
                password=account.password,
                must_change_password=False,
                hasher=engine.CHEAP_HASHER,  # the password is public anyway
                actor=engine.SYSTEM,
                now=now,
            )
            actor = engine.Actor(person, account.name, frozenset(roles))
            cast.known.setdefault((account.role, account.office), []).append(actor)
    return cast


def _posts(document: Mapping[str, Any], known: engine.Directory) -> Iterator[tuple[str, str]]:
    for office, row in known.offices.items():
        for staff in document["staff"]:
            fits = row["kind"] in staff.get("kinds", ()) or office in staff.get("offices", ())
            if fits or (staff.get("heavy") and row.get("heavy")):
                yield from ((office, role) for role in staff["roles"])


def _username(document: Mapping[str, Any], office: str, role: str) -> str:
    if role in document["short"]:
        return str(document["short"][role])
    stem = office
    for suffix in SUFFIXES:
        stem = stem.removesuffix(suffix)
    return f"{stem}.{document['tails'].get(role, role)}".replace("_", "-")
