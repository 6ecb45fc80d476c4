"""Plays of a draft: what somebody did in a made-up case of it. Only the moves are kept; the case is played again.

What a setup and a move say is the business of whoever plays them (`scheduler.plays`); here they are remembered, for
those who draw models, and two windows cannot overwrite each other's moves.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.errors import CaseChanged, EngineError, NotFound
from engine.model import Play
from engine.model_drafts import draft_row, require_drawing

MOVES = 200  # of one play
ROOM = 500_000  # characters of all its moves
KEPT = 20  # plays of one draft; the oldest make room


class PlayChanged(CaseChanged):
    """The play has gone on in another window; look at it again."""

    code = "play-changed"


class PlayTooLong(EngineError):
    """The play has as many moves as can be kept; record it, or begin another one."""

    code = "play-too-long"


class ClockStuck(EngineError):
    """Something is due again and again before the moment asked for; the clock does not get there."""

    code = "clock-stuck"


class MoveImpossible(EngineError):
    """This move cannot be made where the case stands now."""

    code = "move-impossible"


@dataclass(frozen=True)
class PlayRow:
    """A play as it was left."""

    id: int
    draft_id: int
    setup: Mapping[str, Any]
    moves: Sequence[Mapping[str, Any]]
    digest: str
    revision: int
    person_name: str
    created_at: datetime
    changed_at: datetime


def begin_play(
    session: Session, draft_id: int, setup: Mapping[str, Any], *, digest: str, actor: Actor, now: datetime
) -> int:
    """A play without a move yet; its id. Raises NotFound."""
    require_drawing(session, actor)
    draft_row(session, draft_id)
    old = select(Play.id).where(Play.draft_id == draft_id).order_by(Play.changed_at.desc(), Play.id.desc())
    session.execute(delete(Play).where(Play.id.in_(list(session.scalars(old.offset(KEPT - 1))))))
    row = Play(
        draft_id=draft_id, setup=dict(setup), moves=[], digest=digest, revision=1, person_id=actor.id,
        person_name=actor.name, created_at=now, changed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def play(session: Session, draft_id: int, play_id: int, actor: Actor) -> PlayRow:
    """A play of this draft. Raises NotFound."""
    require_drawing(session, actor)
    return _row(_of(session, draft_id, play_id))


def plays(session: Session, draft_id: int, actor: Actor) -> list[PlayRow]:
    """The plays of a draft, the one that went on last first. Raises NotFound."""
    require_drawing(session, actor)
    query = select(Play).where(Play.draft_id == draft_id).order_by(Play.changed_at.desc(), Play.id.desc())
    return [_row(row) for row in session.scalars(query)]


def keep_moves(
    session: Session,
    draft_id: int,
    play_id: int,
    moves: Sequence[Mapping[str, Any]],
    *,
    revision: int,
    digest: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Keep these moves in the place of those there are; the new revision.

    Raises NotFound, PlayTooLong, and PlayChanged when the play is not at this revision any more.
    """
    require_drawing(session, actor)
    row = _of(session, draft_id, play_id)
    if row.revision != revision:
        raise PlayChanged
    if len(moves) > MOVES or len(json.dumps(list(moves), ensure_ascii=False)) > ROOM:
        raise PlayTooLong
    row.moves, row.digest, row.revision, row.changed_at = list(moves), digest, revision + 1, now
    session.flush()
    return row.revision


def discard_play(session: Session, draft_id: int, play_id: int, *, actor: Actor, now: datetime) -> None:  # noqa: ARG001 every verb takes it
    """Forget a play. Raises NotFound."""
    require_drawing(session, actor)
    session.delete(_of(session, draft_id, play_id))


def _of(session: Session, draft_id: int, play_id: int) -> Play:
    row = session.get(Play, play_id)
    if row is None or row.draft_id != draft_id:
        raise NotFound
    return row


def _row(row: Play) -> PlayRow:
    return PlayRow(**{name: getattr(row, name) for name in PlayRow.__dataclass_fields__})
