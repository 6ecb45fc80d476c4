"""Who is away and who acts for them, as the desk, the deputy and the head see it."""

import re

import pytest

import engine
from tests.house import PASSWORD

AWAY = {"first_day": "2026-03-02", "last_day": "2026-03-06", "reason": "年休假"}


@pytest.fixture
def house(house):
    """With a second registrar in the town."""
    with house.database.sessions.begin() as session:
        house.ids["second"], _ = engine.create_person(
            session, username="second", name="赵敏", roles=[("registrar", "yuxi_town")], password=PASSWORD,
            must_change_password=False, hasher=engine.CHEAP_HASHER, actor=engine.SYSTEM, now=house.clock(),
        )  # fmt: skip
    return house


def record(house, username="desk", deputy="second", at="/absences", **changed):
    client = house.client(username)
    given = {**AWAY, "deputy": house.ids[deputy] if deputy else "", "person": "", **changed}
    return client, house.post(client, "/absences", at=at, **given)


def test_recording_ones_own_absence(house):
    desk, answer = record(house)
    assert answer.location == "/absences"
    page = desk.get("/absences").text
    assert "请假已登记" in page and "请假中" in page and "2026-03-02 – 2026-03-06" in page and "赵敏" in page
    assert "请假人" not in page, "there is nobody else one may record"
    deputy = house.client("second")
    assert "由您代办desk 同志的任务" in deputy.get("/notices").text
    assert "销假" not in deputy.get("/absences").text.split("<main")[1]
    house.post(desk, re.search(r"/absences/\d+/end", page)[0], at="/absences")
    assert "已销假" in desk.get("/absences").text


def test_mistakes_come_back_beside_the_fields(house):
    _, answer = record(house, reason="", last_day="2026-03-01")
    assert answer.status_code == 422
    assert "请填写请假事由" in answer.text and "结束日期早于开始日期" in answer.text
    assert 'value="2026-03-01"' in answer.text and 'href="#f-last_day"' in answer.text
    _, answer = record(house, last_day="soon")
    assert answer.status_code == 422 and "请填写日期" in answer.text
    _, answer = record(house, deputy="stranger")
    assert "代办人必须是同单位的在岗人员" in answer.text


def test_the_head_records_it_for_the_people_of_the_office(house):
    at = f"/absences?person={house.ids['desk']}"
    head, answer = record(house, "head", at=at, person=house.ids["desk"])
    assert answer.location == at
    page = head.get(at).text
    assert "请假人" in page and "登记desk 同志请假" in page and "head 同志登记" in page
    assert house.client("stranger").get(at).status_code == 403
    assert house.client("boss").get(at).status_code == 200
    assert head.get("/absences?person=99999").status_code == 404
    assert head.get("/absences?person=x").status_code == 200


def test_the_deputy_finds_the_task_does_it_and_the_story_says_for_whom(house):
    case_id = house.register()
    desk = house.client("desk")
    task = house.task(case_id)
    house.post(desk, f"/tasks/{task}/claim", at="/tasks?view=claimable")
    record(house)
    deputy = house.client("second")
    assert "代desk 同志" in deputy.get("/tasks").text
    page = deputy.get(f"/tasks/{task}").text
    assert "desk 同志请假，您正在代办本任务" in page and "认领" in page
    answer = house.post(deputy, f"/tasks/{task}", review_finding="accept")
    assert answer.status_code == 303
    assert "赵敏（代desk 同志）" in deputy.get(f"/cases/{case_id}").text


def test_the_deputy_may_take_the_task_over(house):
    case_id = house.register()
    desk, task = house.client("desk"), house.task(case_id)
    house.post(desk, f"/tasks/{task}/claim", at="/tasks?view=claimable")
    record(house)
    deputy = house.client("second")
    house.post(deputy, f"/tasks/{task}/claim", at=f"/tasks/{task}")
    page = deputy.get("/tasks").text.split("<main")[1]
    assert f"/tasks/{task}" in page and "代desk" not in page
    assert "赵敏（代desk 同志）" in deputy.get(f"/cases/{case_id}").text


def test_giving_work_to_somebody_away_warns(house):
    case_id = house.register()
    record(house)
    head, task = house.client("head"), house.task(case_id)
    page = head.get(f"/tasks/{task}").text
    assert "desk 同志（请假至 2026-03-06，由赵敏代办）" in page
    answer = house.post(head, f"/tasks/{task}/reassign", at=f"/tasks/{task}", to=house.ids["desk"], reason="熟悉情况",
                        next="/tasks")  # fmt: skip
    assert "接手人请假至 2026-03-06，由赵敏代办" in head.get(answer.location).text
    bulk = head.get(f"/bulk/reassign?task={task}").text
    assert "请假至 2026-03-06，由赵敏代办" in bulk


def test_a_form_that_gives_a_task_to_somebody_away_warns(house):
    case_id = house.register()
    house.post(house.client("desk"), f"/tasks/{house.task(case_id)}", review_finding="accept")
    head = house.client("head")
    house.post(head, f"/tasks/{house.task(case_id, 'head')}", acceptance_decision="accept", accepted_on="2026-03-02")
    record(house, "mediator", deputy="")
    given = {"mediator": house.ids["mediator"], "is_conflict_checked": "true"}
    answer = house.post(head, f"/tasks/{house.task(case_id, 'head')}", **given)
    assert answer.status_code == 303, answer.text
    assert "本案有任务由mediator 同志办理，其请假至 2026-03-06，无代办人" in head.get(answer.location).text
