"""Which open steps will probably miss their time limit: what has been is taken for what will be.

For a step with a limit that has lasted so long already, the chance of missing it is how many of the past stays in the
same step that lasted at least as long went on beyond the limit. Stays that the limit itself has cut off count as
longer. Nothing is said where there are fewer than `history.ENOUGH` completed ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.durations import Typical, share_beyond
from engine.history import History, Past
from engine.inbox import definition_of_version
from engine.model import Case, Stay
from engine.steering import Scope, scope_of

LOOKED_AT = 2_000  # limits, the nearest first
PROBABLY = 0.5


@dataclass(frozen=True)
class ForecastRow:
    """An open step with a limit. `chance` of missing it, 0 to 1; None where history is too short to say."""

    case_id: UUID
    number: str
    title: str
    process: str
    process_title: str
    element: str
    name: str
    office: str
    office_name: str
    entered_at: datetime
    due_at: datetime
    lasted: timedelta
    chance: float | None
    past: int  # completed stays it is based on
    as_long: int  # how many of them, and of those that the limit cut off, lasted as long as this one has
    typical: Typical | None
    is_own: bool  # based on the office's own past, not on that of all


@dataclass(frozen=True)
class Forecast:
    """What is expected until a moment. `misses` are those with a chance of at least one half, the likeliest first."""

    until: datetime
    looked_at: int
    is_cut: bool  # there are more limits than were looked at
    unknown: int  # history too short
    misses: tuple[ForecastRow, ...]


def forecast(
    session: Session,
    actor: Actor,
    *,
    until: datetime,
    now: datetime,
    office: str | None = None,
    process: str | None = None,
) -> Forecast:
    """The limits due after now and up to `until` that will probably be missed. Raises NotAllowed."""
    scope = scope_of(session, actor, office)
    query = (
        select(Stay.case_id, Stay.version_id, Stay.element, Stay.office, Stay.entered_at, Stay.due_at)
        .add_columns(Case.number, Case.title)
        .join(Case, Case.id == Stay.case_id)
        .where(Stay.left_at.is_(None), Stay.due_at.is_not(None), Stay.due_at > now, Stay.due_at <= until)
        .where(*scope.of(Stay.office))
    )
    if process:
        query = query.where(Case.process == process)
    found = session.execute(query.order_by(Stay.due_at, Stay.id).limit(LOOKED_AT + 1)).all()
    rows = _rows(session, scope, found[:LOOKED_AT], now)
    misses = sorted((row for row in rows if (row.chance or 0) >= PROBABLY), key=lambda row: -(row.chance or 0))
    unknown = sum(row.chance is None for row in rows)
    return Forecast(until, len(rows), len(found) > LOOKED_AT, unknown, tuple(misses))


def _rows(session: Session, scope: Scope, found: Sequence[Row[Any]], now: datetime) -> list[ForecastRow]:
    versions = {stay.version_id for stay in found}
    definitions = {version: definition_of_version(session, version) for version in versions}
    wanted = {(definitions[stay.version_id].process, stay.element) for stay in found}
    history = History(session, wanted, now=now)
    rows = []
    for stay in found:
        definition = definitions[stay.version_id]
        past = history.of(definition.process, stay.element, stay.office)
        due_at = stay.due_at or now
        lasted, allowed = now - stay.entered_at, due_at - stay.entered_at
        element = definition.diagram.elements[stay.element]
        rows.append(
            ForecastRow(
                stay.case_id,
                stay.number,
                stay.title,
                definition.process,
                definition.title,
                stay.element,
                element.name or element.id,
                stay.office,
                scope.known.office_name(stay.office),
                stay.entered_at,
                due_at,
                lasted,
                chance_of_missing(past, lasted, allowed),
                past.count,
                round(past.count * share_beyond(past.buckets, lasted)) + past.cut_off,
                past.typical,
                bool(past.office),
            )
        )
    return rows


def chance_of_missing(past: Past, lasted: timedelta, allowed: timedelta) -> float | None:
    """How likely a stay that has lasted so long goes on beyond what is allowed; None where history is too short."""
    if past.typical is None:
        return None
    still = past.count * share_beyond(past.buckets, lasted) + past.cut_off
    beyond = past.count * share_beyond(past.buckets, allowed) + past.cut_off
    return beyond / still if still else 1.0  # longer than any before
