"""The editors' pages: who may change, what is saved, and what happens when two people save the same file."""

import re

import pytest

import engine
from engine.checks.house_rules import HOUSE_RULES
from engine.checks.rules import SEMANTICS
from webforms.finding_words import said


@pytest.fixture
def desk(house):
    """An analyst with a draft of the mediation process, another analyst, and a client of the first."""
    with house.database.sessions.begin() as session:
        people = {}
        for username in ("analyst", "analyst2"):
            people[username], _ = engine.create_person(
                session,
                username=username,
                name=f"{username} 同志",
                roles=[("analyst", "justice_bureau")],
                password=house.password,
                must_change_password=False,
                hasher=engine.CHEAP_HASHER,
                actor=engine.SYSTEM,
                now=house.clock(),
            )
        actor = engine.Actor(people["analyst"], "analyst 同志", frozenset({("analyst", "justice_bureau")}))
        version = next(n for n in (1, 2) if engine.published_model(session, n).process == "mediation")
        house.draft = engine.create_draft(session, version_id=version, actor=actor, now=house.clock())
    house.base = f"/models/{house.draft}"
    return house


def saving(house, client, name, text, revision):
    token = house.hidden(client.get("/account").text, "csrf_token")
    given = {"text": text, "revision": revision}
    return client.post(f"{house.base}/save/{name}", json=given, headers={"X-CSRFToken": token})


def test_every_kind_of_file_has_its_editor_and_only_drawn_ones_may_style_themselves(desk):
    client = desk.client("analyst")
    for name, marker, styled in (
        ("process.bpmn", 'id="modeler"', True),
        ("decisions/clock_profile.dmn", 'id="tables"', True),
        ("forms/register.form", 'id="form-design"', True),
        ("manifest.toml", 'id="text-editor"', False),
    ):
        page = client.get(f"{desk.base}/edit/{name}")
        assert page.status_code == 200 and marker in page.text and "data-save=" in page.text
        policy = page.headers["Content-Security-Policy"]
        assert ("unsafe-inline" in policy) is styled and "script-src 'self';" in policy and "eval" not in policy


def test_saving_and_saving_over_somebody_else(desk):
    first, second, name = desk.client("analyst"), desk.client("analyst2"), "CHANGES.md"
    assert saving(desk, first, name, "# one\n", 1).json["revision"] == 2
    clash = saving(desk, second, name, "# two\n", 1)
    assert clash.status_code == 409 and clash.json["who"] == "analyst 同志" and clash.json["revision"] == 2
    assert first.get(f"{desk.base}/source/{name}").text == "# one\n"
    assert saving(desk, second, name, "# two\n", clash.json["revision"]).status_code == 200
    assert first.get(f"{desk.base}/source/{name}").text == "# two\n"
    assert saving(desk, first, "manifest.toml", "id = 'mediation'\n", 2).status_code == 200  # another file: no harm


def test_what_cannot_be_saved_is_said(desk):
    client = desk.client("analyst")
    assert saving(desk, client, "CHANGES.md", None, 1).status_code == 400
    assert saving(desk, client, "../escape.md", "x", 1).status_code in {404, 422}
    assert client.post(f"{desk.base}/save/CHANGES.md", json={"text": "x", "revision": 1}).status_code == 400  # no token
    stranger = desk.client("head")
    assert saving(desk, stranger, "CHANGES.md", "x", 1).status_code == 404
    assert stranger.get(f"{desk.base}/edit/process.bpmn").status_code == 404


def test_those_who_decide_read_and_a_discarded_draft_is_shown_only(desk):
    page = desk.client("justice").get(f"{desk.base}/edit/process.bpmn").text
    assert 'id="canvas"' in page and "data-save=" not in page
    actor = desk.actor("boss")
    with desk.database.sessions.begin() as session:
        engine.discard_draft(session, desk.draft, actor=actor, now=desk.clock())
    client = desk.client("analyst")
    assert "不能修改" in client.get(f"{desk.base}/edit/manifest.toml").text
    refused = saving(desk, client, "manifest.toml", "x", 1)
    assert refused.status_code == 422 and refused.json["message"]


def test_findings_name_the_element_and_the_page_of_a_broken_file_still_opens(desk):
    client = desk.client("analyst")
    text = client.get(f"{desk.base}/source/process.bpmn").text
    broken = text.replace("=limits.consent_answer<", "=limits.(<")
    assert broken != text and saving(desk, client, "process.bpmn", broken, 1).status_code == 200
    found = client.get(f"{desk.base}/findings.json").json
    assert "请更正表达式" in str(found)
    assert {"process.bpmn"} == {one["file"] for one in found if one["element"] == "answer_overdue"}
    assert saving(desk, client, "manifest.toml", "[[", 2).status_code == 200
    for name in ("process.bpmn", "manifest.toml", "decisions/clock_profile.dmn"):
        assert client.get(f"{desk.base}/edit/{name}").status_code == 200
    assert "暂时无法显示" in client.get(f"{desk.base}/preview/forms/register.form").text
    assert client.get(f"{desk.base}/findings.json").json
    assert client.get(f"{desk.base}/templates.json").json


def test_every_rule_speaks_chinese_with_the_particulars_it_has(desk):
    with desk.app.test_request_context():
        for rule, words in (SEMANTICS | HOUSE_RULES).items():
            names = set(re.findall(r"(?<!{){(\w+)}", words.message + words.remedy))
            finding = engine.Finding(
                rule, words.level, "x", None, words.message, words.remedy, {n: f"«{n}»" for n in names}
            )
            message, remedy = said(finding)
            assert re.search("[\u4e00-\u9fff]", message) and "%(" not in message + remedy, rule
            assert (words.remedy, remedy) == ("{instead}", "«instead»") or re.search("[\u4e00-\u9fff]", remedy), rule
