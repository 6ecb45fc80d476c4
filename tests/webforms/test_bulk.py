"""A supervisor acts on many tasks: preview, reason, each case for itself, and what became of each."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

import engine
from engine.model import Deadline, Event, Task
from scheduler.tick import tick


@pytest.fixture
def desk(house):
    """Three cases whose first step the registrar has, and the head's browser."""
    cases = []
    for _ in range(3):
        house.clock.forward(minutes=1)
        cases.append(house.register())
    return house, [house.task(case) for case in cases], house.client("head")


def post(house, client, address, data):
    data = {**house.marks(client.get("/account").text), "_key": "k1", **data}
    return client.post(address, data=data)


def holders(house):
    with house.database.reads() as session:
        return dict(session.execute(select(Task.id, Task.assignee)).all())


def events(house, kind):
    with house.database.reads() as session:
        return session.scalars(select(Event.case_id).where(Event.kind == kind)).all()


def test_the_list_of_the_office_leads_to_the_pages(desk):
    _house, tasks, head = desk
    page = head.get("/tasks?view=office").text
    assert 'formaction="/bulk/urge"' in page and f'value="{tasks[0]}"' in page


def test_tasks_are_handed_over_one_by_one_and_taken_back(desk):
    house, tasks, head = desk
    address = "/bulk/reassign?" + "&".join(f"task={task}" for task in tasks)
    with house.database.sessions.begin() as session:
        today = house.clock().date()
        engine.record_absence(
            session, house.ids["desk"], deputy_id=None, first_day=today, last_day=today + timedelta(days=2),
            reason="休假", actor=house.actor("desk"), now=house.clock(),
        )  # fmt: skip
    page = head.get(address).text
    assert "desk 同志" in page and "请假至 2026-03-04" in page
    desk_id = house.ids["desk"]
    assert post(house, head, "/bulk/reassign", {"task": tasks, "reason": "x"}).status_code == 422
    assert set(holders(house).values()) == {None}
    gone = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    answer = post(house, head, "/bulk/reassign", {"task": [*tasks, gone], "to": desk_id, "reason": "休假"})
    assert answer.status_code == 303
    told = parse_qs(urlsplit(answer.location).query)
    assert told["ok"] == [str(task) for task in tasks] and told["no"] == [f"{gone}~task-closed"]
    result = head.get(answer.location).text
    assert "3 件已转交" in result and "1 件未办" in result and "desk 同志" in result
    assert set(holders(house).values()) == {desk_id} and len(events(house, "task_reassigned")) == 3
    post(house, head, "/bulk/reassign", {"task": tasks, "to": desk_id, "reason": "休假"})
    assert len(events(house, "task_reassigned")) == 3, "sent twice, done once"
    tick(house.database, house.clock(), anchors=False)
    assert "转交给您" in house.client("desk").get("/notices").text
    back = post(house, head, "/bulk/return", {"task": tasks})
    assert set(holders(house).values()) == {None} and "3 件已交还" in head.get(back.location).text
    with house.database.reads() as session:
        assert engine.verify(session) == []


def test_somebody_who_cannot_do_a_task_does_not_get_it(desk):
    house, tasks, head = desk
    answer = post(house, head, "/bulk/reassign", {"task": tasks, "to": house.ids["stranger"], "reason": "x"})
    assert "3 件未办" in head.get(answer.location).text and set(holders(house).values()) == {None}


def test_urging_shows_in_list_case_and_timeline_and_not_twice_without_a_word(desk):
    house, tasks, head = desk
    address = "/bulk/urge?" + "&".join(f"task={task}" for task in tasks)
    assert "催办 3 件" in head.get(address).text
    for _ in range(2):  # the same form, sent twice
        answer = post(house, head, "/bulk/urge", {"task": tasks, "reason": ""})
        assert answer.status_code in {303, 422}
    assert len(events(house, "task_urged")) == 3
    again = post(house, head, "/bulk/urge", {"task": tasks, "reason": "", "_key": "k2"})
    assert again.status_code == 422 and "再次催办请说明理由" in again.text
    answer = post(house, head, "/bulk/urge", {"task": tasks[:1], "reason": "当事人到访", "_key": "k3"})
    assert "1 件已催办" in head.get(answer.location).text
    clerk = house.client("desk")
    assert "head催办" in clerk.get("/tasks?view=claimable").text.replace(" 同志", "")
    case_id = events(house, "task_urged")[0]
    assert "被催办" in clerk.get(f"/cases/{case_id}").text


def test_a_limit_of_the_law_is_not_extended_here(desk):
    house, tasks, head = desk
    page = head.get("/bulk/extend?" + "&".join(f"task={task}" for task in tasks)).text
    assert "不可延长" in page and "决定延长" not in page
    with house.database.reads() as session:
        deadline = session.scalars(select(Deadline.id)).first()
    more = {"count": "5", "unit": "wd", "basis": "第十条", "reason": "x"}
    answer = post(house, head, "/bulk/extend", {"deadline": [deadline], **more})
    assert "须按程序办理" in head.get(answer.location).text
    assert events(house, "deadline_extended") == []


def test_what_is_missing_is_said_and_nothing_typed_is_lost(desk):
    house, _tasks, head = desk
    with house.database.reads() as session:
        deadline = session.scalars(select(Deadline.id)).first()
    answer = post(
        house, head, "/bulk/extend", {"deadline": [deadline], "count": "no", "reason": "案情复杂", "_key": "k"}
    )
    assert answer.status_code == 422 and "案情复杂" in answer.text and "请填写依据" in answer.text


@pytest.mark.parametrize("who", ["desk", "stranger"])
def test_those_who_lead_nobody_here_change_nothing(desk, who):
    house, tasks, _head = desk
    client = house.client(who)
    asked = "&".join(f"task={task}" for task in tasks)
    for page in ("reassign", "urge", "extend"):
        assert client.get(f"/bulk/{page}?{asked}&case=x").status_code == 200
    for page, more in (("reassign", {"to": house.ids["desk"]}), ("urge", {}), ("return", {})):
        answer = post(house, client, f"/bulk/{page}", {"task": tasks, "reason": "x", **more})
        assert answer.status_code == 303 and "3 件未办" in client.get(answer.location).text
    assert set(holders(house).values()) == {None} and events(house, "task_urged") == []
