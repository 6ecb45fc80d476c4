"""What a supervisor does to the work of others: urge, extend, hand over and take back, each with its trace."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import engine
from engine.model import Effect, Person, PersonRole, Timer
from tests.engine.house import CLERK, NOW, OTHER, STRANGER, House, folder
from tests.engine.runtime.bpmn import boundary, end, path, properties, start, timer, user
from tests.engine.test_operations import CLERKS, limited

HEAD = engine.Actor(9, "Head", frozenset([("head", "north")]))
FAR_HEAD = engine.Actor(8, "Far head", frozenset([("head", "south")]))


@pytest.fixture
def led(house: House):
    """A house with the head of one office, and a case whose deadline a supervisor may extend."""
    with house.writing() as session:
        for person in (HEAD, FAR_HEAD):
            session.add(Person(id=person.id, username=person.name, name=person.name, created_at=NOW))
            session.flush()
            session.add_all(PersonRole(person_id=person.id, role=r, office=o) for r, o in person.roles)
    files = limited()
    files["manifest.toml"] += 'extendable = "supervisor"\n'
    house.install(files)
    return house


def urge(house, task, actor=HEAD, reason=""):
    with house.writing() as session:
        engine.urge_task(session, task, text="办理", reason=reason, actor=actor, now=house.now)


def extend(house, deadline, by="5wd", actor=HEAD, **more):
    said = {"basis": "办法第十条", "reason": "案情复杂"} | more
    with house.writing() as session:
        engine.extend_deadline(session, deadline, by, actor=actor, now=house.now, **said)


def notices(house):
    with house.database.reads() as session:
        return session.scalars(select(Effect.payload).where(Effect.kind == "notify").order_by(Effect.id)).all()


def test_urging_tells_whoever_has_the_task_and_leaves_its_marks(led: House):
    case_id = led.start()
    task = led.task(case_id, "work")
    urge(led, task)
    assert notices(led)[0]["payload"] == {"role": "clerk", "office": "north", "text": "办理", "urgent": True}
    with led.writing() as session:
        engine.claim_task(session, task, actor=CLERK, now=led.now)
    led.now += timedelta(days=1)
    urge(led, task)
    assert notices(led)[1]["payload"]["person"] == CLERK.id
    with led.database.reads() as session:
        [row] = engine.inbox(session, CLERK, now=led.now).rows
    assert (row.urged_at, row.urged_by) == (led.now, "Head")
    assert led.events(case_id).count("task_urged") == 2
    assert led.verify() == []


def test_urging_twice_a_working_day_needs_a_reason(led: House):
    led.now = NOW + timedelta(days=4)  # a Friday
    task = led.task(led.start(), "work")
    urge(led, task)
    led.now += timedelta(days=2)  # Sunday: no working day has begun since
    with pytest.raises(engine.AlreadyUrged):
        urge(led, task)
    urge(led, task, reason="当事人来访")
    led.now += timedelta(days=1)
    urge(led, task)
    assert len(notices(led)) == 3


@pytest.mark.parametrize("actor", [CLERK, OTHER, FAR_HEAD])
def test_only_who_leads_the_office_urges_and_extends(led: House, actor):
    case_id = led.start()
    wrong = engine.NotFound if actor is FAR_HEAD else engine.NotAllowed
    with pytest.raises(wrong):
        urge(led, led.task(case_id, "work"), actor=actor)
    with pytest.raises(engine.NotAllowed):
        extend(led, led.deadlines(case_id)["limit"].id, actor=actor)
    assert notices(led) == [] and "deadline_extended" not in led.events(case_id)


def test_extending_moves_the_timer_the_task_and_the_reminder_in_one_step(led: House):
    case_id = led.start()
    before = led.deadlines(case_id)["limit"]
    assert before.last_day == date(2026, 3, 16)
    extend(led, before.id)
    after = led.deadlines(case_id)["limit"]
    assert after.last_day == date(2026, 3, 23)
    assert after.remind_at == before.remind_at + timedelta(days=7)
    assert after.extensions == [["5wd", "案情复杂 · 办法第十条"]]
    with led.database.reads() as session:
        assert session.scalars(select(Timer.due_at)).all() == [after.due_at]
        [row] = engine.inbox(session, CLERK, view="claimable", now=led.now).rows
    assert row.due.last_day == after.last_day and led.case(case_id).due_at == after.due_at
    [detail] = led.details(case_id, "deadline_extended")
    assert (detail["was"], detail["last_day"], detail["basis"]) == ("2026-03-16", "2026-03-23", "办法第十条")
    led.wait(days=16)
    assert set(led.tasks(case_id)) == {"work"}
    led.wait(days=10)
    assert set(led.tasks(case_id)) == {"chase"}, "the timer fires on the new day"
    assert led.verify() == []


def test_what_may_not_be_extended_stays_as_it_is(led: House):
    case_id = led.start()
    deadline = led.deadlines(case_id)["limit"]
    for by in ("0d", "400d", "2m", "3h", "soon", "P1M1D", "-3d"):
        with pytest.raises(engine.NotAllowed):
            extend(led, deadline.id, by)
    with pytest.raises(engine.NotAllowed):
        extend(led, deadline.id, reason=" ")
    led.now = deadline.due_at
    with pytest.raises(engine.DeadlinePassed):
        extend(led, deadline.id)
    led.tick()
    with pytest.raises(engine.CaseChanged):
        extend(led, deadline.id)
    assert led.deadlines(case_id)["limit"].extensions == []


def test_a_deadline_that_only_its_own_step_extends_names_that_step(house: House):
    house.install(limited())
    case_id = house.start()
    head = engine.Actor(9, "Head", frozenset([("head", "north")]))
    with pytest.raises(engine.NotExtendable) as error:
        extend(house, house.deadlines(case_id)["limit"].id, actor=head)
    assert error.value.params == {"label": "Limit", "step": "more"}


def test_a_deadline_in_hours_is_not_extended_by_days(led: House):
    led.install(
        folder(
            start(),
            user("a", **CLERKS),
            boundary("late", "a", properties(deadline="quick") + timer("PT2H")),
            end(),
            end("e2"),
            path("start", "a", "end"),
            path("late", "e2"),
            manifest='[deadlines.quick]\nlabel = "Quick"\nbasis = "x"\nextendable = "supervisor"\n',
            name="q",
        )
    )
    case_id = led.start("q")
    with pytest.raises(engine.NotAllowed):
        extend(led, led.deadlines(case_id)["quick"].id)


def test_a_preview_shows_the_new_day_or_why_not_and_changes_nothing(led: House):
    files = limited()
    files["manifest.toml"] = files["manifest.toml"].replace('"p"', '"own"')
    files["process.bpmn"] = files["process.bpmn"].replace('id="p"', 'id="own"')
    led.install(files)
    cases = [led.start(), led.start("own")]
    with led.writing() as session:
        tasks = [led.task(case_id, "work") for case_id in cases]
        found = engine.deadlines_of(session, tasks=tasks)
        assert set(found) == set(engine.deadlines_of(session, cases=cases))
        shown = engine.extension_previews(session, found, "5wd", HEAD, now=led.now)
        assert engine.extension_previews(session, found, "5wd", STRANGER, now=led.now) == []
    assert [(p.before, p.after) for p in shown] == [
        (date(2026, 3, 16), date(2026, 3, 23)),
        (date(2026, 3, 16), None),
    ]
    assert shown[0].refusal is None and isinstance(shown[1].refusal, engine.NotExtendable) and shown[1].step == "more"
    assert led.case(cases[0]).revision == 1


def test_handing_over_is_taken_back_only_while_it_lasts(led: House):
    case_id = led.start()
    task = led.task(case_id, "work")

    def hand_over(person):
        with led.writing() as session:
            engine.reassign_task(session, task, person.id, reason="请假", actor=HEAD, now=led.now)

    def take_back(actor=HEAD):
        with led.writing() as session:
            engine.return_task(session, task, reason="", actor=actor, now=led.now)

    def holder():
        with led.database.reads() as session:
            [row] = engine.inbox(session, HEAD, view="office", now=led.now).rows
            return row.assignee

    with pytest.raises(engine.NotAllowed):
        take_back()
    hand_over(CLERK)
    hand_over(OTHER)
    with pytest.raises(engine.NotAllowed):
        take_back(actor=OTHER)
    take_back()
    assert holder() == CLERK.id
    with pytest.raises(engine.NotAllowed):
        take_back()
    with led.writing() as session:
        engine.release_task(session, task, actor=CLERK, now=led.now)
    hand_over(OTHER)
    take_back()
    assert holder() is None
    with led.database.reads() as session:
        assert len(engine.inbox(session, CLERK, view="claimable", now=led.now).rows) == 1
    assert led.events(case_id).count("task_returned") == 2 and led.verify() == []


def test_candidates_come_with_what_they_have_on_their_desks(led: House):
    cases = [led.start() for _ in range(3)]
    tasks = [led.task(case_id, "work") for case_id in cases]
    for task in tasks[:2]:
        with led.writing() as session:
            engine.reassign_task(session, task, OTHER.id, reason="x", actor=HEAD, now=led.now)
    led.now += timedelta(days=30)
    with led.database.reads() as session:
        chosen = engine.chosen_tasks(session, tasks, HEAD, now=led.now)
        people = engine.candidates(session, chosen, now=led.now)
        assert engine.chosen_tasks(session, tasks, STRANGER, now=led.now) == []
    assert [(p.name, p.open, p.overdue, len(p.can_do)) for p in people] == [("Clerk", 0, 0, 3), ("Other", 2, 2, 3)]


def test_what_broke_down_is_carried_out_again_as_it_was_asked(led: House):
    case_id = led.start()
    task, deadline = str(led.task(case_id, "work")), str(led.deadlines(case_id)["limit"].id)
    chief = engine.Actor(4, "Chief", frozenset([("administrator", "north")]))
    kept = {
        "reassign_task": {"task_id": task, "person_id": OTHER.id, "reason": "x", "notice": "y"},
        "urge_task": {"task_id": task, "text": "y", "reason": ""},
        "extend_deadline": {"deadline_id": deadline, "by": "5wd", "basis": "b", "reason": "x"},
        "claim_task": {"task_id": task},
    }
    for verb, arguments in kept.items():
        with led.writing() as session:
            number = engine.record_incident(
                session, verb, arguments, OSError("disk"), case_id=case_id, actor=HEAD, now=led.now
            )
        if verb == "claim_task":
            with pytest.raises(engine.NotAllowed), led.writing() as session:
                engine.retry_incident(session, number, actor=chief, now=led.now)
            continue
        with led.writing() as session:
            engine.retry_incident(session, number, actor=chief, now=led.now)
    assert {"task_reassigned", "task_urged", "deadline_extended"} <= set(led.events(case_id))
    assert led.verify() == []
