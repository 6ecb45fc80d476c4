"""Past cases are asked again of drafts beside the requests, one draft at a time; the page asks how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock, Thread

from flask import Flask, current_app

import engine
from webforms.rehearsals import Running

NAME = "tiaojie.replays"
BATCH = 20  # cases read in one transaction
KEPT = 20  # results that are kept: the newest ones


@dataclass(frozen=True)
class Asked:
    """What is to be looked at: cases closed from a day to a day, at most so many, the last closed first."""

    since: date | None
    until: date | None
    limit: int
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came of it: `digest` names the files of the draft, `total` says how many cases there are in the period."""

    asked: Asked
    digest: str
    at: datetime
    total: int
    cases: Sequence[engine.CaseReplay]
    names: Mapping[str, str]


class Replays:
    """What is being looked at now. Lives as long as the application; a restart forgets it, and it is asked again."""

    def __init__(self) -> None:
        self.running: dict[int, Running] = {}
        self.answers: dict[int, Answer] = {}
        self.failed: dict[int, str] = {}
        self._turn = Lock()

    def start(self, app: Flask, draft: engine.ModelFiles, asked: Asked, actor: engine.Actor) -> None:
        """Look, unless somebody already does."""
        if draft.row.id not in self.running:
            self.running[draft.row.id] = Running()
            self.failed.pop(draft.row.id, None)
            Thread(target=self._look, args=(app, draft, asked, actor), daemon=True).start()

    def _look(self, app: Flask, draft: engine.ModelFiles, asked: Asked, actor: engine.Actor) -> None:
        number = draft.row.id
        try:
            with self._turn:
                self.answers.pop(number, None)
                self.answers[number] = self._answer(app, draft, asked, actor)
                while len(self.answers) > KEPT:
                    self.answers.pop(next(iter(self.answers)))
        except engine.InvalidDefinition:
            self.failed[number] = "invalid-definition"
        except Exception as error:
            app.logger.exception("The past could not be asked of draft %s", number)
            self.failed[number] = f"{type(error).__name__}: {error}"[:500]
        finally:
            self.running.pop(number, None)

    def _answer(self, app: Flask, draft: engine.ModelFiles, asked: Asked, actor: engine.Actor) -> Answer:
        database: engine.Database = app.extensions["tiaojie.database"]
        process, period = draft.row.process, {"since": asked.since, "until": asked.until}
        with database.reads.begin() as session:
            total = engine.closed_cases(session, process, **period)
        cases: list[engine.CaseReplay] = []
        names: dict[str, str] = {}
        after, wanted = "", min(total, asked.limit)
        while len(cases) < wanted:
            self.running[draft.row.id].tell(len(cases), wanted)
            with database.reads.begin() as session:
                found = engine.replay(
                    session, process, draft.files, actor=actor, mapping=asked.mapping, after=after,
                    limit=min(BATCH, wanted - len(cases)), **period,
                )  # fmt: skip
            cases += found.cases
            names |= found.names
            after = found.next
            if not after:
                break
        digest = engine.behaviour_digest(draft.files)
        return Answer(asked, digest, app.config["CLOCK"](), total, cases, names)


def init_app(app: Flask) -> None:
    """Install it."""
    app.extensions[NAME] = Replays()


def replays() -> Replays:
    """Those of this application."""
    found: Replays = current_app.extensions[NAME]
    return found
