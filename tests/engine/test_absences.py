"""Absences: who may record them, who acts meanwhile, what the trail says, and that they end by themselves."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

import engine
from engine.model import Effect, Ledger, Notice, Person, PersonRole, SignIn
from engine.passwords import actor_for
from tests.engine.house import CHIEF, CLERK, OTHER, STRANGER, House, folder
from tests.engine.runtime.bpmn import end, path, start, user

HEAD = engine.Actor(5, "Head", frozenset([("head", "north")]))
TODAY = date(2026, 3, 2)
WEEK = {"first_day": TODAY, "last_day": date(2026, 3, 6), "reason": "leave"}


@pytest.fixture
def house(tmp_path):
    house = House.build(tmp_path / "house.db")
    with house.writing() as session:
        session.add(Person(id=5, username="head", name="Head", created_at=house.now))
        session.flush()
        session.add(PersonRole(person_id=5, role="head", office="north"))
    house.install(folder(start(), user("ask", camunda_candidateGroups="clerk"), end(), path("start", "ask", "end")))
    yield house
    house.database.bind.dispose()


def record(house, person=CLERK, deputy=OTHER, actor=CLERK, **changed):
    with house.writing() as session:
        return engine.record_absence(
            session,
            person.id,
            deputy_id=deputy.id if deputy else None,
            actor=actor,
            now=house.now,
            **{**WEEK, **changed},
        )


def seen(house, actor):
    """The actor as the sign-in sees them now."""
    with house.database.reads() as session:
        return actor_for(session, session.get_one(Person, actor.id), house.now)


def claimed(house):
    """A case whose task Clerk has taken."""
    case = house.start()
    with house.writing() as session:
        engine.claim_task(session, house.task(case, "ask"), actor=CLERK, now=house.now)
    return case


def mine(house, actor):
    with house.database.reads() as session:
        return [row.assignee for row in engine.inbox(session, actor, view="mine", now=house.now).rows]


def test_the_deputy_sees_and_does_what_the_absent_person_has(house):
    case = claimed(house)
    record(house)
    deputy = seen(house, OTHER)
    assert deputy.stands_in_for == {CLERK.id}
    assert mine(house, deputy) == [CLERK.id]
    with house.database.reads() as session:
        assert engine.inbox_counts(session, deputy, now=house.now).mine == 1
        assert engine.task_page(session, house.task(case, "ask"), deputy, now=house.now).may_do
    house.do(case, "ask", deputy)
    [told] = house.details(case, "task_completed")
    assert (told["acting_for"], told["acting_for_name"]) == (CLERK.id, "Clerk")
    assert house.verify() == []


def test_the_deputy_may_take_it_over(house):
    case = claimed(house)
    record(house)
    with house.writing() as session:
        engine.claim_task(session, house.task(case, "ask"), actor=seen(house, OTHER), now=house.now)
    assert mine(house, OTHER) == [OTHER.id]
    assert house.details(case, "task_claimed")[-1]["acting_for_name"] == "Clerk"


def test_without_an_absence_the_task_is_somebody_elses(house):
    case = claimed(house)
    with pytest.raises(engine.NotAllowed):
        house.do(case, "ask", OTHER)
    with house.writing() as session, pytest.raises(engine.NotAllowed):
        engine.claim_task(session, house.task(case, "ask"), actor=OTHER, now=house.now)
    assert "acting_for" not in house.details(case, "task_claimed")[0]


def test_it_begins_and_ends_by_itself(house):
    record(house, first_day=date(2026, 3, 3))
    assert seen(house, OTHER).stands_in_for == frozenset()
    house.now += timedelta(days=1)
    assert seen(house, OTHER).stands_in_for == {CLERK.id}
    house.now = house.now.replace(day=6, hour=15, minute=59)  # 23:59 in the office
    assert seen(house, OTHER).stands_in_for == {CLERK.id}
    house.now += timedelta(minutes=1)
    assert seen(house, OTHER).stands_in_for == frozenset()


def test_it_can_be_called_off(house):
    number = record(house)
    with house.writing() as session, pytest.raises(engine.NotAllowed):
        engine.end_absence(session, number, actor=STRANGER, now=house.now)
    with house.writing() as session:
        engine.end_absence(session, number, actor=CLERK, now=house.now)
    assert seen(house, OTHER).stands_in_for == frozenset()
    with house.writing() as session, pytest.raises(engine.NotFound):
        engine.end_absence(session, number, actor=CLERK, now=house.now)
    record(house)  # the days are free again
    with house.database.reads() as session:
        kinds = list(session.scalars(select(Ledger.kind).order_by(Ledger.seq)))
    assert kinds == ["absence_recorded", "absence_ended", "absence_recorded"]


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"reason": " "}, "reason", "reason-missing"),
        ({"last_day": date(2026, 3, 1)}, "last_day", "absence-backwards"),
        ({"first_day": date(2026, 2, 1), "last_day": date(2026, 3, 1)}, "last_day", "absence-over"),
        ({"last_day": date(2027, 3, 3)}, "last_day", "absence-too-long"),
        ({"deputy": STRANGER}, "deputy", "no-deputy"),
        ({"deputy": CLERK}, "deputy", "no-deputy"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(house, changed, field, code):
    with pytest.raises(engine.InvalidAbsence) as refused:
        record(house, **changed)
    assert {name: problem.code for name, problem in refused.value.problems.items()} == {field: code}


def test_nobody_is_away_twice_nor_represented_by_somebody_who_is_away(house):
    record(house, deputy=None)
    with pytest.raises(engine.InvalidAbsence, match="already recorded"):
        record(house, first_day=date(2026, 3, 6), last_day=date(2026, 3, 10))
    with pytest.raises(engine.InvalidAbsence, match="deputy is away"):
        record(house, person=OTHER, deputy=CLERK, actor=OTHER)


def test_heads_and_administrators_record_it_for_their_people(house):
    record(house, actor=HEAD)
    record(house, person=STRANGER, deputy=None, actor=CHIEF)
    with house.writing() as session, pytest.raises(engine.NotAllowed):
        engine.record_absence(session, STRANGER.id, deputy_id=None, actor=HEAD, now=house.now, **WEEK)
    with house.writing() as session, pytest.raises(engine.NotFound):
        engine.record_absence(session, 99, deputy_id=None, actor=CHIEF, now=house.now, **WEEK)
    with house.database.reads() as session:
        page = engine.absence_page(session, HEAD, person_id=CLERK.id, now=house.now)
        assert [person for person, _ in page.people] == [5, CHIEF.id, CLERK.id, OTHER.id]
        assert [person for person, _ in page.deputies] == [CHIEF.id, 5, OTHER.id]
        assert [(row.name, row.deputy_name, row.may_end) for row in page.rows] == [("Clerk", "Other", True)]
        own = engine.absence_page(session, OTHER, now=house.now)
        assert [person for person, _ in own.people] == [OTHER.id]
        assert [(row.name, row.may_end) for row in own.rows] == [("Clerk", False)], "whom one acts for"


def test_the_deputy_is_told_and_gets_the_notices(house):
    record(house)
    case = claimed(house)
    with house.writing() as session:
        payload = {"name": "x", "payload": {"person": CLERK.id, "text": "Look"}}
        session.add(
            Effect(
                key=f"{case}:0:x", case_id=case, kind="notify", payload=payload, next_at=house.now, created_at=house.now
            )
        )
    house.tick()
    with house.database.reads() as session:
        found = list(session.scalars(select(Notice).order_by(Notice.id)))
    assert [(n.person_id, n.kind) for n in found] == [(OTHER.id, "deputy"), (CLERK.id, "told"), (OTHER.id, "told")]
    assert found[2].params["acting_for"] == "Clerk" and "acting_for" not in found[1].params


def test_who_is_away_among_those_with_a_task(house):
    case = claimed(house)
    with house.database.reads() as session:
        assert engine.absent_assignees(session, case, now=house.now) == []
    record(house)
    with house.database.reads() as session:
        [row] = engine.absent_assignees(session, case, now=house.now)
        [known] = engine.absences(session, since=TODAY, until=TODAY, people=[CLERK.id])
        assert engine.absences(session, since=TODAY, people=[OTHER.id]) == []
        assert engine.absences(session, since=date(2026, 3, 7)) == []
        assert engine.absences(session, since=date(2026, 2, 1), until=date(2026, 3, 1)) == []
    assert row == known and row.deputy_name == "Other"
    assert row.covers(TODAY) and not row.covers(date(2026, 3, 7)) and not replace(row, ended_at=house.now).covers(TODAY)


def test_the_sign_in_knows_whom_one_acts_for(house):
    record(house)
    with house.writing() as session:
        person = session.get_one(Person, OTHER.id)
        person.username = "other"
        session.flush()
        token, _ = engine.sign_in(session, person.username, known=True, now=house.now)
        assert session.scalars(select(SignIn)).one().person_id == OTHER.id
    with house.database.reads() as session:
        assert engine.actor_of(session, token, house.now).actor.stands_in_for == {CLERK.id}
