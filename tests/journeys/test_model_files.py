"""What the browser makes of a published model: the picture, its tables, a form; the mark of bpmn.io stays visible."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

import engine
from tests.journeys.conftest import signed_in

AXE = next((Path(__file__).parents[1] / "vendor").glob("axe-core-*/axe.min.js")).read_text("utf-8")
RULES = "['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']"
# Drawing surfaces of others are left out: the canvas and its panels (bpmn-js), the cells of decision tables (dmn-js)
# and the form as form-js draws it; each has a twin of ours that is not left out.
OTHERS = "['.djs-container'], ['.tjs-container'], ['.dmn-js-parent'], ['.fjs-container']"
LOOK = f"""async () => (await axe.run({{include: [['body']], exclude: [{OTHERS}]}}, {{runOnly: {RULES}}}))
    .violations.map(v => v.id + ': ' + v.nodes[0].html)"""
TOPMOST = """(mark) => { mark.scrollIntoView(); const place = mark.getBoundingClientRect();
    const there = document.elementFromPoint(place.x + place.width / 2, place.y + place.height / 2);
    return place.width > 10 && place.height > 10 && (mark.contains(there) || there.contains(mark)); }"""
pytestmark = pytest.mark.browser


@pytest.fixture
def window(browser, house, address):
    with signed_in(browser, address, "desk", house.password) as page:
        yield page


def place(house):
    with house.database.reads() as session:
        found = [engine.published_model(session, number) for number in (1, 2)]
    return next(f"/models/versions/{one.version_id}" for one in found if one.process == "mediation")


def accessible(window):
    window.evaluate(AXE)
    return window.evaluate(LOOK)


def test_a_published_model_in_the_browser(house, address, window):
    base = address + place(house)
    window.goto(base + "/view/process.bpmn#review_application")
    expect(window.locator("#canvas[data-ready=yes]")).to_be_visible()
    expect(window.locator("#about-element")).to_contain_text("审查申请")
    assert window.locator("#canvas .bjs-powered-by").evaluate(TOPMOST)
    assert accessible(window) == []

    window.goto(base + "/view/decisions/termination_ground.dmn")
    expect(window.locator("#tables[data-ready=yes]")).to_contain_text("申请人撤回")
    assert window.locator("#tables .bjs-powered-by").evaluate(TOPMOST)
    window.locator("#trial").get_by_label("调解会结果").fill("failed")
    window.get_by_role("button", name="计算结果").click()
    expect(window.locator("#trial")).to_contain_text("适用的规则")
    assert accessible(window) == []

    window.goto(base + "/preview/forms/register.form")
    expect(window.locator("#form-preview[data-ready=yes]")).to_be_visible()
    window.get_by_role("button", name="检查填写内容").click()
    expect(window.locator("#checked")).to_have_text("请更正标出的项目。")
    expect(window.locator("#form-preview")).to_contain_text("此项必填")
    assert window.locator("#form-preview .fjs-powered-by").evaluate(TOPMOST)
    assert accessible(window) == []
    window.goto(base + "/preview/forms/register.form?as=handler")
    assert accessible(window) == []
    assert window.refused == []
