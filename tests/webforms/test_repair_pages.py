"""Repair through its pages, without a browser: nothing typed is lost, nothing is done by one person alone."""

import pytest
from sqlalchemy import func, select

import engine
from engine.model import ChangeRequest, Event, Incident
from tests.webforms.test_failures import broken  # noqa: F401 a fixture


@pytest.fixture
def case(house):
    case_id = house.register()
    yield case_id
    with house.database.reads() as session:
        assert engine.inconsistencies(session, case_id, now=house.clock()) == [] and engine.verify(session) == []


def post(house, client, address, **data):
    return client.post(address, data={**house.marks(client.get("/account").text), **data})


def request_row(house):
    with house.database.reads() as session:
        return session.scalars(select(ChangeRequest).order_by(ChangeRequest.id.desc())).first()


def count(house, kind):
    with house.database.reads() as session:
        return session.scalar(select(func.count()).select_from(Event).where(Event.kind == kind))


def seen(house, client, number):
    return house.hidden(client.get(f"/change-requests/{number}").text, "seen")


def test_a_fact_is_corrected_by_two_people(house, case):
    head, leader = house.client("head"), house.client("leader")
    address = f"/cases/{case}/repair/fact"
    assert "5,000.00 元" in head.get(address + "?fact=claimed_amount").text
    typed = {"repair_fact": "claimed_amount", "repair_value": "很多", "repair_reason": "登记时少写一个零"}
    answer = post(house, head, address, **typed)
    assert answer.status_code == 422 and "登记时少写一个零" in answer.text and "很多" in answer.text
    typed["repair_value"] = "50000"
    shown = post(house, head, address, **typed, _preview="1").text
    assert "5,000.00 元 → 50,000.00 元" in shown and request_row(house) is None
    for _ in range(2):  # sent twice, asked once
        assert post(house, head, address, **typed).status_code == 303
    number = request_row(house).id
    assert (
        number == 1 and "更正审批（1）" in leader.get("/tasks").text and "更正审批（1）" not in head.get("/tasks").text
    )
    assert post(house, head, f"/change-requests/{number}/approve", seen=seen(house, leader, number)).status_code == 403
    assert count(house, "fact_corrected") == 0
    answer = post(house, leader, f"/change-requests/{number}/approve", seen=seen(house, leader, number), note="同意")
    assert answer.status_code == 303 and "已批准并执行" in leader.get(answer.location).text
    again = post(house, leader, f"/change-requests/{number}/approve", seen="x")
    assert again.status_code == 409 and count(house, "fact_corrected") == 1
    page = leader.get(f"/cases/{case}").text
    assert "50,000.00 元" in page and "批准意见：同意" in page


def test_a_case_that_moved_is_shown_again_and_not_changed(house, case):
    head, leader, desk = house.client("head"), house.client("leader"), house.client("desk")
    page = head.get(f"/cases/{case}/repair/skip").text
    task = house.hidden(page, "repair_task")
    typed = {"repair_task": task, "review_finding": "accept", "repair_reason": "经办人调离"}
    assert post(house, head, f"/cases/{case}/repair/skip", **typed).status_code == 303
    number = request_row(house).id
    looked_at = seen(house, leader, number)
    house.post(desk, f"/tasks/{task}", review_finding="accept")
    answer = post(house, leader, f"/change-requests/{number}/approve", seen=looked_at)
    shown = leader.get(answer.location).text
    assert "申请之后案件已有变化" in shown and "已不能这样更正" in shown and count(house, "task_skipped") == 0
    assert request_row(house).state == "open"
    assert post(house, leader, f"/change-requests/{number}/refuse", note="").status_code == 422
    post(house, leader, f"/change-requests/{number}/refuse", note="已经办结")
    assert request_row(house).state == "refused" and "已经办结" in head.get(f"/change-requests/{number}").text


def test_a_step_is_skipped_with_what_is_known(house, case):
    head, leader = house.client("head"), house.client("leader")
    task = house.hidden(head.get(f"/cases/{case}/repair/skip").text, "repair_task")
    typed = {"repair_task": task, "review_finding": "accept", "repair_reason": "经办人调离"}
    assert "决定是否受理" in post(house, head, f"/cases/{case}/repair/skip", **typed, _preview="1").text
    post(house, head, f"/cases/{case}/repair/skip", **typed)
    number = request_row(house).id
    post(house, leader, f"/change-requests/{number}/approve", seen=seen(house, leader, number))
    assert count(house, "task_skipped") == 1 and "决定是否受理" in leader.get(f"/cases/{case}").text


def test_what_cannot_be_done_is_said_in_words(house, case):
    head = house.client("head")
    page = head.get(f"/cases/{case}/repair/move").text
    assert "不能移到的位置及原因" in page or "现在所处的步骤" in page
    with house.database.reads() as session:
        places = engine.repair_page(session, case, house.actor("head"), now=house.clock()).places
    token = str(next(place.token for place in places if place.element == "review_application"))
    typed = {"repair_token": token, "repair_target": "hold_session", "repair_reason": "直接开会"}
    answer = post(house, head, f"/cases/{case}/repair/move", **typed)
    assert answer.status_code == 422 and "子流程只能整体进入或者离开" in answer.text and "直接开会" in answer.text
    assert head.get(f"/cases/{case}/repair/explode").status_code == 404
    assert request_row(house) is None


def test_a_case_is_cancelled_and_opened_again(house, case):
    head, leader = house.client("head"), house.client("leader")

    def repair(kind, **fields):
        answer = post(house, head, f"/cases/{case}/repair/{kind}", repair_reason="重复登记", **fields)
        assert answer.status_code == 303, answer.text
        number = request_row(house).id
        post(house, leader, f"/change-requests/{number}/approve", seen=seen(house, leader, number))
        assert request_row(house).state == "approved"
        return leader.get(f"/cases/{case}").text

    assert "已撤销" in repair("cancel")
    with house.database.reads() as session:
        found = engine.repair_page(session, case, house.actor("head"), now=house.clock()).reopenings
    assert "恢复办理" in repair("reopen", repair_target=next(element for element, _, why in found if not why))


def test_an_administrator_asks_for_a_retry_and_a_leader_approves(house, broken):  # noqa: F811 the fixture
    case_id, task = broken
    desk, boss = house.client("desk"), house.client("boss")
    page = desk.get(task).text
    assert desk.post(task, data={**house.marks(page), "n": "5"}).status_code == 500
    incidents = boss.get("/incidents").text
    assert f"/cases/{case_id}/repair/retry?incident=1" in incidents
    assert boss.get(f"/cases/{case_id}/repair/retry?incident=1").status_code == 200
    answer = post(house, boss, f"/cases/{case_id}/repair/retry", repair_incident="1", repair_reason="数据已补")
    number = request_row(house).id
    assert answer.status_code == 303 and "重新执行后才知道" in boss.get(f"/change-requests/{number}").text
    leader = house.client("leader")
    answer = post(house, leader, f"/change-requests/{number}/approve", seen=seen(house, leader, number))
    assert "未能执行" in leader.get(answer.location).text, "the cause is still there"
    assert request_row(house).state == "failed"
    with house.database.reads() as session:
        assert session.scalars(select(Incident.state)).all() == ["open"]
        assert engine.inconsistencies(session, case_id, now=house.clock()) == []


def test_the_list_is_shaped_by_its_address(house, case):
    head, leader = house.client("head"), house.client("leader")
    post(house, head, f"/cases/{case}/repair/cancel", repair_reason="重复登记")
    assert "重复登记" in leader.get("/change-requests").text
    assert "重复登记" not in leader.get("/change-requests?kind=move").text
    assert "重复登记" not in leader.get("/change-requests?state=refused").text
    post(house, head, f"/change-requests/{request_row(house).id}/withdraw")
    assert "重复登记" in leader.get("/change-requests?state=all&after=99").text
    assert "重复登记" not in house.client("stranger").get("/change-requests?state=all").text
