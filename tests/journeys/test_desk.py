"""The supervisor's desk in a browser: a dangerous case appears on the open page, and the map is drawn."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def window(house, address, browser):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(address + "/sign-in?next=/desk")
    page.get_by_label("用户名").fill("head")
    page.get_by_label("密码", exact=True).fill(house.password)
    page.get_by_role("button", name="登录").click()
    yield page
    context.close()


def test_a_case_with_many_people_appears_without_reloading_the_page(house, window):
    block = window.locator("[hx-trigger='every 30s']")
    expect(block).to_contain_text("没有在办的重大纠纷")
    window.evaluate("window.loaded = 'once'")
    house.register("desk", people_count="30", impact_signs="media", impact_note="三十人到场，有媒体询问。")
    block.evaluate("node => htmx.ajax('GET', '/desk/dangerous/now', node)")
    expect(block.locator("tbody tr").first).to_contain_text("王建国")
    expect(block).to_contain_text("2026-03-09 止")
    assert window.evaluate("window.loaded") == "once"


def test_the_map_is_drawn_with_its_badges(house, address, window):
    house.register("desk")
    window.goto(address + "/processes/mediation/heat")
    canvas = window.locator("#canvas[data-ready=yes]")
    expect(canvas).to_be_visible()
    expect(canvas.locator(".heat-badge", has_text="在办 1").first).to_be_attached()
    expect(canvas.locator(".heat-waits").first).to_be_attached()
    expect(window.locator(".bjs-powered-by")).to_be_visible()
