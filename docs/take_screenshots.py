"""The README's pictures, taken from a running demo: `make run`, then `.venv/bin/python docs/take_screenshots.py`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PASSWORD = "tiaojie2026"  # noqa: S105 of the demo
SIZES = {1280: 860, 390: 844}


def main(site: str) -> None:
    """Every page of the list, at both widths."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for width, height in SIZES.items():
            page = browser.new_context(locale="zh-CN", viewport={"width": width, "height": height}).new_page()
            take(page, site, width)
        browser.close()


def take(page: Page, site: str, width: int) -> None:
    """Sign in as a mediator and look at what a mediator looks at."""

    def picture(name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}-{width}.png")

    def link(selector: str) -> str:
        return site + str(page.locator(selector).first.get_attribute("href"))

    page.goto(site)
    page.fill("input[name=username]", "yuxi.mediator")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/tasks*")
    picture("inbox")
    page.goto(link("a[href^='/tasks/']:has-text('召开调解会')"))
    task = page.url
    picture("task")
    page.get_by_role("button", name="提交", exact=True).click()
    picture("errors")
    page.goto(task)
    page.goto(link("a[href^='/cases/']"))
    case = page.url
    picture("case")
    page.goto(link("a[href^='/deadlines/']"))
    picture("why")
    page.goto(case.partition("?")[0] + "/diagram")
    page.wait_for_selector(".bjs-container")
    page.wait_for_timeout(800)
    picture("diagram")
    page.goto(case)
    page.goto(link("a[href^='/papers/']"))
    picture("paper")
    page.goto(f"{site}/cases/new/mediation?office=yuxi_town")
    picture("register")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
