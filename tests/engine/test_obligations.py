"""How obligations stand: what was done last, what is due next, and what is late; told by indexes, not by the cases."""

import re

import pytest
from sqlalchemy import event

import engine
from tests.engine.house import CLERK, NOW, folder
from tests.engine.runtime.bpmn import end, path, properties, start, user

LIST = [
    {"id": "1", "process": "p", "element": "count", "deadline": "soon", "evidence": "fact:size", "scenario": "s"},
    {"id": "2", "paper_reason": "It is signed by hand."},
    {"id": "3", "page": "/somewhere"},
    {"id": "4", "register": "things"},
    {"id": "5", "process": "gone", "element": "nothing"},
]
MANIFEST = """
[deadlines.soon]
label = "Soon"
basis = "Art. 1"
status = "unconfirmed"
[facts.size]
type = "integer"
label = "Size"
[[start.calendar]]
id = "yearly"
every = "year"
on = "01-15"
office = "north"
"""


@pytest.fixture
def obliged(house):
    rows = [{"text": f"Duty {row['id']}", "seed": "I", "who": "all", "when": "always", **row} for row in LIST]
    counting = user("count", properties(deadline="soon"), camunda_candidateGroups="clerk", camunda_dueDate="2wd")
    house.install(folder(start(), counting, end(), path("start", "count", "end"), manifest=MANIFEST))
    with house.writing() as session:
        engine.store_reference(session, "obligations", {"obligations": rows}, now=NOW)
        register = {"title": "Things", "key": "id", "label": "name", "fields": {"name": {"label": "Name"}}}
        engine.store_reference(session, "registers:things", {"register": register}, now=NOW)
    return house


def states(house):
    with house.database.reads() as session:
        return {row.obligation.id: row for row in engine.obligations(session, now=house.now)}


def test_without_a_list_there_is_nothing(house):
    assert states(house) == {}


def test_an_obligation_goes_from_waiting_to_done(obliged):
    row = states(obliged)["1"]
    assert (row.state, row.title, row.element, row.deadline, row.confirmed, row.evidence) == (
        "waiting", "p", "count", "Soon", False, "Size",
    )  # fmt: skip
    assert row.next_opening is not None
    assert f"{row.next_opening:%Y-%m-%d}" == "2027-01-15"
    case = obliged.start()
    row = states(obliged)["1"]
    assert (row.state, row.last_done, row.overdue) == ("running", None, 0)
    assert row.next_due == obliged.case(case).due_at
    obliged.wait(days=5)
    row = states(obliged)["1"]
    assert (row.state, row.overdue) == ("overdue", 1)
    obliged.do(case, "count")
    row = states(obliged)["1"]
    assert (row.state, row.last_done, row.next_due) == ("done", obliged.now, None)


def test_what_has_no_cases(obliged):
    found = states(obliged)
    assert [found[number].state for number in "2345"] == ["on_paper", "standing", "waiting", "waiting"]
    assert found["4"].title == "Things"
    assert found["5"].title == "gone", "it is not in use yet"


def test_no_question_walks_through_the_cases(obliged):
    """The plans of the questions: each one searches an index by process and whether the case is closed."""
    obliged.start(actor=CLERK)
    seen = []

    def note(_connection, _cursor, statement, parameters, *_):
        if " max(" in statement.lower() or "count(" in statement.lower():
            seen.append((statement, parameters))

    event.listen(obliged.database.bind, "before_cursor_execute", note)
    states(obliged)
    event.remove(obliged.database.bind, "before_cursor_execute", note)
    assert seen
    with obliged.database.reads() as session:
        for statement, parameters in seen:
            plan = session.connection().exec_driver_sql(f"explain query plan {statement}", parameters)
            steps = [row[-1] for row in plan if re.search(r"\bcase\b", row[-1])]
            assert steps and all(re.search(r"SEARCH case USING (COVERING )?INDEX ix_case_process", s) for s in steps), (
                steps
            )
