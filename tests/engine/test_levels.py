"""How serious a case is: set in the transaction that opens it, told with its reason, found by index."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

import engine
from engine.errors import RunFailed
from tests.engine.house import CLERK, House, folder, form, question
from tests.engine.runtime.bpmn import end, path, script, start, user

HEAD = """
level = "=if size >= 30 then \\"orange\\" else if size = 7 then \\"unheard\\" else null"
level_reason = "=\\"size \\" + string(size)"
"""
ROWS = """form = "count"
[levels.blue]
label = "Watch"
rank = 1
colour = "blue"
[levels.orange]
label = "Serious"
rank = 3
colour = "orange"
[facts.size]
type = "integer"
"""


@pytest.fixture
def levelled(house: House) -> House:
    made = folder(
        start(),
        user("count", camunda_candidateGroups="clerk", camunda_formRef="count"),
        user("wait", camunda_candidateGroups="clerk"),
        end(),
        path("start", "count", "wait", "end"),
        manifest=ROWS,
        forms={"count": form(question("size", "number"))},
    )
    house.install(made | {"manifest.toml": HEAD + made["manifest.toml"]})
    return house


def row(house, case_id):
    with house.database.reads() as session:
        return engine.case_page(session, case_id, CLERK, now=house.now).row


def test_it_is_there_when_the_case_is(levelled):
    with levelled.writing() as session:
        done = engine.start_case(session, "p", {"size": "30"}, office="north", actor=CLERK, now=levelled.now)
        found = session.execute(text('select level, level_rank from "case"')).one()
        assert tuple(found) == ("orange", 3), "in the same transaction"
    one = row(levelled, done.case_id)
    assert (one.level, one.level_label, one.level_rank, one.level_colour) == ("orange", "Serious", 3, "orange")
    [told] = levelled.details(done.case_id, "level_changed")
    assert told == {"from": None, "to": "orange", "was": "", "label": "Serious", "reason": "size 30"}


def test_a_change_is_told_and_no_change_is_not(levelled):
    case_id = levelled.start(size="3")
    assert row(levelled, case_id).level is None
    assert "level_changed" not in levelled.events(case_id)
    levelled.do(case_id, "count", size="31")
    assert row(levelled, case_id).level == "orange"
    levelled.do(case_id, "wait")
    assert levelled.events(case_id).count("level_changed") == 1
    assert levelled.verify() == []


def test_it_can_be_taken_away(levelled):
    case_id = levelled.start(size="30")
    levelled.do(case_id, "count", size="2")
    assert row(levelled, case_id).level is None
    assert levelled.details(case_id, "level_removed")[0]["reason"] == "size 2"


def test_a_level_nobody_declared_stops_the_step(levelled):
    with pytest.raises(RunFailed, match="unheard"):
        levelled.start(size="7")


def test_lists_filter_by_it(levelled):
    quiet, loud = levelled.start(size="1"), levelled.start(size="40")

    def listed(level):
        with levelled.database.reads() as session:
            page = engine.cases(session, CLERK, level=level, now=levelled.now)
            return [one.case_id for one in page.rows]

    assert listed("orange") == [loud] == listed("any")
    assert listed("blue") == []
    assert set(listed(None)) == {quiet, loud}
    with levelled.database.reads() as session:
        [kind] = engine.process_kinds(session)
        assert [level.id for level in kind.levels] == ["orange", "blue"]
        tasks = engine.inbox(session, CLERK, view="claimable", now=levelled.now).rows
        assert {task.case_id: task.level.label for task in tasks} == {quiet: "", loud: "Serious"}


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("level = ? order by opened_at desc", "ix_case_level"),
        ("level is not null and closed_at is null order by level_rank desc, due_at", "ix_case_level_open"),
    ],
)
def test_the_indexes_are_used(levelled, query, index):
    with levelled.database.reads() as session:
        raw = session.connection().connection.driver_connection
        args = ("orange",) * query.count("?")
        plan = raw.execute(f'explain query plan select id from "case" where {query}', args).fetchall()  # noqa: S608 ours
    assert any(index in step[-1] for step in plan), plan


def test_at_night_it_is_already_the_offices_day(house):
    """Hours of the night count too: `today()` is the day of the offices, not that of the clock in Greenwich."""
    drawn = (start(), script("date_it", "day", "today()"), user("wait", camunda_candidateGroups="clerk"), end())
    house.install(folder(*drawn, path("start", "date_it", "wait", "end")))
    house.now = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    assert house.facts(house.start())["day"] == date(2026, 3, 3)
