"""A draft tried out in the browser: past the Spring Festival, with the reason of the day on the page."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

import engine
from scheduler.play_keeping import Plays
from tests.house import PROCESSES
from tests.journeys.conftest import signed_in

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("TIAOJIE_PICTURES")  # a folder, for somebody who wants to look


@pytest.fixture
def draft(house):
    files = engine.read_files(PROCESSES / "mediation") | engine.read_scenarios(PROCESSES / "mediation")
    with house.database.sessions.begin() as session:
        engine.create_person(
            session, username="ann", name="安同志", roles=[("analyst", "justice_bureau")], password=house.password,
            must_change_password=False, hasher=engine.CHEAP_HASHER, actor=engine.SYSTEM, now=house.clock(),
        )  # fmt: skip
        draft = engine.create_draft(session, files=files, actor=engine.SYSTEM, now=house.clock())
    house.app.config["PLAYS"] = Plays()
    return draft


@pytest.fixture
def window(browser, house, address, draft):
    with signed_in(browser, address, "ann", house.password) as page:
        yield page


def wide_enough(window, name):
    """Nothing sticks out, on a screen and on a phone."""
    for width in (390, 1280):
        window.set_viewport_size({"width": width, "height": 800})
        if PICTURES:
            window.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        assert window.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)


def test_a_draft_is_tried_out_past_a_holiday(house, address, draft, window):
    window.goto(f"{address}/models/{draft}")
    window.get_by_role("link", name="试办", exact=True).click()
    window.get_by_label("单位").select_option("yuxi_town")
    window.get_by_label("案件如何发起").select_option("by:registrar")
    window.get_by_label("日期和时间").fill("2026-02-10T09:00")
    wide_enough(window, "begin")
    window.get_by_role("button", name="开始试办").click()
    window.get_by_label("按场景填写").select_option("agreed_written")
    window.get_by_role("button", name="填入").click()
    window.locator("[name=received_on]").fill("2026-02-10")
    window.get_by_role("button", name="提交").last.click()
    expect(window.locator("#canvas[data-ready=yes]")).to_be_visible()
    limit = window.locator(".play-moved").filter(has_text="受理审查期限")
    expect(limit).to_contain_text("2026-02-24")
    expect(limit).to_contain_text("春节")
    window.get_by_role("button", name="到下一个到期时刻").click()
    expect(window.locator(".play-now")).to_contain_text("2026-02-13")
    window.get_by_role("link", name="审查申请").click()
    wide_enough(window, "form")
    window.get_by_label("按场景填写").select_option("agreed_written")
    window.get_by_role("button", name="填入").click()
    window.get_by_role("button", name="提交").last.click()
    expect(window.locator("#canvas .token")).to_be_visible()
    wide_enough(window, "play")
    window.get_by_role("link", name="记录为场景").click()
    wide_enough(window, "record")
    window.get_by_label("标题", exact=True).fill("跨春节")
    window.get_by_label("文件名", exact=True).fill("over_spring_festival")
    window.get_by_role("button", name="写入场景").click()
    expect(window.locator("main")).to_contain_text("场景“跨春节”已写入草稿")
    assert window.refused == []
