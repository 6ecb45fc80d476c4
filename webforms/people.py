"""Pages of the administrator: who may sign in, with which roles."""

import json
from collections.abc import Mapping
from math import ceil
from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import now, reading, writing
from webforms.directory import office_name, offices, role_name, roles
from webforms.i18n import clauses, translated
from webforms.security import allow
from webforms.words import gettext

LEDGER_WORDS = (
    "username",
    "name",
    "phone",
    "process",
    "title",
    "number",
    "year",
    "first_day",
    "last_day",
    "reason",
    "note",
)
blueprint = Blueprint("people", __name__, url_prefix="/people")
SECRET = "one_time"  # noqa: S105 the name of the entry, not a secret
SPARE_LINES = 2
PAGE = 50
FILTERS = ("q", "office", "role", "state")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)
    app.jinja_env.filters["errors_of"] = lambda problems: [(f"f-{name}", words) for name, words in problems.items()]


@blueprint.get("")
@allow("administrator")
def index() -> str:
    """Everybody, filtered by the address."""
    given = request.args
    active = {"active": True, "disabled": False}.get(given.get("state", ""))
    rows = engine.list_people(
        reading(),
        actor=me(),
        q=given.get("q", "").strip(),
        office=given.get("office", ""),
        role=given.get("role", ""),
        active=active,
    )
    filters: dict[str, Any] = {name: given.get(name) for name in FILTERS}
    pages = max(1, ceil(len(rows) / PAGE))
    page = min(max(1, given.get("page", 1, type=int)), pages)
    return render_template(
        "people/list.html",
        rows=rows[(page - 1) * PAGE : page * PAGE],
        total=len(rows),
        page=page,
        pages=pages,
        offices=offices(),
        roles=roles(),
        address=lambda number: url_for("people.index", **{**filters, "page": number}),
    )


@blueprint.get("/new")
@allow("administrator")
def new() -> str:
    """The empty form."""
    return _form(None, {"username": "", "name": "", "phone": "", "roles": []})


@blueprint.post("")
@allow("administrator")
def create() -> Any:
    """Add somebody; the one-time password is shown once."""
    values = _values()
    if "_more" in request.form:
        return _form(None, values)
    try:
        with writing() as transaction:
            person_id, secret = engine.create_person(
                transaction,
                username=values["username"],
                name=values["name"],
                phone=values["phone"],
                roles=values["roles"],
                hasher=current_app.config["PASSWORD_HASHER"],
                actor=me(),
                now=now(),
            )
    except (engine.InvalidPerson, engine.UsernameTaken) as error:
        return _form(None, values, problems_of(error)), 422
    session[SECRET] = [person_id, secret]
    return redirect(url_for("people.edit", person_id=person_id), 303)


@blueprint.get("/<int:person_id>")
@allow("administrator")
def edit(person_id: int) -> str:
    """One person."""
    row = engine.person_of(reading(), person_id, actor=me())
    owner, secret = session.pop(SECRET, (None, ""))
    values = {"name": row.name, "phone": row.phone, "roles": list(row.roles)}
    return _form(row, values, secret=secret if owner == person_id else "")


@blueprint.post("/<int:person_id>")
@allow("administrator")
def save(person_id: int) -> Any:
    """Particulars and roles together."""
    values = _values()
    row = engine.person_of(reading(), person_id, actor=me())
    if "_more" in request.form:
        return _form(row, values)
    try:
        with writing() as transaction:
            engine.edit_person(
                transaction, person_id, name=values["name"], phone=values["phone"], actor=me(), now=now()
            )
            engine.set_roles(transaction, person_id, values["roles"], actor=me(), now=now())
    except (engine.InvalidPerson, engine.LastAdministrator) as error:
        return _form(row, values, problems_of(error)), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for("people.edit", person_id=person_id), 303)


@blueprint.post("/<int:person_id>/password")
@allow("administrator")
def reset(person_id: int) -> Response:
    """A new one-time password."""
    with writing() as transaction:
        secret = engine.reset_password(
            transaction, person_id, hasher=current_app.config["PASSWORD_HASHER"], actor=me(), now=now()
        )
    session[SECRET] = [person_id, secret]
    return redirect(url_for("people.edit", person_id=person_id), 303)


@blueprint.post("/<int:person_id>/disable")
@allow("administrator")
def disable(person_id: int) -> Any:
    """End the access."""
    try:
        with writing() as transaction:
            engine.disable_person(transaction, person_id, actor=me(), now=now())
    except engine.LastAdministrator as error:
        flash(translated(error.code, str(error)), "error")
    return redirect(url_for("people.edit", person_id=person_id), 303)


@blueprint.post("/<int:person_id>/enable")
@allow("administrator")
def enable(person_id: int) -> Response:
    """Give access back."""
    with writing() as transaction:
        engine.enable_person(transaction, person_id, actor=me(), now=now())
    return redirect(url_for("people.edit", person_id=person_id), 303)


@blueprint.get("/changes")
@allow("administrator")
def changes() -> str:
    """The ledger."""
    registers = {info.register.id: info.register.title for info in engine.registers(reading(), now=now())}
    rows = [
        {"at": row.at, "actor_name": row.actor_name, "kind": row.kind, "words": ledger_words(row.detail, registers)}
        for row in engine.changes(reading(), actor=me())
    ]
    return render_template("people/changes.html", rows=rows)


def ledger_words(detail: str, registers: Mapping[str, str]) -> str:
    """The detail of an entry for people: names instead of ids."""
    found: dict[str, Any] = json.loads(detail)
    if "register" in found:
        return clauses(_edition_words(found, registers))
    words = [str(found[name]) for name in LEDGER_WORDS if found.get(name)]
    for sign, name in (("+", "added"), ("−", "removed"), ("", "roles")):
        words += [f"{sign}{office_name(office)} · {role_name(role)}" for role, office in found.get(name) or ()]
    return clauses(words)


def _edition_words(found: Mapping[str, Any], registers: Mapping[str, str]) -> list[str]:
    """Which register, whose part, from when, and how many entries are new, changed and gone."""
    counts = {name: found[name] for name in ("added", "changed", "removed")}
    told = gettext("%(added)s added, %(changed)s changed, %(removed)s removed", **counts)
    whose = [office_name(found["office"])] if found["office"] else []
    return [registers.get(found["register"], found["register"]), *whose, found["effective"], told]


def problems_of(error: engine.EngineError) -> dict[str, str]:
    """Sentences beside the fields."""
    if isinstance(error, engine.InvalidPerson):
        return {name: translated(p.code, p.message, p.params) for name, p in error.problems.items()}
    return {"username" if isinstance(error, engine.UsernameTaken) else "roles": translated(error.code, str(error))}


def _values() -> dict[str, Any]:
    pairs = zip(request.form.getlist("role"), request.form.getlist("office"), strict=False)
    known_roles, known_offices = dict(roles()), dict(offices())
    held = [(role, office) for role, office in pairs if role in known_roles and office in known_offices]
    return {**{name: request.form.get(name, "").strip() for name in ("username", "name", "phone")}, "roles": held}


def _form(row: Any, values: dict[str, Any], problems: dict[str, str] | None = None, secret: str = "") -> str:
    lines = [*values["roles"], *[("", "")] * SPARE_LINES]
    return render_template(
        "people/person.html",
        row=row,
        values={**values, "roles": lines},
        problems=problems or {},
        secret=secret,
        offices=offices(),
        roles=roles(),
    )
