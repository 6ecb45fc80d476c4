"""What the desk says is what is in the rows, counted again by other means."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

import engine
from bench import crowd
from bench.crowd import CHIEF, CLERK, HEAD, NOW, OFFICES
from engine.deadlines import OFFICE, working_days_between
from engine.directory import directory
from engine.durations import bucket_of
from engine.forecast import chance_of_missing
from engine.history import ENOUGH, OWN, Past
from engine.model import Case, Stay, Task
from engine.model.stays import DAY

ACTORS = {"all": CHIEF, "own": HEAD}


@pytest.fixture(scope="module")
def district(tmp_path_factory):
    database = crowd.build(tmp_path_factory.mktemp("district"), "d", 900)
    yield database
    database.bind.dispose()


@pytest.fixture
def session(district):
    with district.reads() as session:
        yield session


def mine(actor, office):
    return actor is CHIEF or office == OFFICES[3]


def everything(ask):
    rows, after = [], None
    while True:
        page = ask(after)
        rows += page.rows
        after = page.next
        if after is None:
            return rows


def test_who_steers_nothing_is_refused(session):
    assert engine.steers(session, CHIEF) and engine.steers(session, HEAD) and not engine.steers(session, CLERK)
    for question in (engine.limit_kinds, engine.dangers, engine.office_loads, engine.filings):
        with pytest.raises(engine.NotAllowed):
            question(session, CLERK, now=NOW)
    assert [office for office, _ in engine.led_offices(session, HEAD)] == [OFFICES[3]]
    assert engine.limit_kinds(session, HEAD, now=NOW, office=OFFICES[0]) == engine.limit_kinds(session, HEAD, now=NOW)


@pytest.mark.parametrize("name", ACTORS)
def test_late_and_due_soon_are_the_tasks_that_are(session, name):
    actor = ACTORS[name]
    calendar = directory(session).calendar
    tasks = [task for task in session.scalars(select(Task)) if mine(actor, task.office) and task.deadline]
    late = [task for task in tasks if task.sort_at <= NOW]
    [kind] = engine.limit_kinds(session, actor, now=NOW)
    assert kind.late == len(late) > 0
    oldest = min(task.sort_at for task in late).astimezone(OFFICE).date()
    assert kind.days_late == working_days_between(oldest, NOW.astimezone(OFFICE).date(), calendar)
    for days, count in zip((0, 2, 5), kind.due, strict=True):
        end = engine.day_end(NOW, days, calendar)
        assert count == sum(NOW < task.sort_at <= end for task in tasks)
    listed = everything(lambda after: engine.led_tasks(session, actor, now=NOW, late=True, after=after, limit=7))
    assert [row.task_id for row in listed] == [t.id for t in sorted(late, key=lambda t: (t.sort_at, t.id.hex))]
    soon = everything(lambda after: engine.led_tasks(session, actor, now=NOW, days=5, after=after, limit=4))
    assert len(soon) == kind.due[-1]


def test_the_end_of_a_working_day(session):
    calendar = directory(session).calendar
    friday = NOW + timedelta(days=4)
    assert engine.day_end(friday, 1, calendar) - engine.day_end(friday, 0, calendar) == timedelta(days=3)
    assert engine.day_end(NOW, 0, calendar).astimezone(OFFICE).hour == 0


@pytest.mark.parametrize("name", ACTORS)
def test_dangers_come_by_rank_and_then_by_what_is_due_next(session, name):
    actor = ACTORS[name]
    cases = [c for c in session.scalars(select(Case)) if c.level and c.closed_at is None and mine(actor, c.office)]
    wanted = sorted(cases, key=lambda case: (-case.level_rank, case.due_at, case.id.hex))
    found = everything(lambda after: engine.dangers(session, actor, now=NOW, after=after, limit=5))
    assert [one.row.case_id for one in found] == [case.id for case in wanted] != []
    assert all(one.task is not None and one.task.case_id == one.row.case_id for one in found)
    assert engine.dangers(session, actor, now=NOW, level="orange").rows == ()


@pytest.mark.parametrize("name", ACTORS)
def test_loads_are_the_tasks_of_offices_and_people(session, name):
    actor = ACTORS[name]
    tasks = [task for task in session.scalars(select(Task)) if mine(actor, task.office)]
    by_office = Counter(task.office for task in tasks)
    offices = {load.id: load for load in engine.office_loads(session, actor, now=NOW)}
    assert {office: load.open for office, load in offices.items()} == by_office
    assert sum(load.unclaimed for load in offices.values()) == sum(task.assignee is None for task in tasks)
    people = {load.id: load for load in engine.person_loads(session, actor, now=NOW)}
    by_person = Counter(str(task.assignee) for task in tasks if task.assignee is not None)
    assert {person: load.open for person, load in people.items() if load.open} == by_person
    assert sum(load.late for load in people.values()) == sum(
        task.sort_at <= NOW for task in tasks if task.assignee is not None
    )
    assert all(load.needed is not None and load.unknown == 0 for load in people.values() if load.open)


def test_what_lies_on_a_desk_takes_as_long_as_such_steps_took(session):
    load = next(load for load in engine.person_loads(session, CHIEF, now=NOW) if load.open)
    steps = [row.element for row in engine.led_tasks(session, CHIEF, now=NOW, person=int(load.id)).rows]
    rows = engine.heat(session, "permit", CHIEF, now=NOW).rows
    median = {row.element: row.typical.median for row in rows if row.typical}
    days = sum((median[step] for step in steps), timedelta()) / timedelta(days=1)
    assert abs(load.needed - days * 5 / 7) <= 0.5 + 0.2 * days  # an office may be measured by itself


@pytest.mark.parametrize("name", ACTORS)
def test_the_heat_map_is_the_stays_counted(session, name):
    actor = ACTORS[name]
    stays = [stay for stay in session.scalars(select(Stay)) if mine(actor, stay.office)]
    for row in engine.heat(session, "permit", actor, now=NOW).rows:
        here = [stay for stay in stays if stay.element == row.element]
        assert row.now == sum(stay.left_at is None for stay in here)
        assert row.passed == sum(stay.completed for stay in here)
        assert row.late == sum(stay.is_late for stay in here)
        assert row.total == timedelta(seconds=sum(stay.seconds or 0 for stay in here))
        for which, count in (("now", row.now), ("passed", row.passed), ("late", row.late)):
            listed = everything(
                lambda after, which=which, element=row.element: engine.stays_at(
                    session, "permit", element, actor, now=NOW, which=which, after=after, limit=40
                )
            )
            assert len(listed) == count
    waits = {row.element: row.waits_for for row in engine.heat(session, "permit", actor, now=NOW).rows}
    assert (waits["check"], waits["examine"], waits["review"]) == ("us", "party", "")


def test_the_heat_map_of_some_months_counts_what_ended_in_them(session):
    whole = engine.heat(session, "permit", CHIEF, now=NOW).rows
    parts = [
        engine.heat(session, "permit", CHIEF, now=NOW, since=first, until=last).rows
        for first, last in ((None, "2026-02"), ("2026-03", "2026-03"), ("2026-04", None))
    ]
    for place, row in enumerate(whole):
        assert row.passed == sum(part[place].passed for part in parts)


def test_filings_are_missing_late_or_under_way(session):
    counts = engine.filing_counts(session, CHIEF, now=NOW)
    assert {one.office for one in counts} == set(OFFICES)
    for state in ("missing", "late", "open"):
        rows = everything(
            lambda after, state=state: engine.filings(session, CHIEF, now=NOW, state=state, after=after, limit=2)
        )
        assert len(rows) == sum(getattr(one, state) for one in counts)
        assert {row.state for row in rows} <= {state}
    assert sum(one.missing for one in counts) == 3


def test_a_step_is_judged_by_those_that_lasted_as_long():
    past = Past({bucket_of(day * DAY): 1 for day in range(20)})
    days = timedelta(days=1)
    assert chance_of_missing(past, timedelta(0), 10 * days) == pytest.approx(0.5)
    assert chance_of_missing(past, 5 * days, 10 * days) == pytest.approx(10 / 15)
    assert chance_of_missing(past, 25 * days, 30 * days) == 1.0
    past.cut_off = 20
    assert chance_of_missing(past, timedelta(0), 10 * days) == pytest.approx(0.75)
    assert chance_of_missing(Past({bucket_of(DAY): ENOUGH - 1}), timedelta(0), days) is None


def test_a_forecast_is_the_limits_that_will_probably_be_missed(session):
    until = NOW + timedelta(days=15)
    found = engine.forecast(session, CHIEF, until=until, now=NOW)
    open_limits = [
        stay
        for stay in session.scalars(select(Stay))
        if stay.left_at is None and stay.due_at and NOW < stay.due_at <= until
    ]
    assert found.looked_at == len(open_limits) and found.unknown == 0 and not found.is_cut
    assert all(row.chance >= 0.5 and row.past >= ENOUGH and row.typical for row in found.misses)
    assert [row.chance for row in found.misses] == sorted((row.chance for row in found.misses), reverse=True)
    assert {row.is_own for row in found.misses} <= {row.past >= OWN for row in found.misses}
