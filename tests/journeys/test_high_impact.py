"""Many people: the level is there at registration, the dispute is reported by the hour, and lateness climbs."""

import re
from contextlib import contextmanager
from datetime import datetime

import pytest
from playwright.sync_api import expect

import engine
from scheduler.tick import tick
from tests.journeys.test_first_case import APPLICATION, hand_in, signed_in

pytestmark = pytest.mark.browser
CROWD = {**APPLICATION, "people_count": "30"}


@contextmanager
def at_their_desk(house, browser, address, username, view="claimable"):
    with signed_in(house, browser, address, username) as page:
        page.goto(f"{address}/tasks?view={view}")
        yield page


def until(house, moment):
    house.clock.now = datetime.fromisoformat(moment).replace(tzinfo=engine.OFFICE)
    tick(house.database, house.clock(), anchors=False)


def told(house, username):
    """The urgent notices of this person."""
    with house.database.reads() as session:
        page = engine.notices(session, house.actor(username))
    return [row.text for row in page.rows if row.urgent]


def test_thirty_people_and_media(house, browser, address):
    with signed_in(house, browser, address, "desk") as page:
        page.goto(f"{address}/cases/new/mediation")
        media = page.get_by_label("媒体或者网络关注")
        expect(media).to_be_hidden()  # an ordinary registration stays short
        page.get_by_text("可能有较大影响").click()
        media.check()
        hand_in(page, CROWD)
        expect(page.locator("main .level").first).to_have_text(re.compile("重大（橙）"))  # on the page that answers
        page.goto(f"{address}/cases?level=orange")
        expect(page.locator("tr[data-row]")).to_have_count(1)
        expect(page.locator("tr[data-row] .level")).to_have_text(re.compile("重大（橙）"))
        page.goto(f"{address}/cases?level=red")
        expect(page.locator("tr[data-row]")).to_have_count(0)
    until(house, "2026-03-02T09:04")
    with at_their_desk(house, browser, address, "head") as page:
        row = page.locator("tr[data-row]", has_text="核实情况")
        expect(row).to_contain_text("今日 11:00")  # counted from the registration at nine
        row.get_by_role("link", name="核实情况").click()
        expect(page.locator("main .level").first).to_have_text(re.compile("重大（橙）"))
        page.locator("main a[href*='/deadlines/']").first.click()
        expect(page.get_by_text("夜间和节假日照算")).to_be_visible()
        expect(page.get_by_text("2026-03-02 09:00").first).to_be_visible()
    until(house, "2026-03-02T11:00")
    with at_their_desk(house, browser, address, "justice") as page:
        page.get_by_role("link", name="督办", exact=True).click()
        expect(page.get_by_text("电话首报逾期", exact=True)).to_be_visible()
        page.goto(f"{address}/desk")
        expect(page.get_by_text("重大（橙）").first).to_be_visible()
    assert any("重大纠纷报告逾期：电话首报" in words for words in told(house, "justice"))
    assert told(house, "government") == []
    with at_their_desk(house, browser, address, "government") as page:
        expect(page.locator("tr[data-row]")).to_have_count(0)
    until(house, "2026-03-02T13:00")
    with at_their_desk(house, browser, address, "government") as page:
        expect(page.locator("tr[data-row]", has_text="区政府办处理")).to_have_count(1)
    assert any("督办后仍未报告" in words for words in told(house, "government"))
