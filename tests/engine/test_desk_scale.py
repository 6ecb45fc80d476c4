"""The questions of the desk cost the same number of statements in a small district and in a large one, and no plan
walks through a large table."""

from datetime import timedelta

import pytest

import engine
from bench import crowd
from bench.crowd import CHIEF, HEAD, NOW

MONTH_END = NOW + timedelta(days=15)
ACTORS = {"all": CHIEF, "own": HEAD}
QUESTIONS = {
    "limit_kinds": lambda s, a: engine.limit_kinds(s, a, now=NOW),
    "late": lambda s, a: engine.led_tasks(s, a, now=NOW, late=True),
    "late of a kind": lambda s, a: engine.led_tasks(s, a, now=NOW, late=True, limit_name="review"),
    "late in a version": lambda s, a: engine.led_tasks(s, a, now=NOW, late=True, version=1, element="check"),
    "soon": lambda s, a: engine.led_tasks(s, a, now=NOW, days=5),
    "of a person": lambda s, a: engine.led_tasks(s, a, now=NOW, person=13),
    "of nobody": lambda s, a: engine.led_tasks(s, a, now=NOW, late=True, person=engine.NOBODY),
    "dangers": lambda s, a: engine.dangers(s, a, now=NOW),
    "forecast": lambda s, a: engine.forecast(s, a, until=MONTH_END, now=NOW),
    "office_loads": lambda s, a: engine.office_loads(s, a, now=NOW),
    "person_loads": lambda s, a: engine.person_loads(s, a, now=NOW),
    "filing_counts": lambda s, a: engine.filing_counts(s, a, now=NOW),
    "filings": lambda s, a: engine.filings(s, a, now=NOW),
    "incidents": engine.led_incidents,
    "heat": lambda s, a: engine.heat(s, "permit", a, now=NOW),
    "stays now": lambda s, a: engine.stays_at(s, "permit", "check", a, now=NOW),
    "stays passed": lambda s, a: engine.stays_at(s, "permit", "check", a, now=NOW, which="passed"),
}


@pytest.fixture(scope="module")
def districts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("districts")
    found = [crowd.build(folder, f"d{cases}", cases) for cases in (500, 2_000)]
    yield found
    for database in found:
        database.bind.dispose()


def _ask(database, question, actor):
    with database.reads() as session:
        question(session, actor)  # what is remembered for good is remembered now
    with database.reads() as session, crowd.statements(database) as seen:
        answer = question(session, actor)
    return answer, seen


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_costs_the_same_however_many_cases_there_are(districts, name, actor):
    small, large = districts
    _, few = _ask(small, QUESTIONS[name], ACTORS[actor])
    answer, many = _ask(large, QUESTIONS[name], ACTORS[actor])
    assert len(few) == len(many) <= 6
    assert crowd.walks(large, many) == []
    assert answer


def test_the_check_of_plans_sees_a_walk(districts):
    _, large = districts
    text = 'SELECT count(*) FROM "case" WHERE "case".title = ?'
    assert crowd.walks(large, [(text, ("x",))]) != []
