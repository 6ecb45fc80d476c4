"""An analyst changes a timer in the diagram, follows a finding, tries a decision out and designs a form."""

import re

import pytest
from playwright.sync_api import expect

import engine
from tests.journeys.conftest import signed_in
from tests.journeys.test_model_files import TOPMOST, accessible

LEAVING = """() => { const leaving = new Event("beforeunload", {cancelable: true});
    window.dispatchEvent(leaving); return leaving.defaultPrevented; }"""
pytestmark = pytest.mark.browser


@pytest.fixture
def window(browser, house, address):
    with house.database.sessions.begin() as session:
        number, _ = engine.create_person(
            session,
            username="analyst",
            name="分析员",
            roles=[("analyst", "justice_bureau")],
            password=house.password,
            must_change_password=False,
            hasher=engine.CHEAP_HASHER,
            actor=engine.SYSTEM,
            now=house.clock(),
        )
        house.analyst = engine.Actor(number, "分析员", frozenset({("analyst", "justice_bureau")}))
        version = next(n for n in (1, 2) if engine.published_model(session, n).process == "mediation")
        files = dict(engine.published_model(session, version).files)
        files["process.bpmn"] = files["process.bpmn"].replace('camunda:candidateGroups="registrar"', "", 1)
        house.draft = engine.create_draft(session, files=files, actor=house.analyst, now=house.clock())
    with signed_in(browser, address, "analyst", house.password) as page:
        yield page


def saved(house, name):
    with house.database.reads() as session:
        return engine.draft(session, house.draft, house.analyst).files[name]


def test_a_timer_is_changed_and_a_finding_leads_to_its_element(house, address, window):
    window.goto(f"{address}/models/{house.draft}/edit/process.bpmn#answer_overdue")
    expect(window.locator("#modeler[data-ready=yes]")).to_be_visible(timeout=20_000)
    expect(window.locator("#pick-timer")).to_have_value("=limits.consent_answer")
    window.locator("#pick-timer").fill("7d")
    window.locator("#pick-timer").press("Tab")
    expect(window.locator("#save-state[data-state=saved]")).to_be_visible()
    assert ">7d</bpmn:timeDuration>" in saved(house, "process.bpmn")
    assert window.locator("#modeler .bjs-powered-by").evaluate(TOPMOST)

    finding = window.locator("#findings a[href$='record_oral_application']").first
    finding.click()
    expect(window.locator("#pick-role")).to_have_value("")
    window.locator("#pick-role").select_option("registrar")
    expect(window.locator("#save-state[data-state=saved]")).to_be_visible()
    expect(finding).to_have_count(0)
    assert 'camunda:candidateGroups="registrar"' in saved(house, "process.bpmn")
    window.locator(".bts-toggle-mode").click()  # token simulation, and back
    expect(window.locator(".bts-palette")).to_be_visible()
    window.locator(".bts-toggle-mode").click()
    expect(window.locator(".bjsl-button")).to_be_visible()
    assert accessible(window) == []
    assert window.refused == []


def test_tables_forms_and_text_save_by_themselves(house, address, window):
    base = f"{address}/models/{house.draft}/edit"
    window.goto(f"{base}/decisions/termination_ground.dmn")
    expect(window.locator("#tables[data-ready=yes]")).to_contain_text("命中规则")
    window.locator("#tables tbody td.output-cell").first.click()
    window.keyboard.press("End")
    window.keyboard.type(" ")
    expect(window.locator("#save-state[data-state=saved]")).to_be_visible()
    assert '"withdrawn" </text>' in saved(house, "decisions/termination_ground.dmn")
    window.locator("#trial").get_by_label("撤回理由").fill("和好")
    window.get_by_role("button", name="计算结果").click()
    expect(window.locator("#trial")).to_contain_text("withdrawn")
    assert window.locator("#tables .bjs-powered-by").evaluate(TOPMOST)
    assert accessible(window) == []

    window.goto(f"{base}/forms/refer_case.form")
    expect(window.locator("#form-design[data-ready=yes]")).to_contain_text("单行文本")
    assert window.locator("#form-design .fjs-powered-by").evaluate(TOPMOST)
    window.locator("#form-design .fjs-element[data-id]").nth(1).click()
    window.locator("#form-design").get_by_text("基本", exact=True).click()
    window.locator("#form-design").get_by_label("字段说明").fill("写明全称")
    expect(window.locator("#save-state[data-state=saved]")).to_be_visible()
    assert "写明全称" in saved(house, "forms/refer_case.form")
    assert accessible(window) == []

    window.goto(f"{base}/CHANGES.md")
    window.locator("#text").fill("# 行政调解\n\n## 草稿\n")
    assert window.evaluate(LEAVING)  # not saved yet: the browser asks before the page is left
    with house.database.sessions.begin() as session:  # somebody else saves in between
        engine.write_draft_file(
            session, house.draft, "CHANGES.md", "# theirs\n", revision=99, actor=house.analyst, now=house.clock()
        )
    expect(window.locator("#conflict")).to_contain_text("分析员")
    window.get_by_role("button", name="保留我的").click()
    expect(window.locator("#save-state[data-state=saved]")).to_be_visible()
    assert saved(house, "CHANGES.md") == "# 行政调解\n\n## 草稿\n"
    assert accessible(window) == []
    assert window.refused == []


def test_a_finding_leads_to_the_cell_the_field_and_the_line(house, address, window):
    base = f"{address}/models/{house.draft}/edit"
    table = saved(house, "decisions/termination_ground.dmn")
    form = saved(house, "forms/refer_case.form")
    broken = table.replace('<text>"withdrawn"</text>', '<text>"withdrawn" +</text>', 1)
    twice = re.sub(r'"label": "[^"]+"', '"label": "=x"', form, count=1)
    assert broken != table
    assert twice != form
    with house.database.sessions.begin() as session:
        engine.write_draft_files(
            session, house.draft, {"decisions/termination_ground.dmn": broken, "forms/refer_case.form": twice},
            revision=99, actor=house.analyst, now=house.clock(),
        )  # fmt: skip
    window.goto(f"{base}/forms/refer_case.form")
    finding = window.locator("#findings a", has_text="不能使用 FEEL 或者模板")
    finding.click()
    place = finding.get_attribute("href").rpartition("#")[2]
    expect(window.locator(f"#form-design .fjs-element.fjs-editor-selected[data-id='{place}']")).to_be_visible()

    window.locator("#findings a", has_text='单元格“"withdrawn" +”').click()
    expect(window.locator("#tables[data-ready=yes] .here")).to_contain_text('"withdrawn" +')
    window.locator("#tables .here").click()
    window.keyboard.press("End")
    for _ in range(2):
        window.keyboard.press("Backspace")
    expect(window.locator("#save-state[data-state=saved]")).to_be_visible()
    expect(window.locator("#findings a", has_text="单元格")).to_have_count(0)

    window.goto(f"{base}/manifest.toml")
    window.locator("#text").fill("id = [")
    window.locator("#findings a", has_text="清单无法读取").wait_for()
    with house.database.sessions.begin() as session:
        engine.write_draft_file(
            session, house.draft, "forms/refer_case.form", "{", revision=99, actor=house.analyst, now=house.clock()
        )
    window.goto(f"{base}/forms/refer_case.form")
    expect(window.locator("#findings a", has_text="表单文件无法读取")).to_be_visible()
    window.get_by_role("link", name="作为文本打开").click()
    expect(window.locator("textarea[name=text]")).to_have_value("{")
    assert [words for words in window.refused if "Unexpected" not in words and "JSON" not in words] == []


def test_the_editors_speak_the_language_of_the_page(house, address, window):
    tools = {
        "edit/process.bpmn": ".djs-palette .entry[aria-label]",
        "edit/decisions/impact_level.dmn": ".view-drd-button",
    }
    seen = {}
    for language in ("zh-CN", "en"):
        for page, tool in tools.items():
            window.goto(f"{address}/models/{house.draft}/{page}")
            expect(window.locator("#modeler[data-ready=yes], #tables[data-ready=yes]")).to_be_visible(timeout=20_000)
            first = window.locator(tool).first
            seen[language, page] = first.get_attribute("aria-label") or first.inner_text()
        if language == "zh-CN":
            window.get_by_role("button", name="English").click()
    for page in tools:
        assert re.search("[一-鿿]", seen["zh-CN", page]) and re.fullmatch("[ -~]+", seen["en", page]), seen
