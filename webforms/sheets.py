"""Tables to take away: as a spreadsheet or as CSV. What people typed is never taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Response, send_file
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from webforms.i18n import OFFICE_ZONE

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = ("xlsx", "csv")
FORMULA = frozenset("=+-@\t\r")
WIDEST = 60


def download(rows: Iterable[Sequence[Any]], *, name: str, title: str, kind: str = "xlsx") -> Response:
    """A file with these rows, the first of which is the heading; `kind` is xlsx or csv."""
    shown = [[_plain(cell) for cell in row] for row in rows]
    if kind == "csv":
        text = io.StringIO()
        csv.writer(text).writerows([["" if cell is None else cell for cell in row] for row in shown])
        content, media = ("\ufeff" + text.getvalue()).encode(), "text/csv"  # Excel needs the mark to read UTF-8
    else:
        content, media = _workbook(shown, title), XLSX
    return send_file(io.BytesIO(content), media, as_attachment=True, download_name=f"{name}.{kind}")


def _workbook(rows: Sequence[Sequence[Any]], title: str) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(character for character in title if character not in "[]:*?/\\")[:31])
    sheet.freeze_panes = "B2"
    for number in range(max((len(row) for row in rows), default=0)):
        longest = max((_width(row[number]) for row in rows if number < len(row)), default=0)
        letter = _letter(number)
        sheet.column_dimensions[letter].width = min(WIDEST, longest + 2)
    for number, row in enumerate(rows):
        cells = [WriteOnlyCell(sheet, value=cell) for cell in row]
        for cell in cells if number == 0 else ():
            cell.font = Font(bold=True)
        sheet.append(cells)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _letter(number: int) -> str:
    """The name of a column: A, B, ..., Z, AA."""
    number, last = divmod(number, 26)
    return (_letter(number - 1) if number else "") + chr(ord("A") + last)


def _width(cell: Any) -> int:
    return sum(1 if character.isascii() else 2 for character in str(cell if cell is not None else ""))


def _plain(cell: Any) -> Any:
    """A value that both formats can hold: instants on the offices' clock, text that is no formula."""
    if cell is None or isinstance(cell, (bool, int, Decimal)):
        return cell
    if isinstance(cell, datetime):
        return cell.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, date):
        return cell.isoformat()
    text = str(cell)
    return "'" + text if text[:1] in FORMULA else text
