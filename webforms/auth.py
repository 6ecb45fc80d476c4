"""Signing in and out, the own account, and the guard in front of every page."""

from contextlib import suppress
from typing import Any

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

import engine
from webforms.database import now, reading, writing
from webforms.security import access_of, allow, local_address
from webforms.words import gettext

TOKEN = "token"  # noqa: S105 the name of the entry, not a secret
blueprint = Blueprint("auth", __name__)
FREE_BEFORE_CHANGE = {"auth.own_password", "auth.change_own_password", "auth.sign_out", "i18n.language"}
UNATTENDED = {
    "desk.danger_block",
    "notices.badge",
}  # asked for by an open page, not by somebody at it: no sign that anybody is there
STATUS_LOCKED = 429
STATUS_WRONG = 422


def init_app(app: Flask) -> None:
    """Guard every page."""
    app.register_blueprint(blueprint)
    app.before_request(guard)
    app.context_processor(lambda: {"person": g.get("person"), "may_administer": administers()})


def guard() -> Response | None:
    """Find out who it is and whether they may open this page."""
    g.person = None
    if request.endpoint is None or request.endpoint == "static":
        return None
    access = access_of(current_app, request.endpoint)
    if token := session.get(TOKEN):
        g.person = engine.actor_of(reading(), token, now())
        if g.person is not None and g.person.stale and request.endpoint not in UNATTENDED:
            with suppress(OperationalError), writing() as transaction:  # a busy database is no reason to see nothing
                engine.touch_sign_in(transaction, token, now())
    if access == "public":
        return None
    if g.person is None:
        return _to_sign_in()
    if g.person.must_change_password and request.endpoint not in FREE_BEFORE_CHANGE:
        return redirect(url_for("auth.own_password"), 303)
    if access == "administrator" and not administers():
        abort(403)
    return None


def _to_sign_in() -> Response:
    if request.method == "POST" or request.endpoint in UNATTENDED:
        abort(401)  # the page keeps what was typed, or what it shows
    here = request.full_path.rstrip("?")
    return redirect(url_for("auth.sign_in", next=here if here != "/" else None), 303)


def me() -> engine.Actor:
    """The person who is signed in."""
    actor: engine.Actor = g.person.actor
    return actor


def administers() -> bool:
    """Whether the person signed in may change people."""
    return g.get("person") is not None and engine.may_administer(me())


@blueprint.get("/sign-in")
@allow("public")
def sign_in() -> str | Response:
    """The form."""
    if g.person is not None:
        return redirect("/", 303)
    return sign_in_page()


def sign_in_page(problem: str = "", username: str = "") -> str:
    """The sign-in page; in the demo it lists the accounts."""
    accounts = current_app.config.get("DEMO_ACCOUNTS") if current_app.config["SETTINGS"].demo else None
    return render_template("auth/sign_in.html", problem=problem, username=username, accounts=accounts)


@blueprint.post("/sign-in")
@allow("public")
def open_session() -> Any:
    """Check the password; the slow part happens outside the write transaction."""
    username, password = request.form.get("username", ""), request.form.get("password", "")
    known = engine.knows_password(reading(), username, password, hasher=current_app.config["PASSWORD_HASHER"])
    refusal, token = None, ""
    with writing() as transaction:  # commits also after a refusal: failures are counted
        try:
            token, _actor = engine.sign_in(transaction, username, known=known, now=now())
        except (engine.BadCredentials, engine.LockedOut) as error:
            refusal = error
    if isinstance(refusal, engine.LockedOut):
        words = gettext("Too many wrong passwords. This account is locked for %(minutes)s minutes.", **refusal.params)
        return sign_in_page(words, username), STATUS_LOCKED
    if refusal is not None:
        words = gettext("The user name or the password is wrong. After five wrong passwords the account is locked.")
        return sign_in_page(words, username), STATUS_WRONG
    language = session.get("language")
    session.clear()  # a new session: nothing of the visitor before signing in is kept
    session[TOKEN] = token
    if language:
        session["language"] = language
    return redirect(local_address(request.form.get("next") or request.args.get("next")), 303)


@blueprint.post("/sign-out")
@allow("signed-in")
def sign_out() -> Response:
    """End the session on the server and forget the cookie."""
    with writing() as transaction:
        engine.sign_out(transaction, session[TOKEN])
    session.clear()
    flash(gettext("You are signed out."), "success")
    return redirect(url_for("auth.sign_in"), 303)


@blueprint.get("/account/password")
@allow("signed-in")
def own_password() -> str:
    """The form to change one's own password."""
    return render_template("auth/password.html", problems={}, forced=g.person.must_change_password)


@blueprint.post("/account/password")
@allow("signed-in")
def change_own_password() -> Any:
    """Change it; other sign-in sessions of the same person end."""
    hasher = current_app.config["PASSWORD_HASHER"]
    current, new = request.form.get("current", ""), request.form.get("new", "")
    problems = {}
    if not engine.knows_password(reading(), g.person.username, current, hasher=hasher):
        problems["current"] = gettext("This is not your present password.")
    if new != request.form.get("again", ""):
        problems["again"] = gettext("The two new passwords differ.")
    if new and new == current:
        problems["new"] = gettext("The new password must differ from the present one.")
    if not problems:
        try:
            with writing() as transaction:
                engine.set_password(transaction, new, token=session[TOKEN], hasher=hasher, actor=me(), now=now())
        except engine.WeakPassword:
            problems["new"] = gettext(
                "At least ten characters with letters and digits, and not containing your user name."
            )
    if problems:
        page = render_template("auth/password.html", problems=problems, forced=g.person.must_change_password)
        return page, STATUS_WRONG
    flash(gettext("Your password was changed. Other devices were signed out."), "success")
    return redirect("/", 303)
