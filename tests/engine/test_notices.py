"""Who is told what: once for every happening, never about one's own act, late things also to the leaders."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

import engine
from engine.model import Effect, Notice, Person, PersonRole
from scheduler.tick import tick
from tests.engine.house import CHIEF, CLERK, OTHER, STRANGER, House, folder
from tests.engine.runtime.bpmn import end, node, path, start, user

HEAD = engine.Actor(5, "Head", frozenset([("head", "north")]))


@pytest.fixture
def house(tmp_path):
    house = House.build(tmp_path / "house.db")
    roles = [
        {"id": "clerk", "name": "Clerk"},
        {"id": "head", "name": "Head", "leads": True},
        {"id": "inspector", "name": "Inspector", "scope": "district"},
        {"id": "empty", "name": "Nobody's"},
        {"id": "administrator", "name": "Administrator", "scope": "district", "leads": True},
    ]
    with house.writing() as session:
        engine.store_reference(session, "roles", {"roles": roles}, now=house.now)
        session.add_all([Person(id=n, username=f"p{n}", name=f"P{n}", created_at=house.now) for n in (5, 6, 7)])
        session.flush()
        session.add(PersonRole(person_id=5, role="head", office="north"))
        session.add(PersonRole(person_id=6, role="inspector", office="south"))
        session.add(PersonRole(person_id=7, role="clerk", office="north"))
        session.get_one(Person, 7).active = False
    yield house
    house.database.bind.dispose()


def telling(payload, *more):
    """A process that tells somebody after its first step, and then waits in a second one."""
    inner = (
        "<bpmn:extensionElements><camunda:properties>"
        f"<camunda:property name='payload' value='={payload}'/></camunda:properties></bpmn:extensionElements>"
    )
    tells = node("serviceTask", "tell", inner, camunda_type="external", camunda_topic="notify")
    steps = (user("ask", camunda_candidateGroups="clerk"), tells, user("wait", camunda_candidateGroups="clerk"))
    return folder(start(), *steps, end(), path("start", "ask", "tell", "wait", "end"), *more)


def told(house, payload):
    """The case that tells it, and whom it told."""
    house.install(telling(payload))
    case = house.start()
    house.do(case, "ask")
    house.tick()
    return case, notices(house)


def notices(house, **only):
    with house.database.reads() as session:
        return list(session.scalars(select(Notice).filter_by(**only).order_by(Notice.person_id)))


@pytest.mark.parametrize(
    ("payload", "people"),
    [
        ('{"role": "clerk", "text": "x"}', [OTHER.id]),  # not Clerk, whose act it was, nor who has left
        ('{"role": "clerk", "office": "south", "text": "x"}', [STRANGER.id]),
        ('{"roles": ["clerk", "head"], "text": "x"}', [OTHER.id, 5]),
        ('{"role": "inspector", "text": "x"}', [6]),
        ('{"person": 3, "text": "x"}', [STRANGER.id]),
        ('{"person": "p6", "text": "x"}', [6]),
        ('{"office": "north", "text": "x"}', [5]),
        ('{"role": "clerk", "office": ["north", "south"], "text": "x"}', [OTHER.id, STRANGER.id]),
        ('{"role": "empty", "text": "x"}', [5]),  # nobody holds it: the leaders of the office
        ('{"role": "empty", "office": "south", "text": "x"}', [CHIEF.id]),  # nor is there one: administrators
    ],
)
def test_whom_a_notice_reaches(house, payload, people):
    _, found = told(house, payload)
    assert [notice.person_id for notice in found] == people
    assert all(("instead_of" in notice.params) == ("empty" in payload) for notice in found)


@pytest.mark.parametrize(
    "payload",
    ['{"role": "clerk"}', '{"role": "cook", "text": "x"}', '{"text": "x"}', '{"person": "nobody", "text": "x"}'],
)
def test_a_notice_that_says_nothing_or_to_nobody_known_fails(house, payload):
    house.install(telling(payload))
    house.do(house.start(), "ask")
    assert tick(house.database, house.now, anchors=False).failed == 1
    assert notices(house) == []


def test_a_notice_is_delivered_once(house):
    case, [notice] = told(house, '{"role": "inspector", "text": "Look", "urgent": true, "subject": "S"}')
    assert (notice.text, notice.urgent, notice.kind, notice.case_id) == ("Look", True, "told", case)
    with house.writing() as session:
        effect = session.scalars(select(Effect)).one()
        effect.state = "pending"
    house.tick()
    assert len(notices(house)) == 1


def test_reading(house):
    told(house, '{"roles": ["clerk", "head"], "text": "x"}')
    with house.database.reads() as session:
        assert engine.unread_notices(session, HEAD) == (1, 0)
        [row] = engine.notices(session, HEAD).rows
        assert (row.text, row.unread, row.case_id is not None) == ("x", True, True)
        assert engine.notices(session, HEAD, view="urgent").rows == ()
    with house.writing() as session:
        assert engine.read_notices(session, [row.id], actor=OTHER, now=house.now) == 0
        with pytest.raises(engine.NotFound):
            engine.open_notice(session, row.id, actor=OTHER, now=house.now)
        engine.open_notice(session, row.id, actor=HEAD, now=house.now)
    with house.database.reads() as session:
        assert engine.unread_notices(session, HEAD) == (0, 0)
        assert engine.notices(session, HEAD).rows == ()
        assert [row.unread for row in engine.notices(session, HEAD, view="all").rows] == [False]
        assert engine.unread_notices(session, OTHER) == (1, 0)
    with house.writing() as session:
        assert engine.read_notices(session, None, actor=OTHER, now=house.now) == 1


def test_pages_of_notices_follow_each_other_unread_first(house):
    with house.writing() as session:
        for n in range(7):
            at = house.now + timedelta(minutes=n // 2)
            session.add(Notice(key=str(n), person_id=5, kind="told", text=str(n), params={}, created_at=at))
    with house.writing() as session:
        chosen = [n.id for n in session.scalars(select(Notice)) if n.text in {"5", "2"}]
        engine.read_notices(session, chosen, actor=HEAD, now=house.now)
    seen, after = [], None
    with house.database.reads() as session:
        while True:
            page = engine.notices(session, HEAD, view="all", after=after, limit=2)
            seen += [row.text for row in page.rows]
            after = page.next
            if after is None:
                break
    assert seen == ["6", "4", "3", "1", "0", "5", "2"]


@pytest.mark.parametrize("after", ["", "x", "1~x~1", "1~2026-01-01~1", "1~2026-01-01T00:00:00+00:00~0", "~~"])
def test_a_cursor_that_makes_no_sense_begins_at_the_top(house, after):
    told(house, '{"role": "head", "text": "x"}')
    with house.database.reads() as session:
        assert len(engine.notices(session, HEAD, after=after).rows) == 1


def test_the_badge_is_one_statement_along_its_index(house):
    told(house, '{"role": "head", "text": "x"}')
    texts = []
    event.listen(house.database.bind, "before_cursor_execute", lambda *a: texts.append((a[2], a[3])))
    with house.database.reads() as session:
        engine.unread_notices(session, HEAD)
    [(text, values)] = [row for row in texts if row[0].startswith("SELECT")]
    with house.database.bind.connect() as connection:
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values))
    assert "ix_notice_person" in plan and "SCAN" not in plan


DATED = '\n[deadlines.answer]\nlabel = "Answer"\nbasis = "law"\nremind = ["3wd", "1wd"]\n'


def dated(house, claimed=False):
    """A case whose only step is due on 9 March, five working days after the 2nd."""
    due = (
        "<bpmn:extensionElements><camunda:properties>"
        "<camunda:property name='deadline' value='answer'/></camunda:properties></bpmn:extensionElements>"
    )
    step = user("ask", due, camunda_candidateGroups="clerk", camunda_dueDate="5wd")
    house.install(folder(start(), step, end(), path("start", "ask", "end"), manifest=DATED))
    case = house.start()
    if claimed:
        with house.writing() as session:
            engine.claim_task(session, house.task(case, "ask"), actor=CLERK, now=house.now)
    return case


def test_reminders_go_to_the_pool_and_when_urgent_to_the_leaders(house):
    dated(house)
    house.wait(days=3)
    first = notices(house)
    assert [n.person_id for n in first] == [CLERK.id, OTHER.id]
    assert {n.kind for n in first} == {"reminder"} and not first[0].urgent
    assert first[0].params == {"label": "Answer", "last_day": "2026-03-09", "left": 3}
    house.wait(days=1)
    urgent = notices(house, urgent=True)
    assert [n.person_id for n in urgent] == [CLERK.id, OTHER.id, 5]


def test_reminders_go_to_whoever_has_the_task(house):
    dated(house, claimed=True)
    house.wait(days=3)
    assert [n.person_id for n in notices(house)] == [CLERK.id]


def test_what_is_overdue_is_told_once_to_those_at_work_and_the_leaders(house):
    case = dated(house, claimed=True)
    house.wait(days=6)
    with house.writing() as session:
        session.execute(Notice.__table__.delete())
    with house.database.reads() as session:
        at = engine.next_due(session, after=house.now)
        assert engine.due_overdue(session, now=house.now) == []
    assert at.astimezone(engine.OFFICE).isoformat() == "2026-03-10T00:00:00+08:00"
    tick(house.database, at, anchors=False)
    tick(house.database, at + timedelta(days=3), anchors=False)
    found = notices(house)
    assert [(n.person_id, n.kind, n.urgent) for n in found] == [(CLERK.id, "overdue", True), (5, "overdue", True)]
    assert found[0].task_id == house.task(case, "ask") and found[0].params["step"] == "ask"


def test_what_is_done_in_time_is_not_overdue(house):
    case = dated(house)
    house.do(case, "ask")
    house.wait(days=20)
    assert notices(house, kind="overdue") == []
