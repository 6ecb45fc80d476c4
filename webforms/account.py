"""My own account: who I am, which roles I hold, and how I want to be told by mail."""

import re
from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for

import engine
from webforms.auth import me
from webforms.database import carry_out, reading
from webforms.i18n import translated
from webforms.security import allow
from webforms.words import gettext

HOUR = re.compile(r"\d{1,2}")
blueprint = Blueprint("account", __name__, url_prefix="/account")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("signed-in")
def show() -> str:
    """Who I am, which roles I hold, and how I am told."""
    return _page()


@blueprint.post("/mail")
@allow("signed-in")
def choose_mail() -> Any:
    """Choose where and when to get mail."""
    text = request.form.get("hour", "")
    hour = int(text) if HOUR.fullmatch(text) else None
    wish = engine.MailWish(request.form.get("mail_address", "").strip(), hour, "urgent" in request.form)
    try:
        carry_out(engine.choose_mail, actor=me(), wish=wish)
    except engine.InvalidMail:
        return _page(wish, gettext("This is not an e-mail address.")), 422
    chosen = hour is not None or wish.urgent
    flash(gettext("Mail will be sent as chosen.") if chosen else gettext("No mail will be sent."), "success")
    return redirect(url_for("account.show"), 303)


@blueprint.post("/tokens")
@allow("signed-in")
def make_token() -> Any:
    """A token for a tool; it is on the page that answers, and nowhere else."""
    try:
        token = carry_out(engine.make_token, actor=me(), name=request.form.get("token_name", ""))
    except engine.InvalidAnswers as error:
        (problem,) = error.problems.values()
        return _page(token_problem=translated(f"{problem.code}", problem.message, problem.params)), 422
    return _page(token=token)


@blueprint.post("/tokens/<int:token_id>/revoke")
@allow("signed-in")
def revoke_token(token_id: int) -> Any:
    """Make a token useless."""
    carry_out(engine.revoke_token, actor=me(), token_id=token_id)
    flash(gettext("The token is revoked."), "success")
    return redirect(url_for("account.show"), 303)


def _page(wish: engine.MailWish | None = None, problem: str = "", token: str = "", token_problem: str = "") -> str:
    """The page of one's own account, with what was typed."""
    return render_template(
        "auth/account.html",
        row=engine.person_of(reading(), me().id or 0, actor=me()),
        wish=wish or engine.mail_wish(reading(), me()),
        problem=problem,
        token=token,
        token_problem=token_problem,
        tokens=engine.tokens(reading(), me()),
        draws=engine.draws_models(reading(), me()),
        sends_mail=current_app.config["SETTINGS"].mail is not None,
    )
