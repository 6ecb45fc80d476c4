"""What the calendar opened, missed and opens next, for those who watch over it."""

import re
from datetime import datetime

import pytest
from sqlalchemy import update

import engine
from engine.model import Version
from scheduler.tick import tick
from tests.duty import DUTY
from tests.house import PASSWORD

REPORTING = 43


@pytest.fixture
def house(house):
    """With the duty in use since 2 March, looked at after a standstill in May; an officer may open what was missed."""
    now = house.clock()
    with house.database.sessions.begin() as session:
        session.execute(update(Version).values(active=False))  # one process is enough to read
        engine.deploy_files(session, DUTY, actor=engine.SYSTEM, now=now)
        for username, role in (("officer", "justice_officer"), ("auditor", "auditor")):
            engine.create_person(
                session, username=username, name=username, roles=[(role, "justice_bureau")], password=PASSWORD,
                must_change_password=False, hasher=engine.CHEAP_HASHER, actor=engine.SYSTEM, now=now,
            )  # fmt: skip
    house.clock.now = datetime(2026, 5, 26, 9, 0, tzinfo=engine.OFFICE)
    return house


def boxes(page):
    return re.findall(r'name="start" value="(\d+)"', page)


def test_before_anything_was_opened(house):
    page = house.client("boss").get("/calendar-starts").text
    assert "每月 25 日 08:30，遇休息日提前到前一个工作日" in page
    assert "43 个单位" in page and "还没有开办过" in page and "2026-06-25 08:30" in page


def test_what_was_opened_and_missed(house):
    assert tick(house.database, house.clock(), anchors=False).opened == REPORTING
    officer = house.client("officer")
    page = officer.get("/calendar-starts").text
    assert "2026年5月" in page and "已开办 43" in page and "补开" in page
    missed = officer.get("/calendar-starts?state=open").text
    assert "2026年4月" in missed and "2026年5月</span></td>" not in missed
    assert len(boxes(missed)) == 50 and "下一页" in missed
    address = re.search(r'href="([^"]*after=[^"]*)" rel="next"', missed)[1].replace("&amp;", "&")
    assert len(boxes(officer.get(address).text)) == REPORTING * 2 - 50
    assert "渔溪镇" in officer.get("/calendar-starts?office=yuxi_town").text
    assert "没有符合条件的" in officer.get("/calendar-starts?process=none").text
    assert officer.get("/calendar-starts?after=x~y").status_code == 200


def test_missed_periods_are_opened_by_hand(house):
    tick(house.database, house.clock(), anchors=False)
    officer = house.client("officer")
    address = "/calendar-starts?office=yuxi_town&state=open"
    chosen = boxes(officer.get(address).text)
    answer = house.post(officer, "/calendar-starts/open", at=address, start=chosen, next=address)
    assert answer.location == address
    assert "已开办 2 件" in officer.get(address).text
    page = officer.get("/calendar-starts?office=yuxi_town").text
    assert "手工开办：officer" in page and boxes(page) == []
    case = re.search(r"/cases/[0-9a-f-]{36}", page)[0]
    assert "系统按期开办：2026年5月，晚于应开办时间 2026-05-25 08:30" in officer.get(case).text
    again = house.post(officer, "/calendar-starts/open", at=address, start=chosen, next=address)
    assert again.status_code == 303
    house.post(officer, "/calendar-starts/open", at=address, start=["x", "999999"], next=address)
    assert "1 件未能开办" in officer.get(address).text
    house.post(officer, "/calendar-starts/open", at=address, next=address)
    assert "请先选择要补开的期间" in officer.get(address).text


def test_who_may_look_and_open(house):
    tick(house.database, house.clock(), anchors=False)
    auditor = house.client("auditor")
    page = auditor.get("/calendar-starts?state=open").text
    assert boxes(page) == [] and "定期事项" in auditor.get("/tasks").text
    chosen = boxes(house.client("officer").get("/calendar-starts?state=open").text)[:1]
    house.post(auditor, "/calendar-starts/open", at="/tasks", start=chosen, next="/calendar-starts")
    assert "1 件未能开办" in auditor.get("/calendar-starts").text
    desk = house.client("desk")
    assert desk.get("/calendar-starts").status_code == 403
    assert "定期事项" not in desk.get("/tasks").text


RULES = [
    ("1", "week", "每周一 08:30"), ("last", "month", "每月最后一天 08:30"), ("5wd", "month", "每月第 5 个工作日 08:30"),
    ("last-10d", "year", "每年最后一天前 10 天 08:30"), ("last-3wd", "month", "每月最后一天前 3 个工作日 08:30"),
    ("02-10", "year", "每年 2 月 10 日 08:30"), ("01-05", "half_year", "每半年第 1 个月 5 日 08:30"),
]  # fmt: skip


def test_the_rule_in_words(house):
    from webforms.openings import when

    with house.app.test_request_context():
        for on, every, words in RULES:
            rule = engine.CalendarRule("p", "p", "e", "e", every, on, "08:30", "", (), house.clock(), "")
            assert when(rule) == words
