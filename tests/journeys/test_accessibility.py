"""No violation of the accessibility rules, on a desk and on a phone; no page of a phone scrolls sideways."""

from pathlib import Path

import pytest

import engine
from scheduler.tick import tick
from tests.duty import DUTY

AXE = next((Path(__file__).parents[1] / "vendor").glob("axe-core-*/axe.min.js")).read_text("utf-8")
RULES = "['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']"
RUN = f"async () => (await axe.run(document, {{runOnly: {RULES}}})).violations.map(v => v.id + ': ' + v.nodes[0].html)"
WIDTHS = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 780}}
pytestmark = pytest.mark.browser


@pytest.fixture
def window(browser):
    context = browser.new_context(locale="zh-CN", viewport=WIDTHS["desk"])
    yield context.new_page()
    context.close()


def look(window, address):
    window.goto(address)
    if window.locator("script[src*='bpmn']").count():
        window.wait_for_load_state("networkidle")  # the drawing arrives after the page
    return judge(window)


def judge(window):
    """What is wrong with the page as it stands, in each width."""
    window.evaluate(AXE)
    found = []
    for name, size in WIDTHS.items():
        window.set_viewport_size(size)
        found += [f"{name}: {words}" for words in window.evaluate(RUN)]
        if window.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{name}: scrolls sideways")
    return found


def test_pages(house, address, window):
    case_id = house.register("desk")
    task_id = house.task(case_id)
    found = {"/sign-in": look(window, address + "/sign-in")}
    window.get_by_label("用户名").fill("desk")
    window.get_by_label("密码", exact=True).fill(house.password)
    window.get_by_role("button", name="登录").click()
    case = f"/cases/{case_id}"
    found["/public/registers/matters"] = look(window, address + "/public/registers/matters?office=yuxi_town")
    pages = ["/registers", "/registers/matters", "/registers/roster", "/registers/matters/history"]
    pages += ["/registers/matters/compare?a=2023-12-31&b=2026-03-02", "/registers/matters/board?office=yuxi_town"]
    pages += ["/tasks?view=claimable", "/tasks?view=office", f"/tasks/{task_id}", case, f"{case}/diagram", "/cases"]
    pages += [
        "/search?q=院坝",
        "/cases/new/mediation",
        "/account",
        "/account/password",
        "/nowhere",
        "/notices?view=all",
        "/obligations",
    ]
    pages += ["/statistics", "/statistics/offices", "/statistics/quality", "/statistics/table"]
    pages += ["/statistics/cases?indicator=applied"]
    found |= {path: look(window, address + path) for path in pages}
    window.goto(f"{address}/cases/new/mediation")
    window.get_by_role("button", name="提交").last.click()
    window.wait_for_load_state()
    found["with errors"] = judge(window)
    assert {path: problems for path, problems in found.items() if problems} == {}


def test_pages_of_the_administrator(house, address, window):
    with house.database.sessions.begin() as session:
        engine.deploy_files(session, DUTY, actor=engine.SYSTEM, now=house.clock())
    house.clock.forward(days=60)
    tick(house.database, house.clock(), anchors=False)
    look(window, address + "/sign-in")
    window.get_by_label("用户名").fill("boss")
    window.get_by_label("密码", exact=True).fill(house.password)
    window.get_by_role("button", name="登录").click()
    pages = ["/people", "/people/new", f"/people/{house.ids['desk']}", "/people/import", "/people/changes"]
    pages += ["/models", "/models/new", "/models/versions/1", "/models/compare?a=&b=v1"]
    pages += ["/calendar-starts"]
    found = {path: look(window, address + path) for path in pages}
    assert {path: problems for path, problems in found.items() if problems} == {}


def test_pages_of_the_supervisor(house, address, window):
    house.register("desk")
    house.clock.forward(days=20)
    look(window, address + "/sign-in")
    window.get_by_label("用户名").fill("head")
    window.get_by_label("密码", exact=True).fill(house.password)
    window.get_by_role("button", name="登录").click()
    lists = ("overdue", "due", "dangerous", "forecast", "load", "filings", "incidents", f"load/{house.ids['desk']}")
    pages = ["/desk", *(f"/desk/{name}" for name in lists), "/processes/mediation/heat"]
    pages.append("/processes/mediation/heat/stays?element=review_application")
    found = {path: look(window, address + path) for path in pages}
    assert {path: problems for path, problems in found.items() if problems} == {}
