"""Cases go to another version through the page: look, say what steps are called now, carry over, take back."""

import re
from random import Random

import pytest

import engine
from tests.engine.edits import Edited
from tests.house import PROCESSES


@pytest.fixture
def versions(house):
    """Two cases at different steps of mediation, and a version in which the step of one has another id."""
    house.register()
    house.register(issue="另一件纠纷")
    with house.database.reads() as session:
        first, second = engine.case_ids(session)
    house.clock.forward(minutes=1)
    files = engine.read_files(PROCESSES / "mediation")
    step = step_of(house, first)
    edited = Edited(files["process.bpmn"], Random(0), "other_step")  # noqa: S311 a test
    edited.rename({step})
    files["process.bpmn"] = edited.text
    old = engine.define(engine.read_files(PROCESSES / "mediation")).digest
    with house.database.sessions.begin() as session:
        engine.deploy_files(session, files, actor=engine.SYSTEM, now=house.clock())
    yield first, second, step, old
    with house.database.reads() as session:
        for case_id in (first, second):
            assert engine.inconsistencies(session, case_id, now=house.clock()) == []
        assert engine.verify(session) == []


def step_of(house, case_id):
    with house.database.reads() as session:
        return engine.open_tasks(session, case_id)[0].element


def test_cases_are_carried_over_and_back(house, versions):
    first, second, step, old = versions
    boss = house.client("boss")
    assert "行政调解" in boss.get("/models/migrate").text
    page = boss.get("/models/migrate/mediation").text
    assert page.count("不能迁移") > 2
    assert "停在已取消步骤的案件不能迁移" in page
    assert "other_step1" in page  # is suggested
    assert "迁移 2 件" not in page
    mapped = boss.get(f"/models/migrate/mediation?map.{step}=other_step1").text
    assert "迁移 2 件" in mapped
    assert "2026-03-09 → 2026-03-09" in re.sub(r"\s+", " ", re.sub("<[^>]+>", "", mapped)) and "00:00" not in mapped
    post = {"from": old, f"map.{step}": "other_step1", **house.marks(mapped)}
    answer = boss.post("/models/migrate/mediation", data=post | {"reason": " "})
    assert (answer.status_code, "请填写理由" in answer.text) == (422, True)
    answer = boss.post("/models/migrate/mediation", data=post | {"reason": "条例修订"})
    assert answer.status_code == 303
    after = boss.get(answer.location).text
    assert "2 件案件改按新版办理" in after
    assert [step_of(house, case_id) for case_id in (first, second)] == ["other_step1"] * 2
    assert "案件改按新版流程办理（条例修订）" in house.client("head").get(f"/cases/{first}").text
    answer = boss.post("/models/migrate/mediation/undo", data=house.marks(after) | {"case": str(second)})
    assert "案件已退回原版流程" in boss.get(answer.location).text
    assert [step_of(house, case_id) for case_id in (first, second)] == ["other_step1", step]
    assert (
        boss.post("/models/migrate/mediation/undo", data=house.marks(after) | {"case": str(second)}).status_code == 404
    )


def test_what_is_wrong_with_a_mapping_is_said(house, versions):
    page = house.client("boss").get(f"/models/migrate/mediation?map.{versions[2]}=nowhere")
    assert (page.status_code, "没有编号为“nowhere”的步骤" in page.text) == (200, True)


@pytest.mark.parametrize("address", ["/models/migrate", "/models/migrate/mediation"])
def test_it_is_there_for_those_who_draw_models_and_administrators_only(house, address):
    for username in ("desk", "head", "justice"):
        assert house.client(username).get(address).status_code == 404
    assert house.client("boss").get(address).status_code == 200
    assert house.client("boss").get("/models/migrate/nothing").status_code == 404
