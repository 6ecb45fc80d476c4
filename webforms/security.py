"""Headers, forgery protection and the marker that says who may open a page. No page is open by accident."""

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, request, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import IntegerConverter, Map

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
STATIC = Path(__file__).parent / "static"
UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")  # browsers drop some of these, and read a backslash as a slash
csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., object])


class UnguardedPage(Exception):
    """A page says nothing about who may open it."""


def allow(who: str) -> Callable[[View], View]:
    """Mark a view as open to `public`, `signed-in` people or `administrator`s. Rights on a case are the engine's."""
    if who not in {"public", "signed-in", "administrator"}:
        raise ValueError(who)

    def mark(view: View) -> View:
        view.access = who  # type: ignore[attr-defined]
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> str:
    """Who may open the page of this endpoint."""
    marker: str | None = getattr(app.view_functions.get(endpoint), "access", None)
    if marker is None:
        raise UnguardedPage(f"{endpoint} has no @allow")
    return marker


class CookieSession(SecureCookieSessionInterface):
    """The cookie travels over TLS only, except on the machine itself."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 Flask's signature
        """Secure unless this is plain http to a loopback address."""
        return request.is_secure or request.host.rsplit(":", 1)[0] not in LOOPBACK


class Number(IntegerConverter):
    """A number in an address, no larger than a database can hold; there is nothing at larger ones."""

    def __init__(self, addresses: Map) -> None:
        super().__init__(addresses, max=2**31 - 1)


def init_app(app: Flask) -> None:
    """Cookies, forgery protection and headers."""
    app.config.update(
        SESSION_COOKIE_NAME="tiaojie",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the sign-in: a form may lie open over lunch
    )
    app.session_interface = CookieSession()
    csrf.init_app(app)
    allow("public")(app.view_functions["static"])
    app.jinja_env.globals["asset"] = asset
    app.after_request(headers)


@cache
def _stamp(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep it for ever."""
    return url_for("static", filename=name, v=_stamp(name))


def headers(response: Response) -> Response:
    """What every answer says to the browser."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if request.endpoint == "static":
        lasting = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
        response.headers["Cache-Control"] = lasting
    elif not response.cache_control.private:  # a file that is sent says "no-cache", which lets others keep it
        response.headers["Cache-Control"] = "no-store"
    return response


def local_address(target: str | None) -> str:
    """The path to go on to, never another site."""
    if not target:
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    safe = not parts.scheme and not parts.netloc and target.startswith("/") and not UNSAFE.search(target)
    return target if safe and not target.startswith("//") else "/"
