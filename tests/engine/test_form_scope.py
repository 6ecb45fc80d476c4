"""What rules and conditions of a form can read beside the facts: the case, who answers, and all of a row."""

import pytest

import engine
from tests.engine.house import CLERK, OTHER, House, folder, form, question
from tests.engine.runtime.bpmn import end, path, script, start, user

ROWS = '[{"id": "a", "fixed": true, "n": 1}, {"id": "b", "fixed": false, "n": 2}]'
MANIFEST = """
[checks.who]
forms = ["fill"]
rules = [
  { holds = '=case.office = "north" and actor = 1', message = '="no: " + case.number', fields = ["why"] },
  { each = "rows", holds = "=fixed or again > n", message = "more", fields = ["again"] },
]
"""


@pytest.fixture
def house(tmp_path):
    column = [question("id", readonly=True), question("again", "number", conditional={"hide": "=fixed"})]
    rows = {"type": "dynamiclist", "path": "rows", "label": "rows", "allowAddRemove": False, "components": column}
    shown = question("why", conditional={"hide": '=case.office != "north"'})
    body = [
        start(),
        script("make", "rows", ROWS),
        user("fill", camunda_formRef="fill", camunda_candidateGroups="clerk"),
    ]
    built = House.build(tmp_path / "house.db")
    files = folder(
        *body, end(), path("start", "make", "fill", "end"), manifest=MANIFEST, forms={"fill": form(shown, rows)}
    )
    built.install(files)
    return built


def test_conditions_read_the_case_and_all_of_a_row(house):
    case = house.start()
    with house.database.reads() as session:
        page = engine.task_page(session, house.task(case, "fill"), CLERK, now=house.now)
        seen = engine.visible(page.form, {}, facts=page.answers, options=lambda _key: (), files=lambda _file: None)
    assert {"why", "rows[1].again"} <= seen and "rows[0].again" not in seen


def test_rules_read_the_case_who_answers_and_all_of_a_row(house):
    case = house.start()
    with pytest.raises(engine.InvalidAnswers) as refusal:
        house.do(case, "fill", rows=[{}, {"again": "2"}])
    assert {path: problem.message for path, problem in refusal.value.problems.items()} == {"rows[1].again": "more"}
    with pytest.raises(engine.InvalidAnswers) as refusal:
        house.do(case, "fill", OTHER, rows=[{}, {"again": "3"}])
    assert set(refusal.value.problems) == {"why"}
    house.do(case, "fill", rows=[{}, {"again": "3"}])
    assert house.facts(case)["rows"][0] == {"id": "a", "fixed": True, "n": 1}
    assert house.facts(case)["rows"][1] == {"id": "b", "fixed": False, "n": 2, "again": 3}
