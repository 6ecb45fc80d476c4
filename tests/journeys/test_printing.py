"""What comes out of the printer: no sheet with a heading alone, no column of single characters, wide tables across."""

import re

import pytest

from scheduler.tick import tick

LANDSCAPE = 1002  # CSS pixels of A4 between its margins
pytestmark = pytest.mark.browser
BOX = re.compile(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]")


@pytest.fixture
def window(browser):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def sign_in(house, address, window):
    window.goto(address + "/sign-in")
    window.get_by_label("用户名").fill("head")
    window.get_by_label("密码", exact=True).fill(house.password)
    window.get_by_role("button", name="登录").click()


def printed(window, address):
    """(width, height) of each sheet, in points."""
    window.goto(address)
    window.wait_for_load_state("networkidle")
    return [(float(wide), float(high)) for wide, high in BOX.findall(window.pdf(prefer_css_page_size=True))]


def narrow_cells(window):
    """Cells in which a word stands a character to the line, as they are printed on A4."""
    window.emulate_media(media="print")
    window.set_viewport_size({"width": 672, "height": 900})
    return window.evaluate(
        """() => [...document.querySelectorAll('.table td, .table th')].filter(cell => cell.checkVisibility()
           && cell.innerText.trim().length > 2 && cell.clientWidth - parseFloat(getComputedStyle(cell).paddingLeft)
           - parseFloat(getComputedStyle(cell).paddingRight) < 2 * parseFloat(getComputedStyle(cell).fontSize))
           .map(cell => cell.innerText)"""
    )


def test_a_long_list_begins_under_its_heading_and_its_columns_can_be_read(house, address, window):
    for _ in range(5):
        house.register("desk")
    house.clock.forward(days=12)
    tick(house.database, house.clock(), anchors=False)
    sign_in(house, address, window)
    sheets = printed(window, address + "/desk/overdue")
    assert len(sheets) == 1, "with nothing but its heading on the first sheet there would be two"
    assert {wide < high for wide, high in sheets} == {True}
    assert narrow_cells(window) == []


def test_wide_tables_and_diagrams_are_printed_across(house, address, window):
    case_id = house.register("desk")
    sign_in(house, address, window)
    for path in ("/statistics/offices", f"/cases/{case_id}/diagram", "/registers/matters/board?office=yuxi_town"):
        sheets = printed(window, address + path)
        assert sheets and all(wide > high for wide, high in sheets), path


def test_a_diagram_is_printed_whole_and_looked_at_as_before(house, address, window):
    case_id = house.register("desk")
    sign_in(house, address, window)
    window.goto(f"{address}/cases/{case_id}/diagram")
    window.locator("#canvas[data-ready]").wait_for()
    frame = "document.querySelector('#canvas .viewport').getAttribute('transform')"
    before = window.evaluate(frame)
    window.evaluate("dispatchEvent(new Event('beforeprint'))")
    width = "document.querySelector('%s').getBoundingClientRect().width"
    assert window.evaluate(width % "#canvas .viewport") <= window.evaluate(width % "#canvas") <= LANDSCAPE
    window.evaluate("dispatchEvent(new Event('afterprint'))")
    assert window.evaluate(frame) == before
