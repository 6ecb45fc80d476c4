"""Coverage on the diagram, the way of one scenario, and a difference that is taken over, in the browser."""

import pytest
from playwright.sync_api import expect

import engine
from scheduler.rehearsal import rehearse
from tests.house import PROCESSES
from tests.journeys.test_model_files import TOPMOST, accessible
from tests.journeys.test_model_files import window as _window

pytestmark = pytest.mark.browser
window = _window


@pytest.fixture
def draft(house):
    """A draft of the inspection with one scenario that expects a wrong end, of the two ways there are."""
    house.app.config["REHEARSE"] = rehearse
    folder = PROCESSES / "inspection"
    text = engine.read_scenarios(folder)["scenarios/visited.toml"]
    files = {**engine.read_files(folder), "scenarios/visited.toml": text.replace('"completed"', '"cancelled"  # 核对')}
    with house.database.sessions.begin() as session:
        return engine.create_draft(session, files=files, actor=house.actor("boss"), now=house.clock())


def test_coverage_and_taking_over(house, address, window, draft):
    window.context.clear_cookies()
    window.goto(address + "/sign-in")
    window.get_by_label("用户名").fill("boss")
    window.get_by_label("密码", exact=True).fill(house.password)
    window.get_by_role("button", name="登录").click()
    window.goto(f"{address}/models/{draft}/scenarios")
    window.get_by_role("button", name="运行全部场景").click()
    canvas = window.locator("#canvas")
    expect(canvas).to_have_attribute("data-ready", "yes", timeout=20_000)  # the page looks again by itself
    mark = canvas.locator(".bjs-powered-by")
    mark.scroll_into_view_if_needed()
    assert mark.evaluate(TOPMOST)
    assert canvas.locator(".djs-connection.done").count() > 3
    assert canvas.locator(".djs-connection.flow-missed").count() > 3
    assert canvas.locator(".djs-shape.late").count() > 0, "outcomes that nobody comes to"
    expect(window.get_by_role("region", name="没有场景经过的连线和结果")).to_be_visible()
    assert accessible(window) == []
    window.get_by_role("link", name="显示路径").first.click()
    expect(canvas).to_have_attribute("data-ready", "yes")
    assert canvas.locator(".flow-missed").count() == 0 and canvas.locator(".djs-connection.done").count() > 3
    window.locator(".main-link").first.click()
    row = window.get_by_role("row").filter(has_text="案件状态")
    expect(row).to_contain_text("已撤销")
    expect(row).to_contain_text("已办结")
    assert accessible(window) == []
    window.get_by_role("link", name="修改预期").last.click()
    assert accessible(window) == []
    window.get_by_role("link", name="取消", exact=True).click()
    row.get_by_role("checkbox").check()
    window.get_by_role("button", name="把勾选的作为新的预期").click()
    expect(window.locator("main")).to_contain_text("已写入")
    with house.database.reads() as session:
        text = engine.draft(session, draft, house.actor("boss")).files["scenarios/visited.toml"]
    assert 'status = "completed"  # 核对' in text
    window.set_viewport_size({"width": 390, "height": 844})
    for page in ("", "/visited"):
        window.goto(f"{address}/models/{draft}/scenarios{page}")
        assert window.evaluate("document.documentElement.scrollWidth") <= 390
    assert window.refused == []
