"""The administrator's import of a whole list of people from an Excel file."""

from typing import Any, BinaryIO
from zipfile import ZipFile

import openpyxl
from flask import Blueprint, Flask, render_template, request

import engine
from webforms.auth import me
from webforms.database import now, writing
from webforms.directory import offices, roles
from webforms.security import allow
from webforms.words import gettext
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("people_import", __name__, url_prefix="/people/import")
UNPACKED = 50 * 1024 * 1024
COLUMNS = {
    "username": _l("User name"),
    "name": _l("Name"),
    "phone": _l("Phone"),
    "office": _l("Office"),
    "roles": _l("Roles"),
}
HEADINGS = {
    "username": {"登录名", "用户名", "账号", "username", "user name"},
    "name": {"姓名", "name"},
    "phone": {"电话", "手机", "手机号", "联系电话", "phone"},
    "office": {"单位", "所属单位", "机关", "office"},
    "roles": {"岗位", "角色", "职务", "roles", "role"},
}


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("administrator")
def form() -> str:
    """How the list must look."""
    return _import_page()


@blueprint.post("")
@allow("administrator")
def import_list() -> Any:
    """Everybody on the list, or nobody."""
    rows = read_sheet(request.files.get("list"))
    if rows is None:
        return _import_page(refusal=gettext("This is not an Excel file (.xlsx) with the headings shown below.")), 422
    try:
        with writing() as transaction:
            imported = engine.import_people(
                transaction,
                rows,
                offices={word: code for code, name in offices() for word in (code, name)},
                roles={word: code for code, name in roles() for word in (code, name)},
                actor=me(),
                now=now(),
            )
    except engine.InvalidRows as error:
        return _import_page(problems=error.problems), 422
    return render_template("people/import.html", imported=imported, problems=(), columns=COLUMNS)


def read_sheet(upload: Any) -> list[dict[str, str]] | None:
    """The rows of the first sheet by our column names, or None when the file is something else."""
    try:
        if _swells(upload.stream):
            return None
        sheet = openpyxl.load_workbook(upload.stream, read_only=True, data_only=True).worksheets[0]
        rows = [
            [str(cell if cell is not None else "").strip() for cell in row]
            for row in sheet.iter_rows(max_row=engine.ROWS_ALLOWED + 2, max_col=20, values_only=True)
        ]
    except Exception:  # noqa: BLE001 a damaged book breaks the library in any place
        return None
    places = {
        column: index
        for column, names in HEADINGS.items()
        for index, heading in enumerate(rows[0] if rows else [])
        if heading.lower() in names
    }
    if not {"username", "name", "office", "roles"} <= places.keys():
        return None
    return [{column: row[index] for column, index in places.items()} for row in rows[1:] if any(row)]


def _swells(stream: BinaryIO) -> bool:
    """Whether the archive would unpack to more than any list of people."""
    with ZipFile(stream) as archive:
        return sum(entry.file_size for entry in archive.infolist()) > UNPACKED


def _import_page(problems: Any = (), refusal: str = "") -> str:
    return render_template(
        "people/import.html",
        problems=problems,
        refusal=refusal,
        columns=COLUMNS,
        offices=offices(),
        roles=roles(),
        imported=(),
    )
