"""A play as the pages of it reach it: the case made up in a house in memory, for the length of a request."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol
from uuid import UUID

from flask import current_app, render_template, request
from sqlalchemy.orm import Session

import engine
from webforms.auth import me
from webforms.database import carry_out, now, reading
from webforms.directory import directory
from webforms.finding_words import said


class Play(Protocol):
    """What is played elsewhere: this face knows no clockwork, the command line puts it in."""

    now: Any
    database: engine.Database
    case_id: UUID | None
    definition: engine.Definition
    opener: engine.Actor
    moves: list[Mapping[str, Any]]
    expects: list[dict[str, Any]]
    told: list[dict[UUID, int]]
    before: dict[UUID, engine.Snapshot]
    stuck: engine.EngineError | None

    def cases(self) -> dict[str, engine.Snapshot]: ...  # noqa: D102 see scheduler.plays
    def doer(self, name: str, of: str = "") -> tuple[engine.SeenTask, engine.Actor]: ...  # noqa: D102
    def reporter(self, name: str, of: str = "") -> engine.Actor: ...  # noqa: D102
    def next_due(self) -> Any: ...  # noqa: D102
    def people(self) -> list[engine.Actor]: ...  # noqa: D102
    def as_told(self, form: engine.Form, answers: Mapping[str, Any]) -> dict[str, Any]: ...  # noqa: D102
    def examples(self, kind: str, name: str = "") -> dict[str, tuple[str, dict[str, Any]]]: ...  # noqa: D102
    def make(self, move: Mapping[str, Any]) -> Mapping[str, engine.Problem]: ...  # noqa: D102


@dataclass(frozen=True)
class Stage:
    """A play with the draft it tries out."""

    draft: engine.ModelFiles
    row: engine.PlayRow
    play: Play

    @property
    def place(self) -> dict[str, Any]:
        """The arguments of every address of the play."""
        return {"draft_id": self.row.draft_id, "play_id": self.row.id}

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """The house in memory, which has one connection: the play itself is not asked inside the block."""
        with self.play.database.reads.begin() as session:
            yield session

    def viewer(self) -> engine.Actor:
        """Somebody who sees everything and could report everything."""
        offices = {seen.office for seen in self.play.cases().values()}
        return engine.Actor(None, "system", frozenset(product(directory().roles, offices)))


def plays() -> Any:
    """Where plays are played. Raises NotFound where they cannot be."""
    found = current_app.config["PLAYS"]
    if found is None:
        raise engine.NotFound
    return found


@contextmanager
def on_stage(draft_id: int, play_id: int) -> Iterator[Stage]:
    """The play after all its moves. Raises NotFound, InvalidDefinition."""
    draft = engine.draft(reading(), draft_id, me())
    row = engine.play(reading(), draft_id, play_id, me())
    database = current_app.extensions["tiaojie.database"]
    with plays().at(database, draft.files, row) as play:
        yield Stage(draft, row, play)


def make(stage: Stage, move: Mapping[str, Any]) -> Mapping[str, engine.Problem]:
    """Make a move and keep it; what is wrong with its answers, where they are refused. Raises EngineError."""
    require_newest(stage)
    if stage.play.stuck is not None:
        raise stage.play.stuck
    problems = stage.play.make(move)
    keep(stage, stage.play.moves)
    return problems


def keep(stage: Stage, moves: list[Mapping[str, Any]]) -> None:
    """Keep these moves. Raises PlayChanged."""
    carry_out(
        engine.keep_moves,
        actor=me(),
        **stage.place,
        moves=moves,
        revision=stage.row.revision,
        digest=engine.behaviour_digest(stage.draft.files),
    )


def require_newest(stage: Stage) -> None:
    """Raise PlayChanged: the page this comes from was drawn before the last move."""
    if request.form.get("_revision") != str(stage.row.revision):
        raise engine.PlayChanged


def today() -> str:
    """What the fields of a new play begin with."""
    return now().astimezone(engine.OFFICE).replace(hour=9, minute=0).strftime("%Y-%m-%dT%H:%M")


def cannot_run(error: engine.InvalidDefinition) -> tuple[str, int]:
    """What is wrong with the files, in the place of the play."""
    draft = engine.draft(reading(), int((request.view_args or {})["draft_id"]), me())
    findings = [(finding, *said(finding)) for finding in error.findings]
    return render_template("models/play_refused.html", draft=draft, findings=findings), 422
