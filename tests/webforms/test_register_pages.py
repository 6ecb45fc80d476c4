"""Registers on the page: the list as of a day, editions, what changed, exports, and what the public sees."""

import io
from datetime import date

import openpyxl
import pytest

from engine.editions import publish_edition

FIRST, SECOND = date(2026, 2, 2), date(2026, 2, 20)
FAIR = {"name": "集市摊位纠纷", "basis": [{"law": "民间纠纷处理办法", "valid_to": date(2026, 2, 10)}], "town": "yes",
        "profile": "default", "phone": "0827-3360001", "note": "内部备注"}  # fmt: skip
PEOPLE = [
    {"name": "张勇", "phone": "13990800001", "status": "active", "account": "mediator", "licence": "legal_counsel"},
    {"name": "何敏", "phone": "13990800002", "status": "left", "account": "head"},
]


def publish(house, register, effective, rows, key):
    said = {"register": register, "office": "yuxi_town", "rows": rows, "effective": effective,
            "published_on": effective, "address": "https://www.scey.gov.cn/1", "by": "陈科"}  # fmt: skip
    with house.database.sessions.begin() as session:
        publish_edition(session, key, None, said, now=house.clock())


@pytest.fixture
def filled(house):
    publish(house, "matters", FIRST, [{**FAIR, "id": "M43", "name": "民间纠纷"}, {**FAIR, "id": "M44"}], "a")
    publish(house, "matters", SECOND, [{**FAIR, "id": "M43", "name": "民间纠纷", "phone": "0827-1"}, FAIR], "b")
    publish(house, "roster", FIRST, PEOPLE, "c")
    return house


def test_everybody_finds_the_registers_in_the_menu(filled):
    desk = filled.client("desk")
    assert 'href="/registers"' in desk.get("/tasks").text
    page = desk.get("/registers").text
    assert "行政调解事项清单" in page and "行政调解员名录" in page and "报送员" in page


def test_the_list_as_of_a_day_and_of_an_office(filled):
    desk = filled.client("desk")
    whole = desk.get("/registers/matters").text
    assert "截至 2026-03-02 有效 48 条" in whole
    own = desk.get("/registers/matters?office=yuxi_town").text
    assert "恩渔溪-01" in own and "M44" not in own and "法律依据均已失效" in own
    earlier = desk.get("/registers/matters?office=yuxi_town&as_of=2026-02-05").text
    assert "M44" in earlier and "恩渔溪-01" not in earlier and "法律依据均已失效" not in earlier
    other = desk.get("/registers/matters?office=yushan_town&q=承包").text
    assert "尚未公布自己的清单" in other and "M25" in other and "M43" not in other
    assert "截至 2026-03-02" in desk.get("/registers/matters?as_of=nonsense").text
    assert "没有条目" in desk.get("/registers/matters?q=nothing-like-this").text
    assert desk.get("/registers/none").status_code == 404


def test_editions_lead_to_what_changed(filled):
    desk = filled.client("desk")
    page = desk.get("/registers/matters/history?office=yuxi_town").text
    assert "新增 1，修改 1，取消 1" in page and "https://www.scey.gov.cn/1" in page and "陈科" in page
    link = page.split('href="/registers/matters/compare?')[1].split('"')[0].replace("&amp;", "&")
    changed = desk.get("/registers/matters/compare?" + link).text
    assert "3 处变动" in changed
    assert "<del>" in changed and "0827-3360001</del>" in changed and "0827-1</ins>" in changed
    by_day = desk.get("/registers/matters/compare?a=2026-02-05&b=2026-03-01&office=yuxi_town").text
    assert "3 处变动" in by_day
    assert "没有变动" in desk.get("/registers/matters/compare?a=2026-02-05&b=2026-02-06").text
    assert desk.get("/registers/matters/compare?a=999&b=998").status_code == 404


def test_exports(filled):
    desk = filled.client("desk")
    text = desk.get("/registers/roster?office=yuxi_town&format=csv").get_data().decode("utf-8-sig")
    assert text.splitlines()[0].startswith("编号,姓名,性别")
    assert "张勇" in text and "13990800001" in text and "法律顾问" in text
    sheet = openpyxl.load_workbook(io.BytesIO(desk.get("/registers/matters?format=xlsx").get_data())).worksheets[0]
    assert sheet.max_row == 49
    assert sheet["B2"].value == "消费者权益争议"


def test_the_public_sees_public_fields_only(filled):
    visitor = filled.client()
    page = visitor.get("/public/registers/roster")
    assert page.status_code == 200
    assert "张勇" in page.text
    assert "何敏" not in page.text, "who has left is not on show"
    for hidden in ("13990800001", "mediator", "离岗"):
        assert hidden not in page.text
    everything = visitor.get("/public/registers/matters").text
    assert "截至 2026-03-02 有效 2 条" in everything and "M25" not in everything, "candidates have not been published"
    matters = visitor.get("/public/registers/matters?office=yuxi_town").text
    assert "0827-1" in matters and "内部备注" not in matters and "凭记忆" not in matters
    for kind in ("csv", "xlsx"):
        data = visitor.get(f"/public/registers/roster?format={kind}").get_data()
        assert b"13990800001" not in data
    probed = visitor.get("/public/registers/roster?q=1399080").text
    assert "张勇" not in probed and "没有条目" in probed, "a search finds nothing by what is not public"
    assert "张勇" in visitor.get("/public/registers/roster?q=张").text
    assert visitor.get("/public/registers").status_code == 200
    assert visitor.get("/registers/roster").status_code == 303


def test_the_notice_board_is_ready_to_print(filled):
    page = filled.client("desk").get("/registers/roster/board?office=yuxi_town").text
    assert "渔溪镇人民政府行政调解员名录" in page and "2026-02-02 公布" in page
    assert "13990800001" not in page and "/public/registers/roster?office=yuxi_town" in page


def test_who_may_be_appointed_is_said_on_the_form(house):
    case_id = house.register()
    for username, answers in (("desk", {"review_finding": "accept"}),
                              ("head", {"acceptance_decision": "accept", "accepted_on": "2026-03-02"})):  # fmt: skip
        client = house.client(username)
        answer = house.post(client, f"/tasks/{house.task(case_id, username)}", **answers)
        assert answer.status_code == 303, answer.text
    head, task = house.client("head"), house.task(case_id, "head")
    page = head.get(f"/tasks/{task}").text
    assert "尚无公布的名录，按岗位列出。" in page and "mediator 同志" in page
    publish(house, "roster", FIRST, PEOPLE, "r")
    page = head.get(f"/tasks/{task}").text
    assert "尚无公布的名录" not in page and "张勇" in page and "何敏" not in page
