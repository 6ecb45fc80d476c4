"""What the calendar opens: each period once, late ones told, missed ones listed, and nothing of the past."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select

import engine
from engine.model import CalendarEntry, CalendarStart, Case, Incident
from engine.values import loads
from scheduler.tick import tick
from tests.engine.house import CHIEF, CLERK, House, folder, form, question
from tests.engine.runtime.bpmn import end, path, start, user

MONTHLY = """
[[start.calendar]]
id = "monthly"
every = "month"
on = "20"
for_each = "offices"
by_hand = ["clerk"]
facts = { year = "period_first.year", asked_at = "=planned_at" }
[facts.year]
type = "integer"
[facts.asked_at]
type = "datetime"
[facts.period_first]
type = "date"
"""
DIAGRAM = (start(), user("fill", camunda_candidateGroups="clerk"), end(), path("start", "fill", "end"))
MARCH = datetime(2026, 3, 20, 0, 30, tzinfo=UTC)  # 8:30 in the office


def files(calendar=MONTHLY, name="report"):
    return folder(*DIAGRAM, manifest=calendar, name=name, forms={"f": form(question("x"))})


@pytest.fixture
def house(tmp_path):
    house = House.build(tmp_path / "house.db")
    yield house
    house.database.bind.dispose()


def deploy(house, given=None, at=None):
    """Publish as far as the calendar is concerned: the drawing of these tests is no work of art."""
    definition = engine.define(given or files())
    house.install(given or files())
    from engine.deployment import _watch

    with house.writing() as session:
        _watch(session, definition, at or house.now)


def rows(house, **only):
    with house.database.reads() as session:
        query = select(CalendarStart).filter_by(**only).order_by(CalendarStart.period_first, CalendarStart.office)
        return list(session.scalars(query))


def cases(house):
    with house.database.reads() as session:
        return list(session.scalars(select(Case).order_by(Case.opened_at, Case.office)))


def test_publishing_lets_the_calendar_count_from_now(house):
    with house.writing() as session, pytest.raises(engine.InvalidDefinition):
        engine.deploy_files(session, files(MONTHLY.replace('"20"', '"40"')), actor=CHIEF, now=house.now)
    deploy(house)
    assert tick(house.database, MARCH - timedelta(seconds=1), anchors=False).total == 0
    assert rows(house) == []


def test_every_office_gets_its_case_once(house):
    deploy(house)
    assert tick(house.database, MARCH, anchors=False).opened == 2
    assert tick(house.database, MARCH, anchors=False).opened == 0
    assert tick(house.database, MARCH + timedelta(days=20), anchors=False).opened == 0
    assert [(row.office, row.state, row.period_name) for row in rows(house)] == [
        ("north", "opened", "2026年3月"),
        ("south", "opened", "2026年3月"),
    ]
    first = cases(house)[0]
    values = loads(first.data)
    assert (values["period_first"], values["period_last"]) == (date(2026, 3, 1), date(2026, 3, 31))
    assert (values["year"], values["asked_at"], first.opened_by) == (2026, MARCH, None)
    [opened] = house.details(first.id, "case_opened")
    assert (opened["calendar"], opened["late"]) == ("monthly", False)
    assert house.verify() == []


def test_what_was_missed_while_the_clock_stood_still(house):
    """Three months of silence: the newest period is opened late and says so, the older ones are listed as missed."""
    deploy(house)
    back = datetime(2026, 5, 26, 1, 0, tzinfo=UTC)
    assert tick(house.database, back, anchors=False).opened == 2
    assert [row.state for row in rows(house, office="north")] == ["missed", "missed", "opened"]
    assert house.details(cases(house)[0].id, "case_opened")[0]["late"] is True


def test_a_restart_between_planning_and_opening_loses_nothing(house):
    deploy(house)
    with house.writing() as session:
        engine.plan_starts(session, "report", "monthly", now=MARCH)
    assert {row.state for row in rows(house)} == {"due"}
    later = MARCH + timedelta(hours=1)
    assert tick(house.database, later, anchors=False).opened == 2
    assert house.details(cases(house)[0].id, "case_opened")[0]["late"] is True


def test_nobody_opens_a_period_twice(house):
    deploy(house)
    with house.writing() as session:
        one = engine.next_start(session, "report", "monthly", "north", after=house.now)
        done = engine.start_by_calendar(session, one, now=MARCH)
    with house.writing() as session, pytest.raises(engine.AlreadyDone) as refused:
        engine.start_by_calendar(session, one, now=MARCH)
    assert refused.value.result.case_id == done.case_id
    assert tick(house.database, MARCH, anchors=False).opened == 1


def test_jumping_clocks_see_the_next_opening(house):
    deploy(house)
    with house.database.reads() as session:
        assert engine.next_due(session, after=house.now) == MARCH
        assert engine.next_due(session, after=house.now, only=frozenset()) is None
        assert engine.next_due(session, after=MARCH).astimezone(engine.OFFICE).date() == date(2026, 4, 20)


def test_an_entry_that_comes_later_counts_from_then_and_one_that_goes_is_forgotten(house):
    deploy(house)
    more = MONTHLY.replace('"monthly"', '"weekly"').replace('"month"', '"week"').replace('"20"', '"1"')
    with house.writing() as session:
        session.execute(engine.model.Version.__table__.update().values(active=False))
    deploy(house, files(more), at=MARCH)
    with house.database.reads() as session:
        assert list(session.scalars(select(CalendarEntry.entry))) == ["weekly"]
        upcoming = engine.next_due(session, after=MARCH)
    assert upcoming.astimezone(engine.OFFICE).date() == date(2026, 3, 23)


def test_an_opening_that_fails_is_tried_again_and_holds_up_nobody(house):
    """A task that breaks for one office: the other one gets its case, then the failure is an incident."""
    urgent = '=if case.office = "north" then "very" else 1'
    task = user("fill", camunda_candidateGroups="clerk", camunda_priority=urgent)
    deploy(house, folder(start(), task, *DIAGRAM[2:], manifest=MONTHLY, name="report"))
    done = tick(house.database, MARCH, anchors=False)
    assert (done.opened, done.failed) == (1, 1)
    [failed] = rows(house, office="north")
    assert failed.state == "failed" and "RunFailed" in failed.error and failed.next_at > MARCH
    with house.database.reads() as session:
        assert session.scalars(select(Incident)).all() == []
    now = MARCH
    for _ in range(10):
        now += timedelta(minutes=10)
        tick(house.database, now, anchors=False)
    [failed] = rows(house, office="north")
    assert (failed.attempts, failed.next_at) == (5, None)
    with house.database.reads() as session:
        [incident] = session.scalars(select(Incident))
    assert (incident.verb, incident.arguments["office"]) == ("start_by_calendar", "north")
    with house.writing() as session, pytest.raises(engine.RunFailed):
        engine.retry_incident(session, incident.id, actor=CHIEF, now=now)


def test_missed_periods_are_opened_by_those_the_entry_names(house):
    deploy(house)
    tick(house.database, datetime(2026, 5, 26, 1, 0, tzinfo=UTC), anchors=False)
    missed = rows(house, office="north", state="missed")[0]
    stranger = engine.Actor(9, "Nobody", frozenset([("head", "north")]))
    with house.writing() as session, pytest.raises(engine.NotAllowed):
        engine.open_missed(session, missed.id, actor=stranger, now=house.now)
    with house.writing() as session:
        done = engine.open_missed(session, missed.id, actor=CLERK, now=house.now)
    assert house.facts(done.case_id)["period_name"] == "2026年3月"
    assert [(row.state, row.opened_by) for row in rows(house, id=missed.id)] == [("opened", CLERK.id)]
    with house.writing() as session, pytest.raises(engine.NotFound):
        engine.open_missed(session, 999, actor=CLERK, now=house.now)


def test_a_hundred_years_of_silence_are_bounded(house):
    deploy(
        house, files(MONTHLY.replace('"month"', '"week"').replace('"20"', '"1"')), at=datetime(1926, 1, 1, tzinfo=UTC)
    )
    tick(house.database, MARCH, anchors=False)
    assert len(rows(house, office="north")) == 60


def test_a_look_without_a_calendar_costs_one_statement(house):
    house.install(folder(*DIAGRAM))
    texts = []
    event.listen(house.database.bind, "before_cursor_execute", lambda *a: texts.append(a[2]))
    with house.database.reads() as session:
        assert engine.due_starts(session, now=house.now) == []
        assert engine.due_entries(session, now=house.now) == []
    assert len([text for text in texts if text.startswith("SELECT")]) <= 4
