"""What a form post carries: answers, files, drafts and the key that makes a second click harmless."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from flask import request

import engine
from webforms.auth import me
from webforms.database import carry_out
from webforms.uploads import take_in

KEY = "_key"
SAVE = "_save"
NOT_A_FILE = "[object File]"  # what scripts make of a chosen file when they send the form without files


class Posted:
    """The answers of this request, with the files that came along already stored."""

    def __init__(self) -> None:
        files, self.refused = take_in()
        typed = [(name, value) for name, value in request.form.items(multi=True) if value != NOT_A_FILE]
        self.answers: dict[str, Any] = engine.decode([*typed, *files])
        self.key = request.form.get(KEY) or None
        self.wants_draft = SAVE in request.form

    def hand_in(self, verb: Callable[..., Any], **arguments: Any) -> engine.Done:
        """Carry out the verb with these answers; a repeated submission answers what the first one did."""
        if self.refused:
            raise engine.InvalidAnswers(refused_files(self.refused))
        try:
            done: engine.Done = carry_out(verb, actor=me(), answers=self.answers, key=self.key, **arguments)
        except engine.AlreadyDone as error:
            if isinstance(error.result, engine.Done):
                return error.result
            raise
        return done


def new_key() -> str:
    """The idempotency key of a freshly opened form."""
    return uuid4().hex


def save_draft(key: str, answers: Mapping[str, Any]) -> None:
    """Keep what was typed, unchecked."""
    carry_out(engine.save_draft, actor=me(), key=key, answers=answers)


def refused_files(refused: Mapping[str, engine.EngineError]) -> dict[str, engine.Problem]:
    """What was wrong with files, by field."""
    return {path: engine.Problem(error.code, str(error), error.params) for path, error in refused.items()}
