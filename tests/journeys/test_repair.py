"""A supervisor asks for a repair, may not approve it, another person does, and everybody sees what was done."""

import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

import engine
from tests.journeys.test_accessibility import AXE, RUN

pytestmark = pytest.mark.browser


@contextmanager
def window(house, browser, address, username, width=1280):
    context = browser.new_context(locale="zh-CN", viewport={"width": width, "height": 900})
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address + "/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码", exact=True).fill(house.password)
    page.get_by_role("button", name="登录").click()
    yield page
    context.close()
    assert wrong == []


def sound(page):
    """No violation of the accessibility rules, nothing scrolls sideways."""
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE)
    found = page.evaluate(RUN)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("scrolls sideways")
    assert found == [], page.url


def test_ask_not_approve_oneself_and_have_it_approved(house, browser, address):
    case_id = house.register("desk")
    with window(house, browser, address, "head") as page:
        page.goto(f"{address}/cases/{case_id}")
        page.get_by_role("link", name="申请更正").click()
        sound(page)
        page.get_by_role("link", name="移动流程位置").click()
        page.get_by_label("现在所处的步骤").select_option(label="审查申请")
        page.get_by_role("button", name="选定").click()
        page.get_by_label("移到").select_option("decide_acceptance")
        page.get_by_role("button", name="预览变化").click()
        expect(page.get_by_role("heading", name="更正后的变化")).to_be_visible()
        expect(page.locator("#canvas[data-ready=yes]")).to_be_attached()
        sound(page)
        page.get_by_role("button", name="提交申请").click()
        expect(page.get_by_role("alert")).to_contain_text("请")
        page.get_by_label("理由").or_(page.get_by_label("原因")).fill("登记时误选，审查已在线下完成")
        page.get_by_role("button", name="提交申请").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("移动流程位置")
        expect(page.get_by_role("button", name="批准并执行")).to_have_count(0)
        expect(page.get_by_role("button", name="撤回申请")).to_be_visible()
        sound(page)
        number = int(re.search(r"/change-requests/(\d+)", page.url)[1])
        head_token = page.locator("[name=csrf_token]").first.input_value()
        answer = page.request.post(
            f"{address}/change-requests/{number}/approve", form={"csrf_token": head_token, "seen": "x"}
        )
        assert answer.status == 403 and "不能由本人决定" in answer.text()
    assert open_step(house, case_id) == "review_application"
    for width in (390, 1280):
        with window(house, browser, address, "leader", width) as page:
            page.get_by_role("link", name=re.compile("更正审批（1）")).click()
            sound(page)
            page.get_by_role("link", name=re.compile("移动流程位置")).click()
            expect(page.locator("#canvas[data-ready=yes]")).to_be_attached()
            sound(page)
            if width == 1280:
                page.get_by_label(re.compile("意见")).fill("情况属实")
                page.get_by_role("button", name="批准并执行").click()
                expect(page.get_by_role("status").first).to_contain_text("已批准并执行")
                page.goto(f"{address}/cases/{case_id}")
                expect(page.get_by_text("更正：流程由“")).to_be_visible()
                expect(page.get_by_text(re.compile("批准意见：情况属实"))).to_be_visible()
                sound(page)
    assert open_step(house, case_id) == "decide_acceptance"
    with house.database.reads() as session:
        assert engine.inconsistencies(session, case_id, now=house.clock()) == [] and engine.verify(session) == []


def open_step(house, case_id):
    with house.database.reads() as session:
        [task] = engine.case_page(session, case_id, house.actor("head"), now=house.clock()).tasks
    return task.element


def test_pages_of_repair_and_of_bulk_actions_on_desk_and_phone(house, browser, address):
    case_id = house.register("desk")
    task = house.task(case_id)
    repair = f"/cases/{case_id}/repair"
    pages = [f"{repair}/{kind}" for kind in ("move", "skip", "fact?fact=claimed_amount", "deadline")]
    pages += [f"/bulk/{action}?task={task}" for action in ("reassign", "urge", "extend")]
    pages += ["/change-requests?state=all", f"/bulk/result?action=reassign&ok={task}"]
    for width, shown in ((390, pages), (1280, pages[4:5])):
        with window(house, browser, address, "head", width) as page:
            for path in shown:
                page.goto(address + path)
                sound(page)
