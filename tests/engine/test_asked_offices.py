"""One task in each of several offices: who is asked comes from the list of offices, who answered from the results."""

import engine
from engine.values import loads
from tests.engine.house import CLERK, NOW, STRANGER, folder, form, question
from tests.engine.runtime.bpmn import end, instances, path, properties, start, user

OFFICES = [
    {"id": "north", "name": "North", "short": "N", "kind": "town", "reporting": True},
    {"id": "south", "name": "South", "short": "S", "kind": "bureau", "reporting": True},
    {"id": "court", "name": "Court", "short": "C", "kind": "court", "reporting": False},
]
ASKED = instances("=offices(&quot;reporting&quot;)", "unit", output="answers")


def test_every_reporting_office_is_asked_and_known_by_its_answer(house):
    with house.writing() as session:
        engine.store_reference(session, "offices", {"offices": OFFICES}, now=NOW)
    asking = user(
        "read",
        properties(office="=unit") + ASKED,
        camunda_candidateGroups="clerk",
        camunda_formRef="read",
    )
    house.install(folder(start(), asking, end(), path("start", "read", "end"), forms={"read": form(question("word"))}))
    case = house.start()
    with house.database.reads() as session:
        tasks = {task.office: task.id for task in engine.open_tasks(session, case)}
    assert tasks.keys() == {"north", "south"}
    for actor, office in ((STRANGER, "south"), (CLERK, "north")):
        with house.writing() as session:
            engine.complete_task(session, tasks[office], {"word": f"from {office}"}, actor=actor, now=NOW)
    row = house.case(case)
    assert row.status == "completed"
    assert loads(row.data)["answers"] == [
        {"unit": "south", "word": "from south"},
        {"unit": "north", "word": "from north"},
    ]


def test_offices_of_a_kind_and_none(house):
    with house.writing() as session:
        engine.store_reference(session, "offices", {"offices": OFFICES}, now=NOW)
        known = engine.directory(session)
    assert known.offices_that("town") == ["north"]
    assert known.offices_that("north") == []
