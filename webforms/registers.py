"""Registers: the list as of a day, its editions, what changed; for everybody signed in, and what is public for all."""

from collections.abc import Iterator, Sequence
from datetime import date
from math import ceil
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, url_for

import engine
from webforms.database import now, reading
from webforms.directory import offices, role_name
from webforms.i18n import local
from webforms.register_cells import Cell, cells_of, public_columns, shown_columns
from webforms.security import allow
from webforms.sheets import FORMATS, download
from webforms.words import gettext

blueprint = Blueprint("registers", __name__)
PAGE = 100
FILTERS = ("as_of", "office", "q")
KINDS = ("added", "changed", "removed")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/registers")
@allow("signed-in")
def index() -> str:
    """Every register."""
    return render_template(
        "registers/index.html", registers=engine.registers(reading(), now=now()), role_name=role_name, public=False
    )


@blueprint.get("/public/registers")
@allow("public")
def public_index() -> str:
    """The registers with something for the public."""
    found = [info for info in engine.registers(reading(), now=now()) if info.register.public]
    return render_template("registers/index.html", registers=found, role_name=role_name, public=True)


@blueprint.get("/registers/<register>")
@allow("signed-in")
def show(register: str) -> str | Response:
    """The list as of a day; everything that shapes it is in the address."""
    return _list(register, public=False)


@blueprint.get("/public/registers/<register>")
@allow("public")
def public(register: str) -> str | Response:
    """The same list for anybody: public fields only."""
    return _list(register, public=True)


@blueprint.get("/registers/<register>/board")
@allow("signed-in")
def board(register: str) -> str:
    """The list for the notice board: large, public fields only, one office or everybody."""
    given = _given()
    page = _rows(register, given, limit=None, public=True)
    columns = public_columns(page.register)
    editions = engine.register_editions(reading(), register, office=given.get("office"), limit=1)
    return render_template(
        "registers/board.html",
        page=page,
        given=given,
        columns=_in_use(columns, page.rows),
        rows=_cells(page, columns),
        edition=editions[0] if editions else None,
        address=url_for("registers.public", register=register, **_only_office(given), _external=True),
    )


@blueprint.get("/registers/<register>/history")
@allow("signed-in")
def history(register: str) -> str:
    """Every edition, newest first, each beside the one before it."""
    office = request.args.get("office", "").strip()
    rows = engine.register_editions(reading(), register, office=office or None)
    known = {(row.office, row.number): row.id for row in rows}
    before = {row.id: known.get((row.office, row.number - 1)) for row in rows}
    page = _rows(register, {}, limit=1)
    return render_template(
        "registers/history.html", register=page.register, rows=rows, before=before, office=office, offices=offices()
    )


@blueprint.get("/registers/<register>/compare")
@allow("signed-in")
def compare(register: str) -> str:
    """What changed between two days, or two editions of one office's part."""
    page = _rows(register, {}, limit=1)
    today = local(now()).date()
    a, b = (_side(request.args.get(name, "")) for name in ("a", "b"))
    office = request.args.get("office", "").strip()
    changes: Sequence[engine.RowChange] = ()
    if a is not None and b is not None:
        changes = engine.register_diff(reading(), register, a, b, office=office or None)
    editions = {row.id: row for row in engine.register_editions(reading(), register)}
    return render_template(
        "registers/compare.html",
        register=page.register,
        asked=a is not None and b is not None,
        sides=[editions.get(side) if isinstance(side, int) else side for side in (a, b)],
        first=a if isinstance(a, date) else None,
        last=b if isinstance(b, date) else today,
        office=office,
        offices=offices(),
        groups=[(kind, [_difference(page.register, row) for row in changes if row.kind == kind]) for kind in KINDS],
        count=len(changes),
    )


def _given() -> dict[str, str]:
    return {name: value for name in FILTERS if (value := request.args.get(name, "").strip()[:100])}


def _only_office(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name == "office"}


def _as_of(given: dict[str, str]) -> date:
    """The day of the address; what is no day is today."""
    found = _side(given.get("as_of", ""))
    return found if isinstance(found, date) else local(now()).date()


def _side(text: str) -> int | date | None:
    """An edition by its number in the address, or a day."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:  # noqa: PLR2004 digits
        return int(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _rows(
    register: str, given: dict[str, str], *, page: int = 1, limit: int | None = PAGE, public: bool = False
) -> engine.RegisterPage:
    return engine.register_rows(
        reading(),
        register,
        as_of=_as_of(given),
        office=given.get("office", ""),
        q=given.get("q", ""),
        page=page,
        limit=limit,
        public=public,
    )


def _list(register: str, *, public: bool) -> str | Response:
    given = _given()
    if (kind := request.args.get("format")) in FORMATS:
        return _export(register, given, kind, public=public)
    number = max(1, request.args.get("page", 1, type=int))
    page = _rows(register, given, page=number, public=public)
    columns = public_columns(page.register) if public else shown_columns(page.register)
    endpoint = "registers.public" if public else "registers.show"
    return render_template(
        "registers/list.html",
        page=page,
        public=public,
        given=given,
        columns=_in_use(columns, page.rows),
        rows=_cells(page, columns),
        number=number,
        pages=max(1, ceil(page.total / PAGE)),
        today=local(now()).date(),
        offices=offices(),
        address=lambda **changed: url_for(endpoint, **{"register": register, **given, **changed}),
    )


def _in_use(columns: Sequence[engine.Column], rows: Sequence[engine.RegisterRow]) -> list[engine.Column]:
    """The columns that say anything in these rows."""
    return [column for column in columns if any(row.data.get(column.key) for row in rows)]


def _cells(
    page: engine.RegisterPage, columns: Sequence[engine.Column]
) -> list[tuple[engine.RegisterRow, dict[str, Cell]]]:
    words = engine.register_wording(reading(), now=now())
    return [(row, cells_of(columns, row.data, page.day, words)) for row in page.rows]


def _export(register: str, given: dict[str, str], kind: str, *, public: bool) -> Response:
    page = _rows(register, given, limit=None, public=public)
    every = list(page.register.columns.values())
    columns = public_columns(page.register) if public else every
    return download(
        _table(page, columns), name=f"{register}-{page.day}", title=f"{page.register.title} {page.day}", kind=kind
    )


def _table(page: engine.RegisterPage, columns: Sequence[engine.Column]) -> Iterator[list[Any]]:
    words = engine.register_wording(reading(), now=now())
    marks = [gettext("Office"), gettext("Valid from"), gettext("Valid until before")]
    yield [gettext("Number"), *(column.label for column in columns), *marks]
    for row in page.rows:
        cells = [words(column, row.data.get(column.key)) for column in columns]
        yield [row.key, *cells, row.office_name, row.valid_from, row.valid_to]


def _difference(register: engine.Register, row: engine.RowChange) -> dict[str, Any]:
    """A change as the page shows it: for every field that differs what it was and what it is."""
    words = engine.register_wording(reading(), now=now())
    fields = [register.columns[name] for name in row.fields]
    return {
        "row": row,
        "fields": [
            (column.label, words(column, row.before.get(column.key)), words(column, row.after.get(column.key)))
            for column in fields
        ],
    }
