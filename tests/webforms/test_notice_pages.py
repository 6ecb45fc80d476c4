"""What I have been told: the badge in every page, the list, and the choice of mail."""

import re
from datetime import timedelta

import pytest

import engine
from engine.model import Notice
from webforms.notices import words


@pytest.fixture
def told(house):
    """The head has four notices about a case: a reminder, an overdue task, one by a process, one read long ago."""
    case_id = house.register()
    now, head = house.clock(), house.ids["head"]
    task_id = house.task(case_id)
    rows = [
        ("reminder", {"label": "审查期限", "last_day": "2026-03-09", "left": 3}, {}),
        ("overdue", {"step": "审查申请", "due_at": "2026-03-09T16:00:00+00:00"}, {"urgent": True, "task_id": task_id}),
        ("told", {"subject": "逾期", "instead_of": "复核人"}, {"text": "尚未作出决定"}),
        ("told", {}, {"text": "旧的", "unread": False, "read_at": now}),
    ]
    with house.database.sessions.begin() as session:
        for n, (kind, params, more) in enumerate(rows):
            at = now + timedelta(minutes=n)
            session.add(
                Notice(key=str(n), person_id=head, case_id=case_id, kind=kind, params=params, created_at=at, **more)
            )
    return case_id, task_id


def ids(page):
    return re.findall(r'name="notice" value="(\d+)"', page)


def test_the_badge_is_in_every_page_and_says_what_is_urgent(house, told):
    page = house.client("head").get("/tasks").text
    assert re.search(r'class="count count-red">3<span class="visually-hidden"> 条未读', page)
    assert "紧急 1" in page and 'hx-get="/notices/badge"' in page
    assert 'count-red">' not in house.client("archivist").get("/account").text


def test_the_list_says_what_it_is_about(house, told):
    head = house.client("head")
    page = head.get("/notices").text
    for sentence in (
        "“审查期限”到 2026-03-09（周一） 届满，还剩 3 个工作日",
        "“审查申请”已超期，期限为 2026-03-09（周一）",
        "尚未作出决定（本单位无人担任复核人，转给您处理）",
    ):
        assert sentence in page
    assert "旧的" not in page and len(ids(page)) == 3
    assert "旧的" in head.get("/notices?view=all").text
    assert len(ids(head.get("/notices?view=urgent").text)) == 1
    assert len(ids(head.get("/notices?view=nonsense&after=x").text)) == 3
    assert "没有未读通知" in house.client("stranger").get("/notices").text
    assert "还没有通知" in house.client("stranger").get("/notices?view=all").text


def test_a_notice_leads_to_its_task_and_is_read_then(house, told):
    case_id, task_id = told
    head = house.client("head")
    overdue = ids(head.get("/notices?view=urgent").text)[0]
    assert house.post(head, f"/notices/{overdue}/open", at="/notices").location == f"/tasks/{task_id}"
    others = ids(head.get("/notices").text)
    assert len(others) == 2 and 'count-red">' not in head.get("/account").text
    assert house.post(head, f"/notices/{others[0]}/open", at="/notices").location == f"/cases/{case_id}"
    stranger = house.client("stranger")
    assert house.post(stranger, f"/notices/{others[1]}/open", at="/notices").status_code == 404


def test_a_notice_about_a_case_one_cannot_see_leads_nowhere(house, told):
    with house.database.sessions.begin() as session:
        session.add(Notice(key="x", person_id=house.ids["stranger"], case_id=told[0], kind="told", text="看看",
                           params={}, created_at=house.clock()))  # fmt: skip
    stranger = house.client("stranger")
    page = stranger.get("/notices").text
    assert "看看" in page and "/cases/" not in page.split("<main")[1]
    answer = house.post(stranger, f"/notices/{ids(page)[0]}/open", at="/notices")
    assert answer.location == "/notices" and "您无权查看所涉案件" in stranger.get("/notices").text


def test_reading_some_and_all(house, told):
    head = house.client("head")
    first = ids(head.get("/notices").text)[0]
    house.post(head, "/notices/read", at="/notices", notice=[first, "x"], next="/notices")
    page = head.get("/notices").text
    assert len(ids(page)) == 2 and "已将 1 条通知标为已读" in page
    house.post(head, "/notices/read", at="/notices", next="/notices")
    assert "请先选择通知" in head.get("/notices").text
    house.post(head, "/notices/read", at="/notices", all="1", next="/notices?view=all")
    assert ids(head.get("/notices?view=all").text) == []


def test_the_badge_alone_for_open_pages(house, told):
    head = house.client("head")
    badge = head.get("/notices/badge", headers={"HX-Request": "true"}).text
    assert "<html" not in badge and ">3<" in badge
    house.clock.forward(hours=7, minutes=59)
    assert head.get("/notices/badge", headers={"HX-Request": "true"}).status_code == 200
    house.clock.forward(minutes=2)  # eight hours without a deed: looking by itself kept nothing alive
    assert head.get("/notices/badge", headers={"HX-Request": "true"}).status_code == 401


def test_choosing_mail(house):
    head = house.client("head")
    page = head.get("/account").text
    assert "尚未配置邮件服务器" in page
    answer = house.post(head, "/account/mail", at="/account", mail_address="head@example.org", hour="8", urgent="1")
    page = head.get(answer.location).text
    assert "head@example.org" in page and '<option value="8" selected>' in page and "checked" in page
    for typed, more in (("nowhere", {"hour": "8"}), ("a@b.c", {"hour": "24"}), ("", {"urgent": "1"})):
        refused = house.post(head, "/account/mail", at="/account", mail_address=typed, **more)
        assert refused.status_code == 422 and "邮箱地址不正确" in refused.text
        assert f'value="{typed}"' in refused.text
    house.post(head, "/account/mail", at="/account", mail_address="", hour="")
    assert "head@example.org" not in head.get("/account").text


def test_a_reminder_of_today(house):
    row = engine.NoticeRow(1, "reminder", "", {"label": "x", "last_day": "2026-03-02", "left": 0}, True, True,
                           house.clock(), None, "", "", None)  # fmt: skip
    with house.app.test_request_context():
        assert words(row) == "“x”到 2026-03-02（周一） 届满，就是今天"
