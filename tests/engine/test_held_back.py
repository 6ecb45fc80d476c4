"""What the clock owes and cannot do stands in nobody's way: not of a person's step, not of another timer."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import engine
from engine.model import Deadline, Incident, Timer
from scheduler.tick import tick
from tests.engine.house import CHIEF, NOW, House, folder
from tests.engine.runtime.bpmn import (
    boundary,
    catch,
    end,
    flow,
    fork,
    message,
    path,
    start,
    timer,
    user,
    xor,
)
from tests.engine.test_operations import CLERKS, limited


def beside(*more: str, bad: str = "P1D", names: str = "") -> dict[str, str]:
    """A person works while a timer runs beside them whose flow finds no way on."""
    return folder(
        start(),
        fork("g"),
        user("a", **CLERKS),
        user("b", **CLERKS),
        catch("t", timer(bad)),
        xor("x"),
        user("c", **CLERKS),
        end(),
        end("e2"),
        path("start", "g", "a", "b", "end"),
        path("g", "t", "x"),
        flow("x", "c", "number > 1"),
        flow("x", "e2", "number < 1"),
        *more,
        names=names,
    )


def number_is(house: House, case_id, value):
    with house.writing() as session:
        engine.set_fact(session, case_id, "number", value, reason="x", actor=CHIEF, now=house.now)


def test_a_person_goes_on_beside_a_timer_that_fails(house: House):
    house.install(beside())
    case_id = house.start()
    house.now = NOW + timedelta(days=1)
    assert tick(house.database, house.now, anchors=False).failed == 1
    house.do(case_id, "a")
    assert set(house.tasks(case_id)) == {"b"}
    with house.database.reads() as session:
        assert session.scalars(select(Timer.attempts).where(Timer.case_id == case_id)).all() == [1]
    house.do(case_id, "b")
    assert house.case(case_id).status == "running", "the timer's branch is still there"
    number_is(house, case_id, 2)
    house.now += timedelta(hours=1)
    assert tick(house.database, house.now, anchors=False).fired == 1
    assert set(house.tasks(case_id)) == {"c"}
    assert house.verify() == []


def test_a_person_goes_on_beside_a_timer_the_clock_has_not_looked_at_yet(house: House):
    house.install(beside())
    case_id = house.start()
    house.now = NOW + timedelta(days=2)
    house.do(case_id, "a")
    assert set(house.tasks(case_id)) == {"b"}


def test_a_fact_can_be_corrected_while_a_timer_fails(house: House):
    house.install(beside())
    case_id = house.start()
    house.now = NOW + timedelta(days=1)
    tick(house.database, house.now, anchors=False)
    number_is(house, case_id, 1)
    number_is(house, case_id, 2)
    assert house.facts(case_id)["number"] == 2


def test_what_arrives_is_taken_beside_a_timer_that_fails(house: House):
    more = (catch("m", message("paid")), user("d", **CLERKS), end("e3"), path("g", "m", "d", "e3"))
    house.install(beside(*more, names="m:paid"))
    case_id = house.start()
    house.now = NOW + timedelta(days=1)
    tick(house.database, house.now, anchors=False)
    with house.writing() as session:
        loaded = engine.store.load(session, case_id, actor=CHIEF, now=house.now)
        assert loaded.turn.deliver("message", "paid", {}) == 1
        engine.store.save(session, loaded, "message_received", {"event": "paid"}, actor=CHIEF, now=house.now)
    assert set(house.tasks(case_id)) == {"a", "d"}


@pytest.mark.parametrize("bad", ["P1D", "P3D"])
def test_a_timer_that_fails_holds_up_no_other_timer_of_its_case(house: House, bad: str):
    more = (
        boundary("warn", "a", timer("P2D"), interrupting=False),
        user("warned", **CLERKS),
        end("e3"),
        path("warn", "warned", "e3"),
    )
    house.install(beside(*more, bad=bad))
    case_id = house.start()
    house.now = NOW + timedelta(days=5)
    for _ in range(6):
        tick(house.database, house.now, anchors=False)
        house.now += timedelta(minutes=5)
    assert set(house.tasks(case_id)) == {"a", "warned"}
    with house.database.reads() as session:
        assert [i.verb for i in engine.incidents(session, CHIEF)] == ["fire_timers"]
        [row] = session.scalars(select(Timer).where(Timer.case_id == case_id))
        assert row.element == "t" and row.attempts > 1


def test_a_timer_that_a_step_starts_and_is_due_at_once_fires_in_that_step(house: House):
    house.install(
        folder(
            start(),
            user("a", **CLERKS),
            catch("t", timer("PT0S")),
            user("b", **CLERKS),
            end(),
            path("start", "a", "t", "b", "end"),
        )
    )
    case_id = house.start()
    house.do(case_id, "a")
    assert set(house.tasks(case_id)) == {"b"}


# --- reminders


def break_reminder(house: House, case_id) -> None:
    with house.writing() as session:
        row = session.scalars(select(Deadline).where(Deadline.case_id == case_id)).one()
        row.remind = ["nonsense"]
        row.remind_at = house.now


def test_a_reminder_that_fails_backs_off_and_becomes_an_incident(house: House):
    house.install(limited())
    bad, good = house.start(), house.start()
    break_reminder(house, bad)
    waits = []
    for _ in range(9):
        assert tick(house.database, house.now, anchors=False).failed == 1
        assert tick(house.database, house.now, anchors=False).failed == 0, "not again at once"
        due = house.deadlines(bad)["limit"].remind_at
        waits.append(due - house.now)
        house.now = due
    assert waits == sorted(waits) and timedelta(minutes=1) <= waits[0] < waits[-1] == timedelta(hours=1)
    with house.database.reads() as session:
        [incident] = engine.incidents(session, CHIEF)
    assert (incident.verb, incident.case_id) == ("send_reminders", bad)
    house.now = house.deadlines(good)["limit"].remind_at
    assert tick(house.database, house.now, anchors=False).reminded == 1
    with pytest.raises(ValueError, match="nonsense"), house.writing() as session:
        engine.retry_incident(session, incident.id, actor=CHIEF, now=house.now)
    with house.writing() as session:
        session.scalars(select(Deadline).where(Deadline.case_id == bad)).one().remind = ["3wd", "1wd"]
    with house.writing() as session:
        engine.retry_incident(session, incident.id, actor=CHIEF, now=house.now)
    assert house.events(bad).count("deadline_reminded") == 1
    with house.database.reads() as session:
        assert session.scalars(select(Incident.state)).all() == ["resolved"]
    assert house.verify() == []


def test_a_reminder_that_fails_keeps_nobody_from_their_work(house: House):
    house.install(limited())
    case_id = house.start()
    break_reminder(house, case_id)
    tick(house.database, house.now, anchors=False)
    house.do(case_id, "work", next="")
    assert house.deadlines(case_id)["limit"].status == "met"
