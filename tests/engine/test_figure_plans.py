"""However many cases there are, no question of statistics asks more often, walks through a table or sorts."""

import pytest

import engine
from bench.figures import asked, populate, questions, walks
from bench.house import CLERK, NOW, OFFICE, build, writing

CASES = 4_000  # the plans are those of a hundred thousand, which `make bench` measures


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    made = {}
    for rows in (50, CASES):
        made[rows] = build(tmp_path_factory.mktemp(f"h{rows}"), "figures")
        with writing(made[rows]) as session:
            engine.start_case(session, "permit", {}, office=OFFICE, actor=CLERK, now=NOW)
        populate(made[rows], rows)
    yield made
    for database in made.values():
        database.bind.dispose()


QUESTIONS = list(questions())


@pytest.mark.parametrize("question", [each for _, each in QUESTIONS], ids=[name for name, _ in QUESTIONS])
def test_every_question_follows_an_index(houses, question):
    for database in houses.values():
        asked(database, question)  # what is cached once in a process is read
    few, many = (asked(houses[rows], question) for rows in houses)
    assert len(few) == len(many) <= 6
    assert walks(houses[CASES], question) == []


def test_the_sums_are_of_all_cases(houses):
    with houses[CASES].reads() as session:
        found = engine.figures(session, engine.SYSTEM, periods=[("2020-01", "2030-12")])
        figures = {indicator: figure for (_, _, indicator), figure in found.items()}
    assert figures["opened"].value == CASES + 1 == sum(figures["opened"].parts.values())
    assert figures["pending"].value == CASES + 1 - figures["ended"].value == CASES // 50
