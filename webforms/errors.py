"""Every refusal is a page that says what happened and what became of what the person typed."""

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask import Flask, current_app, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

import engine
from webforms.database import Failed, db
from webforms.directory import kinds
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

STATUS = {
    engine.NotFound: 404,
    engine.NotAllowed: 403,
    engine.TaskClosed: 409,
    engine.CaseChanged: 409,
    engine.AlreadyDone: 409,
    engine.InvalidAnswers: 422,
    engine.InvalidDefinition: 422,
    engine.Busy: 503,
}
SECRET = re.compile(r"password|current|again|new|csrf_token")
PLACE = re.compile(r"\[(\d{1,6})\]")
TECHNICAL = re.compile(r"(^|\.)_|^(key|next)$")


@dataclass(frozen=True)
class Words:
    """Title and explanation of an error page."""

    title: Any
    text: Any


SAY = {
    400: Words(_l("The form could not be accepted"), _l("The page was open too long or was opened in another window.")),
    401: Words(_l("Please sign in again"), _l("You were signed out in the meantime, so nothing was saved.")),
    403: Words(_l("Not allowed"), _l("Your role does not allow this. Ask your administrator if you need it.")),
    404: Words(_l("Not found"), _l("There is no such page, or it belongs to another office.")),
    405: Words(_l("Not found"), _l("This address cannot be opened directly.")),
    409: Words(_l("Somebody else was faster"), _l("The case has changed since you opened this page.")),
    413: Words(
        _l("Too large"),
        _l("What you sent is larger than allowed (20 MB per file). Go back: what you typed is still in the form."),
    ),
    422: Words(_l("This cannot be accepted"), _l("What you sent does not fit here.")),
    429: Words(_l("Too many attempts"), _l("Please wait a few minutes and try again.")),
    500: Words(_l("Something went wrong"), _l("This was our fault, not yours. Nothing was changed.")),
    503: Words(_l("The system is busy"), _l("Nothing was saved. Please wait a moment and send it again.")),
    507: Words(_l("Something went wrong"), _l("Nothing was saved. Please wait a moment and send it again.")),
}
LAST_RESORT = (
    '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>500</title><h1>系统出错</h1>'
    "<p>没有改动任何数据。请用浏览器的“后退”返回，填写的内容仍在表单中；并将编号告知管理员：%(number)s</p>"
    '<p lang="en">Something went wrong and nothing was changed. Go back: what you typed is still in the form. '
    "Number for your administrator: %(number)s</p></html>"
)
UNREAD = {413, 507}  # what was sent could not be taken in
FULL = {errno.ENOSPC, errno.EDQUOT}
AGAIN = {400, 401, 503}  # sending the same once more makes sense


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_error_handler(engine.EngineError, refused)
    app.register_error_handler(OperationalError, database_refused)
    app.register_error_handler(OSError, disk_refused)
    app.register_error_handler(Failed, failed)
    app.register_error_handler(CSRFError, lambda _error: page(400))
    app.register_error_handler(HTTPException, lambda error: page(error.code or 500))
    app.register_error_handler(Exception, broken)


def refused(error: engine.EngineError) -> tuple[str, int]:
    """The engine said no."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 422)
    return page(status, code=error.code, message=str(error), params=error.params)


def database_refused(error: OperationalError) -> tuple[str, int]:
    """Locked too long, or the disk is full: nothing was saved."""
    _forget_transaction()
    if "locked" in str(error.orig) or "busy" in str(error.orig):
        return page(503, code="busy")
    current_app.logger.error("The database refused: %s", error.orig)
    return page(503, code="storage")


def disk_refused(error: OSError) -> tuple[str, int]:
    """The request itself found no room: large ones are kept in a temporary file while they come in."""
    if error.errno not in FULL:
        return broken(error)
    current_app.logger.error("The disk is full: %s", error)
    return page(507, code="storage")


def failed(error: Failed) -> tuple[str, int]:
    """A verb broke down; the incident keeps the input."""
    _forget_transaction()
    return page(500, code="incident-recorded", params={"number": error.incident}, kept=True)


def broken(error: Exception) -> tuple[str, int]:
    """Anything nobody foresaw."""
    _forget_transaction()
    reference = uuid4().hex[:8]
    current_app.logger.error("Unforeseen error %s", reference, exc_info=error)
    return page(500, reference=reference)


def page(status: int, *, reference: str = "", **more: Any) -> tuple[str, int]:
    """The error page; where not even that can be made, the same without it."""
    try:
        return _page(status, reference=reference, **more)
    except Exception:
        reference = reference or uuid4().hex[:8]
        current_app.logger.exception("The error page failed too: %s", reference)
        return LAST_RESORT % {"number": reference}, 500


def _page(
    status: int,
    *,
    code: str = "",
    message: str = "",
    params: dict[str, Any] | None = None,
    reference: str = "",
    kept: bool = False,
) -> tuple[str, int]:
    """A known status has its own words; the rest is told as the nearest one."""
    shown = status if status in SAY else (500 if status >= 500 else 400)  # noqa: PLR2004 server errors
    readable = status not in UNREAD
    typed = list(typed_answers()) if readable else []
    again = [(name, value) for name, value in sent() if not SECRET.fullmatch(name)] if typed else []
    chosen = readable and any(file.filename for file in request.files.values())  # files cannot be sent from here
    body = render_template(
        "error.html",
        status=status,
        words=SAY[shown],
        code=code,
        message=message,
        params=params or {},
        reference=reference,
        kept=kept,
        typed=typed,
        again=again if shown in AGAIN and not chosen else [],
    )
    return body, status


def sent() -> Iterator[tuple[str, str]]:
    """The fields of the request."""
    yield from request.form.items(multi=True)


def typed_answers() -> Iterator[tuple[str, str]]:
    """What the person typed, for copying, with the words of the form where they are known; never a password."""
    if request.method != "POST":
        return
    facts, choices = _form_words()
    for name, value in sent():
        if value.strip() and not SECRET.fullmatch(name) and not TECHNICAL.search(name):
            key = PLACE.sub("", name)
            yield _labelled(name, facts), choices.get(key, {}).get(value, value)
    for name, file in request.files.items(multi=True):
        if file.filename:
            yield _labelled(name, facts), gettext("File: %(name)s", name=file.filename)


def _form_words() -> tuple[dict[str, str], dict[str, Any]]:
    """Labels of facts and of options of all processes; nothing when not even they can be read."""
    try:
        known = kinds()
    except Exception:  # the page must come whatever is broken
        current_app.logger.warning("The labels of the form are not readable", exc_info=True)
        return {}, {}
    facts = {key: label for kind in known for key, label in kind.facts.items()}
    return facts, {key: labels for kind in known for key, labels in kind.choices.items()}


def _labelled(name: str, facts: dict[str, str]) -> str:
    """`applicants[0].name` as the form says it; other names as they are."""
    head, _, column = name.partition(".")
    row = PLACE.search(head)
    key = PLACE.sub("", head)
    if not column or row is None:
        return facts.get(key, name)
    return f"{facts.get(key, key)} {int(row[1]) + 1} · {facts.get(f'{key}.{column}', column)}"


def _forget_transaction() -> None:
    db.session.rollback()
