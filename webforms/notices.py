"""What I have been told: the list, the badge in every page, and how I want to be told by mail."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import carry_out, reading
from webforms.i18n import day
from webforms.security import allow, local_address
from webforms.words import gettext, ngettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("notices", __name__)
VIEWS = {"unread": _l("Unread"), "urgent": _l("Urgent"), "all": _l("All notices")}
KINDS = {
    "told": _l("Message"),
    "urged": _l("Urged"),
    "reminder": _l("Reminder"),
    "overdue": _l("Overdue"),
    "deputy": _l("Deputy"),
    "draft": _l("Draft"),
}
DEEDS = {
    "draft_submitted": _l("%(who)s has handed in “%(title)s” for your approval."),
    "draft_approved": _l("%(who)s has approved “%(title)s”; it takes effect on %(day)s."),
    "draft_refused": _l("%(who)s has sent “%(title)s” back."),
    "draft_published": _l("“%(title)s” is published; new cases use it."),
    "publication_failed": _l("“%(title)s” could not be published on its day and is open again."),
}
NUMBER = re.compile(r"\d{1,9}")
POLL = 60  # seconds between two looks of an open page


def init_app(app: Flask) -> None:
    """Install the pages and the badge."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(unread_notices=unread, notice_poll=POLL)


def unread() -> tuple[int, int]:
    """How many notices of mine are unread and how many of them urgent, read once a page."""
    if "unread_notices" not in g:
        try:
            g.unread_notices = engine.unread_notices(reading(), me())
        except OperationalError:  # the page that says that the database is busy has a menu too
            return 0, 0
    found: tuple[int, int] = g.unread_notices
    return found


@blueprint.get("/notices")
@allow("signed-in")
def index() -> str:
    """One view of my notices; everything that shapes it is in the address."""
    view = request.args.get("view", "unread")
    view = view if view in VIEWS else "unread"
    after = request.args.get("after", "").strip() or None
    page = engine.notices(reading(), me(), view=view, after=after)
    return render_template(
        "notices.html",
        view=view,
        views=VIEWS,
        counts=dict(zip(("unread", "urgent"), unread(), strict=True)),
        rows=[(row, words(row), KINDS.get(row.kind, KINDS["told"])) for row in page.rows],
        next=page.next,
        after=after,
        address=lambda **changed: url_for("notices.index", **{"view": view, **changed}),
    )


@blueprint.get("/notices/badge")
@allow("signed-in")
def badge() -> str:
    """The badge alone, for pages that lie open. Looking does not keep a sign-in alive."""
    return render_template("badge.html")


@blueprint.post("/notices/read")
@allow("signed-in")
def read() -> Response:
    """Note the chosen ones, or all, as read."""
    chosen = [int(text) for text in request.form.getlist("notice") if NUMBER.fullmatch(text)]
    everything = "all" in request.form
    if not chosen and not everything:
        flash(gettext("Choose the notices first."), "warning")
    else:
        count = carry_out(engine.read_notices, actor=me(), notice_ids=None if everything else chosen)
        flash(ngettext("%(num)d notice is read.", "%(num)d notices are read.", count), "success")
    return redirect(local_address(request.form.get("next")), 303)


@blueprint.post("/notices/<int:notice_id>/open")
@allow("signed-in")
def open_one(notice_id: int) -> Response:
    """Note it as read, and go on to what it is about."""
    row: engine.NoticeRow = carry_out(engine.open_notice, actor=me(), notice_id=notice_id)
    if row.task_id is not None:
        return redirect(url_for("work.show", task_id=row.task_id), 303)
    if row.case_id is not None:
        return redirect(url_for("cases.show", case_id=row.case_id), 303)
    if row.draft_id is not None:
        return redirect(url_for("models_publish.show", draft_id=row.draft_id), 303)
    flash(gettext("The notice is read. You cannot see the case it is about."), "success")
    return redirect(url_for("notices.index"), 303)


def words(row: engine.NoticeRow) -> str:
    """What the notice says."""
    told = row.params
    if told.get("acting_for"):
        return gettext("For %(name)s, who is away: ", name=told["acting_for"]) + _plain(row)
    return _plain(row)


def _plain(row: engine.NoticeRow) -> str:
    told = row.params
    if row.kind == "deputy":
        return gettext(
            "You are the deputy of %(name)s from %(first)s to %(last)s.",
            name=told["name"],
            first=_day(told["first_day"]),
            last=_day(told["last_day"]),
        )
    if row.kind == "draft":
        return _about_draft(told)
    if row.kind == "reminder":
        return gettext("“%(label)s”: the last day is %(day)s", label=told["label"], day=_day(told["last_day"])) + _left(
            told.get("left")
        )
    if row.kind == "overdue":
        return gettext("“%(step)s” is overdue; its last day was %(day)s", step=told["step"], day=_last(told["due_at"]))
    if told.get("instead_of"):
        return row.text + gettext(" (nobody here is %(role)s, so it comes to you)", role=told["instead_of"])
    return row.text


def _about_draft(told: Mapping[str, Any]) -> str:
    day_words = _day(told["day"])
    sentence = str(DEEDS[told["deed"]]) % {"who": told["who"], "title": told["title"], "day": day_words}
    if told["deed"] == "draft_submitted" and day_words:
        sentence += gettext(" It is to take effect on %(day)s.", day=day_words)
    return sentence + (gettext(" They wrote: %(words)s", words=told["said"]) if told["said"] else "")


def _left(left: int | None) -> str:
    if left is None:
        return ""
    if left < 1:
        return gettext(", that is today")
    return ngettext(", %(num)d working day left", ", %(num)d working days left", left)


def _day(text: str | None) -> str:
    return day(date.fromisoformat(text), weekday=True) if text else ""


def _last(text: str | None) -> str:
    """The day that was over at this instant: a last day ends at 24:00."""
    return day(datetime.fromisoformat(text) - timedelta(seconds=1), weekday=True) if text else ""
