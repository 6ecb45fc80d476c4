"""Two versions beside each other in the browser: what is marked, what is said, and that it fits a telephone."""

import pytest
from playwright.sync_api import expect

import engine
from tests.journeys.test_model_files import TOPMOST, accessible
from tests.journeys.test_model_files import window as _window

pytestmark = pytest.mark.browser
window = _window
EDITS = {
    "process.bpmn": [
        ('name="审查申请"', 'name="审查申请材料"'),
        ('id="record_oral_application" name="口头申请笔录" camunda:candidateGroups="registrar"',
         'id="record_oral_application" name="口头申请笔录" camunda:candidateGroups="mediator"'),
        ('name="deadline" value="oral_record"', 'name="deadline" value="accept"'),
    ],
    "decisions/clock_profile.dmn": [('r1_o2"><text>"3wd"', 'r1_o2"><text>"5wd"')],
    "manifest.toml": [('label = "重大（橙）"', 'label = "重大"')],
}  # fmt: skip


@pytest.fixture
def draft(house):
    """A draft of the mediation process with a change of every sort."""
    boss = house.actor("boss")
    with house.database.sessions.begin() as session:
        version = next(row for row in engine.active_versions(session, boss) if row.process == "mediation")
        number = engine.create_draft(session, version_id=version.id, actor=boss, now=house.clock())
        for name, changes in EDITS.items():
            found = engine.draft(session, number, boss)
            text = found.files[name]
            for old, new in changes:
                assert old in text
                text = text.replace(old, new, 1)
            revision = found.row.revision
            engine.write_draft_file(
                session, draft_id=number, name=name, text=text, revision=revision, actor=boss, now=house.clock()
            )
    return number


def test_a_draft_beside_the_published_version(house, address, window, draft):
    window.context.clear_cookies()
    window.goto(address + "/sign-in")
    window.get_by_label("用户名").fill("boss")
    window.get_by_label("密码", exact=True).fill(house.password)
    window.get_by_role("button", name="登录").click()
    window.goto(f"{address}/models/{draft}")
    window.get_by_role("link", name="与已发布版本比较").click()
    for number in (0, 1):
        expect(window.locator("[data-compare]").nth(number)).to_have_attribute("data-ready", "yes")
        mark = window.locator("[data-compare]").nth(number).locator(".bjs-powered-by")
        mark.scroll_into_view_if_needed()
        window.wait_for_function("at => at === window.scrollY", arg=window.evaluate("window.scrollY"))
        assert mark.evaluate(TOPMOST)
    marked = window.locator("[data-element-id=review_application].cmp-changed")
    expect(marked).to_have_count(2)
    expect(window.locator(".cmp-note-changed").first).to_have_text("修改")
    table = window.get_by_role("row").filter(has_text="record_oral_application")
    assert [row.locator("td").nth(1).inner_text() for row in table.all()] == ["修改办理角色", "修改属性“法定期限”"]
    expect(table.first).to_contain_text("登记")
    expect(window.get_by_role("row").filter(has_text="clock_profile_r1")).to_contain_text("修改“受理审查”一格")
    assert accessible(window) == [] and window.refused == []
    window.set_viewport_size({"width": 390, "height": 844})
    assert window.evaluate("document.documentElement.scrollWidth") <= 390
