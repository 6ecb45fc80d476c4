"""Tables to take away: the same rows in both formats, and nothing that a spreadsheet would execute."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from webforms.sheets import download

ROWS = [
    ["单位", "受理", "日期", "时间"],
    ["=HYPERLINK(1)", Decimal("12.5"), date(2026, 3, 2), datetime(2026, 3, 2, 1, 0, tzinfo=UTC)],
    ["渔溪镇", 3, None, ""],
]


@pytest.fixture
def content(house):
    def made(kind):
        with house.app.test_request_context():
            answer = download(ROWS, name="rows", title="月报[3]/汇总", kind=kind)
            answer.direct_passthrough = False
            assert f"rows.{kind}" in answer.headers["Content-Disposition"]
            return answer.get_data()

    return made


def test_csv(content):
    rows = list(csv.reader(io.StringIO(content("csv").decode("utf-8-sig"))))
    assert rows[1:] == [["'=HYPERLINK(1)", "12.5", "2026-03-02", "2026-03-02 09:00"], ["渔溪镇", "3", "", ""]]


def test_a_spreadsheet_keeps_numbers_as_numbers(content):
    sheet = load_workbook(io.BytesIO(content("xlsx"))).active
    assert sheet.title == "月报3汇总" and sheet["A1"].font.bold and not sheet["A2"].font.bold
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["'=HYPERLINK(1)", 12.5, "2026-03-02", "2026-03-02 09:00"],
        ["渔溪镇", 3, None, None],
    ]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_the_list_of_cases_comes_in_both_formats(house):
    house.register()
    client = house.client("desk")
    assert load_workbook(io.BytesIO(client.get("/cases?format=xlsx").data)).active.max_row == 2
    assert client.get("/cases?format=csv").text.count("\n") == 2
    assert client.get("/cases?format=exe").mimetype == "text/html"
