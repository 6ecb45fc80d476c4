"""Official numbers: gap-free per office, kind and year, given in the transaction that uses them."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.deadlines import OFFICE
from engine.directory import Directory

NEXT_NUMBER = text(
    "INSERT INTO counter(name, value) VALUES (:name, 1) "
    "ON CONFLICT(name) DO UPDATE SET value = counter.value + 1 RETURNING value"
)


def next_number(session: Session, name: str) -> int:
    """The next value of a gap-free sequence; given back when the transaction rolls back."""
    return int(session.execute(NEXT_NUMBER, {"name": name}).scalar_one())


def format_number(session: Session, pattern: str, kind: str, office: str, known: Directory, now: datetime) -> str:
    """The next official number of an office, kind and year; gap-free."""
    year = now.astimezone(OFFICE).year
    sequence = next_number(session, f"{office}:{kind}:{year}")
    short = str(known.offices.get(office, {}).get("short", office))
    return pattern.format(office=known.office_name(office), short=short, year=year, kind=kind, seq=sequence)
