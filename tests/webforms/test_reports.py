"""A monthly report through the pages: filled in as a table, refused with words, handed in, corrected, taken away."""

import io
import re
from datetime import UTC, datetime

import pytest
from docx import Document
from openpyxl import load_workbook

import engine
from tests.house import PASSWORD, PROCESSES, TOWN

PEOPLE = {
    "filler": ("reporter", TOWN),
    "checker": ("report_reviewer", TOWN),
    "bureau": ("justice_officer", "justice_bureau"),
}
OPENED = datetime(2026, 3, 1, 0, 40, tzinfo=UTC)


@pytest.fixture
def opened(house):
    """The report of February in one town: the house and its case."""
    house.clock.now = OPENED
    with house.database.sessions.begin() as session:
        engine.deploy(session, PROCESSES / "monthly_report", actor=engine.SYSTEM, now=OPENED)
        for username, role in PEOPLE.items():
            engine.create_person(
                session, username=username, name=f"{username} 同志", roles=[role], password=PASSWORD,
                must_change_password=False, hasher=engine.CHEAP_HASHER, actor=engine.SYSTEM, now=OPENED,
            )  # fmt: skip
        start = engine.next_start(session, "monthly_report", "monthly", TOWN, after=datetime(2026, 2, 28, tzinfo=UTC))
        case_id = engine.start_by_calendar(session, start, now=OPENED).case_id
    return house, case_id


def task_of(house, case_id):
    with house.database.reads() as session:
        return engine.open_tasks(session, case_id)[0].id


def hand_in(house, case_id, username, **answers):
    client = house.client(username)
    return house.post(client, f"/tasks/{task_of(house, case_id)}", **answers)


def row(page, name):
    """The path of a figure's row."""
    return (
        re.search(rf'<tr id="r-([\w-]+)"[^>]*><th scope="row">{name}', page)[1].replace(
            "report_figures-", "report_figures["
        )
        + "]"
    )


def test_figures_are_a_table_that_is_refused_in_words_and_handed_in(opened):
    house, case_id = opened
    client = house.client("filler")
    page = client.get(f"/tasks/{task_of(house, case_id)}").text
    rows = {
        name: row(page, name)
        for name in ("本期申请", "受理（件）", "在办期末", "受理（按调解事项）", "其中：其他事项", "培训人次", "标准化")
    }
    assert page.count('scope="rowgroup"') == 8 and "row-add" not in page and "row-remove" not in page
    given = {"report_kind": "figures"} | {f"{path}._was": path[path.index("[") + 1 : -1] for path in rows.values()}
    given |= {f"{rows[name]}.adjusted": "0" for name in ("培训人次", "标准化")}
    refused = hand_in(house, case_id, "filler", **given, **{f"{rows['受理（件）']}.adjusted": "1"})
    assert refused.status_code == 422
    assert "上期结转0加受理1，应当等于办结0加在办0" in refused.text and "由0改为1，请写明调整理由" in refused.text
    summary = refused.text.partition('class="error-summary"')[2].partition("</ul>")[0]
    assert summary.count("上期结转0加受理1") == 1 and refused.text.count("上期结转0加受理1") == 5
    for name in ("本期申请", "受理（件）", "在办期末", "受理（按调解事项）", "其中：其他事项"):
        given |= {f"{rows[name]}.adjusted": "1", f"{rows[name]}.reason": "纸质登记"}
    assert hand_in(house, case_id, "filler", **given).status_code == 303
    assert hand_in(house, case_id, "checker", review_decision="passed").status_code == 303
    board = house.client("bureau").get("/reports").text
    assert "2026年2月" in board and "司法局审核" in board and "现为0" in board
    paper = re.search(r"/papers/[0-9a-f-]{36}", board)[0]
    sheet = house.client("bureau").get(paper).text
    assert "系统数0；纸质登记" in sheet and "下载 Word 文档" in sheet
    texts = [p.text for p in Document(io.BytesIO(house.client("bureau").get(paper + ".docx").data)).paragraphs]
    assert "行政调解工作月报表" in texts
    book = load_workbook(io.BytesIO(house.client("bureau").get("/reports?format=xlsx").data)).active
    headings = [cell.value for cell in book[1]]
    assert book.cell(2, headings.index("受理（件）") + 1).value == 1 and book.max_row == 3
    assert house.client("bureau").get("/reports?format=csv").mimetype == "text/csv"


def test_a_zero_report_is_accepted_and_its_correction_is_a_revision(opened):
    house, case_id = opened
    assert hand_in(house, case_id, "filler", report_kind="zero").status_code == 303
    assert hand_in(house, case_id, "checker", review_decision="passed").status_code == 303
    assert hand_in(house, case_id, "bureau", receive_decision="accepted").status_code == 303
    client = house.client("filler")
    event = f"/cases/{case_id}/events/correction_found"
    assert house.post(client, event, correction_reason="漏报情况说明").status_code == 303
    assert "退回更正" in house.client("bureau").get("/reports?state=returned").text
    answer = hand_in(
        house, case_id, "filler", report_kind="zero", correction_reason="漏报情况说明", report_note="没有纠纷"
    )
    assert answer.status_code == 303
    assert hand_in(house, case_id, "checker", review_decision="passed").status_code == 303
    revisions = house.client("bureau").get(f"/reports/{case_id}").text
    assert "第2版" in revisions and "第1版" in revisions and "漏报情况说明" in revisions and "数字没有改动" in revisions
    assert house.client("stranger").get(f"/reports/{case_id}").status_code == 404
    assert house.client("stranger").get("/reports").status_code == 200


def test_addresses_nobody_made(opened):
    house, _ = opened
    client = house.client("bureau")
    for address in ("/reports?process=nobody", "/reports?period=2020-01-01"):
        assert client.get(address).status_code == 404
    for address in ("/reports?period=soon", "/reports?state=none", "/reports?format=exe"):
        assert client.get(address).status_code == 200
