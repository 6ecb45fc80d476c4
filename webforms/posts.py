"""What a form post carries: answers, files, drafts and the key that makes a second click harmless."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from flask import request

import engine
from webforms.auth import me
from webforms.blocks import FormView
from webforms.database import carry_out, now, reading
from webforms.fields import Options, view
from webforms.rows import rows_changed
from webforms.uploads import take_in

KEY = "_key"
SAVE = "_save"
NOT_A_FILE = "[object File]"  # what scripts make of a chosen file when they send the form without files
Problems = Mapping[str, engine.Problem | engine.EngineError]


class Posted:
    """The answers of this request, with the files that came along already stored."""

    def __init__(self) -> None:
        files, self.refused = take_in()
        typed = [(name, value) for name, value in request.form.items(multi=True) if value != NOT_A_FILE]
        self.answers: dict[str, Any] = engine.decode([*typed, *files])
        self.key = request.form.get(KEY) or None
        self.wants_draft = SAVE in request.form

    def only_redisplay(self, form: engine.Form) -> bool:
        """Whether this only changes the page (a row more, a condition); the answers then say how."""
        changed = rows_changed(form, self.answers, request.form)
        self.answers = self.answers if changed is None else changed
        return changed is not None

    def hand_in(self, verb: Callable[..., Any], **arguments: Any) -> engine.Done:
        """Carry out the verb with these answers; a repeated submission answers what the first one did."""
        if self.refused:
            problems = {path: engine.Problem(e.code, str(e), e.params) for path, e in self.refused.items()}
            raise engine.InvalidAnswers(problems)
        try:
            key = self.key and own_key(self.key, verb.__name__, arguments)
            done: engine.Done = carry_out(verb, actor=me(), answers=self.answers, key=key, **arguments)
        except engine.AlreadyDone as error:
            if isinstance(error.result, engine.Done):
                return error.result
            raise
        return done


def drawn(
    page: engine.TaskPage | engine.StartPage,
    raw: Mapping[str, Any] | None,
    problems: Problems,
    options: Options,
) -> FormView:
    """The form of a page with what was typed, or what is left of the last visit."""
    typed = raw if raw is not None else page.draft or {}
    return view(page.form, typed, problems, options, page.answers, files=_file, now=now())


def _file(file_id: str) -> Mapping[str, Any] | None:
    try:
        row = engine.file_for(reading(), UUID(file_id), me())
    except (ValueError, engine.NotFound):
        return None
    return {"file": file_id, "name": row.name, "type": row.media_type, "size": row.size}


def new_key() -> str:
    """The idempotency key of a freshly opened form."""
    return uuid4().hex


def own_key(key: str, verb: str, arguments: Mapping[str, Any]) -> str:
    """The key of this person for this deed: nobody else's submission, and no other one, is taken for it."""
    parts = [str(me().id), verb, *(f"{name}={arguments[name]}" for name in sorted(arguments) if name != "about"), key]
    return sha256("\n".join(parts).encode()).hexdigest()


def save_draft(key: str, answers: Mapping[str, Any]) -> None:
    """Keep what was typed, unchecked."""
    carry_out(engine.save_draft, actor=me(), key=key, answers=answers)
