"""Scenarios of drafts are played beside the requests, one draft at a time; the page asks how far they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock, Thread
from time import perf_counter
from typing import Any

from flask import Flask, current_app

import engine

NAME = "tiaojie.rehearsals"
POLL = 3  # seconds between two looks at what runs beside the requests
SETTLED = 0.5  # seconds after which a page is sure to see what came of it


@dataclass
class Running:
    """How far the scenarios of a draft are."""

    done: int = 0
    total: int = 0
    begun: float = 0
    ended: float = 0

    def tell(self, done: int, total: int) -> None:
        """Note how many of them are done."""
        self.begun = self.begun or perf_counter()
        self.done, self.total = done, total

    @property
    def left(self) -> int:
        """How many seconds the rest will take if it goes on like this; 0 as long as that cannot be said."""
        return round((perf_counter() - self.begun) / self.done * (self.total - self.done)) if self.done else 0


class Rehearsals:
    """What is being played now. Lives as long as the application; a restart forgets it, and it is asked for again."""

    def __init__(self) -> None:
        self.running: dict[int, Running] = {}
        self.failed: dict[int, str] = {}
        self._turn = Lock()

    def start(self, app: Flask, draft: engine.ModelFiles, actor: engine.Actor) -> None:
        """Play them, unless they are being played; what the last result says of what has not changed is taken over."""
        before = self.running.get(draft.row.id)
        if before is None or before.ended:
            self.running[draft.row.id] = Running()
            self.failed.pop(draft.row.id, None)
            given = (app, draft.row.id, dict(draft.files), draft.trial, actor)
            Thread(target=self._play, args=given, daemon=True).start()

    def now(self, draft_id: int) -> Running | None:
        """How far they are; for a moment after the end too: a page begun before it does not see the result yet."""
        found = self.running.get(draft_id)
        return found if found is not None and not (found.ended and perf_counter() - found.ended > SETTLED) else None

    def _play(
        self, app: Flask, draft_id: int, files: Mapping[str, str], known: Mapping[str, Any], actor: engine.Actor
    ) -> None:
        database: engine.Database = app.extensions["tiaojie.database"]
        try:
            with self._turn:
                result = app.config["REHEARSE"](database, files, self.running[draft_id].tell, known)
            with database.sessions.begin() as session:
                engine.keep_trial(session, draft_id, result, actor=actor, now=app.config["CLOCK"]())
        except engine.EngineError as error:
            self.failed[draft_id] = f"{type(error).__name__}: {error}"[:500]
        except Exception as error:
            app.logger.exception("The scenarios of draft %s could not be played", draft_id)
            self.failed[draft_id] = f"{type(error).__name__}: {error}"[:500]
        finally:
            self.running[draft_id].ended = perf_counter()


def init_app(app: Flask) -> None:
    """Install it."""
    app.extensions[NAME] = Rehearsals()


def rehearsals() -> Rehearsals:
    """Those of this application."""
    found: Rehearsals = current_app.extensions[NAME]
    return found
