"""The questions of the desk cost the same number of statements in a small district and in a large one, and no plan
walks through a large table."""

import pytest

from bench import crowd
from bench.desk import ACTORS, QUESTIONS


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
