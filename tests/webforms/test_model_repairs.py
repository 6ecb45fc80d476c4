"""Models from elsewhere through the pages: taken in, repaired as chosen, and what is left is named."""

import io
import re
from pathlib import Path

import pytest

import engine

EXPORTS = Path(__file__).parents[1] / "engine/model_repairs/exports"
BIZAGI = (EXPORTS / "bizagi.bpmn").read_text("utf-8")


def upload(house, client, *files, **data):
    """Send files (name, text) on the page of a new draft, as a form without scripts does."""
    parts = [(io.BytesIO(text.encode()), name) for name, text in files]
    token = house.marks(client.get("/models/new").text)
    form = {**token, "files": parts, **data}
    return client.post("/models/upload", data=form, content_type="multipart/form-data")


def number(answer):
    return int(re.search(r"/models/(\d+)", answer.location)[1])


def files(house, draft_id):
    with house.database.reads() as session:
        return engine.draft(session, draft_id, house.actor("boss")).files


def ids(page, rule=""):
    return re.findall(r'name="id" value="(\w+)"[^>]*' + rule, page)


@pytest.fixture
def repair(house):
    """The address of the repairs of a draft made of one foreign diagram."""
    answer = upload(house, house.client("boss"), ("信访 办理.bpmn", BIZAGI))
    assert answer.status_code == 303
    assert answer.location.endswith("/repair")
    return answer.location


def test_repairs_are_done_as_chosen_and_then_all(house, repair):
    boss = house.client("boss")
    page = boss.get(repair).text
    assert "将流程“信访事项办理”标记为可执行。" in page
    assert "按名称设为 15 个工作日" in page
    assert "推测，请核对" in page
    assert "不支持复杂网关" in page
    assert len(ids(page)) == 22
    certain = ids(page, "checked")
    assert len(certain) == 12, "what takes something for granted is for the person to choose"
    overview = boss.get(repair.removesuffix("/repair")).text
    assert "本模型有 22 条修复建议。" in overview
    assert f'href="{repair}"' in overview

    revision = house.hidden(page, "revision")
    answer = house.post(boss, repair, id=certain, revision=revision)
    assert answer.status_code == 303
    page = boss.get(repair).text
    assert "已完成 12 条修复。" in page
    assert len(ids(page)) == 10
    assert ids(page, "checked") == []
    text = files(house, int(repair.split("/")[2]))["process.bpmn"]
    assert 'isExecutable="true"' in text
    assert "<task " in text, "no guess was made"

    assert "请至少选择一条修复。" in boss.get(house.post(boss, repair, revision="9").location).text
    house.post(boss, repair, all="1", revision="9")
    page = boss.get(repair).text
    assert "没有需要修复的地方" in page
    assert "不支持复杂网关" in page
    text = files(house, int(repair.split("/")[2]))["process.bpmn"]
    assert "<task " not in text
    assert "修复建议" not in boss.get(repair.removesuffix("/repair")).text


def test_nothing_is_repaired_on_top_of_what_somebody_else_saved(house, repair):
    boss = house.client("boss")
    page = boss.get(repair).text
    draft_id, revision = int(repair.split("/")[2]), house.hidden(page, "revision")
    theirs = BIZAGI.replace('name="登记"', 'name="登记信访件"')
    with house.database.sessions.begin() as session:
        engine.write_draft_file(
            session, draft_id, "process.bpmn", theirs, revision=1, actor=house.actor("boss"), now=house.clock()
        )
    chosen = ids(page)[:2]
    answer = house.post(boss, repair, id=chosen, revision=revision)
    assert answer.status_code == 409
    assert "没有作任何改动" in answer.text
    assert "登记信访件" in answer.text
    assert ids(answer.text, "checked") == chosen
    assert files(house, draft_id)["process.bpmn"] == theirs


def test_the_diagram_after_some_repairs(house, repair):
    boss = house.client("boss")
    end = ids(boss.get(repair).text, "checked")[-1]
    found = boss.get(f"{repair}/after/process.bpmn?id={end}&id=nothing").json
    assert found["marks"]["Id_a8_over"] == "added"
    assert 'id="Id_a8_over"' in found["text"]
    assert boss.get(f"{repair}/after/manifest.toml").status_code == 404
    assert boss.get(f"{repair}/after/other.bpmn").status_code == 404


def test_who_only_approves_looks_and_others_see_nothing(house, repair):
    justice = house.client("justice")
    page = justice.get(repair).text
    assert "修复建议" in page
    assert 'name="id"' not in page
    assert house.post(justice, repair, all="1", revision="1").status_code == 404
    assert house.client("desk").get(repair).status_code == 404
    assert house.client("desk").get(repair + "/after/process.bpmn").status_code == 404


@pytest.mark.parametrize("name", sorted(path.stem for path in EXPORTS.glob("*.bpmn")))
def test_one_file_of_another_product_becomes_a_folder_that_is_repaired(house, name):
    boss = house.client("boss")
    answer = upload(house, boss, (f"{name} 1.bpmn", (EXPORTS / f"{name}.bpmn").read_text("utf-8")))
    draft_id = number(answer)
    assert set(files(house, draft_id)) == {"manifest.toml", "process.bpmn"}
    page = boss.get(answer.location).text
    house.post(boss, answer.location, all="1", revision=house.hidden(page, "revision"))
    page = boss.get(answer.location).text
    assert "没有需要修复的地方" in page
    assert "没有人也没有消息可以启动案件" in page, "what is left is what only the office can say"
    findings = engine.refusals(engine.check_files(files(house, draft_id)), house=False)
    assert [one.rule for one in findings] == ["unsupported-element"] * (name == "bizagi")


def test_a_diagram_of_a_known_process_joins_the_files_in_force(house):
    boss = house.client("boss")
    with house.database.reads() as session:
        [version] = [one for one in engine.active_versions(session, house.actor("boss")) if one.process == "mediation"]
        _, published = engine.version_files(session, version.id, house.actor("boss"))
    changed = published["process.bpmn"].replace('name="审查申请"', 'name="审查申请材料"')
    answer = upload(house, boss, ("从桌面.bpmn", changed))
    assert not answer.location.endswith("/repair"), "our own model has nothing to repair"
    found = files(house, number(answer))
    assert found == {**published, "process.bpmn": changed}


def test_a_folder_keeps_its_places(house):
    boss = house.client("boss")
    form = '{"type": "default", "id": "x", "components": []}'
    parts = (("process.bpmn", BIZAGI), ("x.form", form), ("a.html", "<p>x</p>"))
    places = ["我的流程/process.bpmn", "我的流程/forms/x.form", "我的流程/documents/a.html"]
    answer = upload(house, boss, *parts, path=places)
    assert set(files(house, number(answer))) == {
        "manifest.toml", "process.bpmn", "forms/x.form", "documents/a.html"
    }  # fmt: skip
    odd = upload(house, boss, *parts, path=places[:1], name="标题 <b>")
    assert odd.status_code == 303, "places that do not fit the files are not looked at"
    refused = upload(house, boss, ("a.exe", "x"), name="标题 <b>")
    assert refused.status_code == 422
    assert "a.exe" in refused.text
    assert "标题 &lt;b&gt;" in refused.text
    assert upload(house, boss, path=["../x"]).status_code == 422
    assert upload(house, boss, ("x.form", form), path=["../../x.form"]).status_code == 422


def test_what_is_not_drawn_is_laid_out(house):
    boss = house.client("boss")
    bare = re.sub(r"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", "", BIZAGI, flags=re.DOTALL)
    answer = upload(house, boss, ("a.bpmn", bare))
    draft_id = number(answer)
    text = files(house, draft_id)["process.bpmn"]
    assert "BPMNShape" in text, "an upload without any drawing gets one"
    page = boss.get(answer.location).text
    assert "没有画出" not in page

    half = re.sub(r'<bpmndi:BPMNShape id="Id_a2_di".*?</bpmndi:BPMNShape>', "", text, flags=re.DOTALL)
    assert half != text
    with house.database.sessions.begin() as session:
        engine.write_draft_file(
            session, draft_id, "process.bpmn", half, revision=1, actor=house.actor("boss"), now=house.clock()
        )
    page = boss.get(answer.location).text
    assert "process.bpmn 中有 1 个元素没有画出" in page
    assert (
        house.post(
            boss, answer.location + "/drawing", at=answer.location, file="process.bpmn", revision="1"
        ).status_code
        == 409
    )
    assert house.post(boss, answer.location + "/drawing", at=answer.location, file="x", revision="2").status_code == 303
    done = house.post(boss, answer.location + "/drawing", at=answer.location, file="process.bpmn", revision="2")
    assert "已重新排列流程图" in boss.get(done.location).text
    assert engine.undrawn(files(house, draft_id)) == {}


def test_a_process_with_a_chinese_id_gets_one_that_can_name_a_folder(house):
    boss = house.client("boss")
    answer = upload(house, boss, ("a.bpmn", BIZAGI.replace("Id_6f0c", "信访流程")))
    assert 'id = "process_1"' in files(house, number(answer))["manifest.toml"]
    page = boss.get(answer.location).text
    assert "将标识“信访流程”改为“process_1”" in page
    house.post(boss, answer.location, all="1", revision=house.hidden(page, "revision"))
    found = files(house, number(answer))
    assert engine.told_by(found)[0] == "process_1"
    assert "信访流程" not in found["process.bpmn"]


def test_elements_without_an_id_are_named_and_drawn_in_the_end(house):
    boss = house.client("boss")
    text = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process name="无标识"><startEvent/>'
        '<task name="登记"/></process></definitions>'
    )
    answer = upload(house, boss, ("a.bpmn", text))
    page = boss.get(answer.location).text
    assert "为“登记”补上标识“process_1_user_task_1”" in page
    house.post(boss, answer.location, all="1", revision=house.hidden(page, "revision"))
    page = boss.get(answer.location).text
    assert "从开始事件走不到这里" in page
    answer = house.post(
        boss,
        answer.location + "/drawing",
        at=answer.location,
        file="process.bpmn",
        revision=house.hidden(page, "revision"),
    )
    assert "没有画出" not in boss.get(answer.location).text


def test_an_added_gateway_fits_between_what_is_drawn(house, repair):
    boss = house.client("boss")
    page = boss.get(repair).text
    text = boss.get(f"{repair}/after/process.bpmn", query_string={"id": ids(page)}).json["text"]
    x, width = re.search(r'bpmnElement="Id_a6_split"><dc:Bounds x="(\d+)" y="\d+" width="(\d+)"', text).groups()
    assert 670 < int(x) < int(x) + int(width) < 750, "after the task, before both of its targets"
