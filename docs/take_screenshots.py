"""The README's pictures, taken from a running demo: `make run`, then `.venv/bin/python docs/take_screenshots.py`.

Those of the analyst's workbench are taken by the journey of the tests, on the same pages and at the same size:
`.venv/bin/python docs/take_screenshots.py workbench` needs no demo.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PASSWORD = "tiaojie2026"  # noqa: S105 of the demo
SIZES = {1280: 860, 390: 844}
BY_ADDRESS = {  # who looks at what
    "coordinator": {
        "desk": "/desk",
        "heat": "/processes/mediation/heat",
        "history": "/registers/matters/history",
        "reports": "/reports",
        "statistics": "/statistics",
    },
    "analyst": {"models": "/models"},
}
WORKBENCH = ("diagram", "play", "coverage", "compare", "migrate")


def workbench() -> None:
    """What an analyst sees, from the diagram to the running cases."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "tests/journeys/test_analyst.py"]
        subprocess.run(command, check=True, env={**os.environ, "TIAOJIE_PICTURES": folder}, cwd=FOLDER.parents[1])  # noqa: S603 fixed arguments
        for name in WORKBENCH:
            shutil.copy(Path(folder) / f"{name}.png", FOLDER / f"workbench-{name}-1280.png")


def main(site: str) -> None:
    """Every page of the list, at both widths."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for width, height in SIZES.items():
            view = {"width": width, "height": height}
            take(browser.new_context(locale="zh-CN", viewport=view).new_page(), site, width)
            for username, pages in BY_ADDRESS.items():
                page = browser.new_context(locale="zh-CN", viewport=view).new_page()
                sign_in(page, site, username)
                for name, address in pages.items():
                    page.goto(site + address)
                    page.wait_for_load_state("networkidle")
                    page.wait_for_timeout(600)
                    page.screenshot(path=FOLDER / f"{name}-{width}.png")
        browser.close()


def sign_in(page: Page, site: str, username: str) -> None:
    """As one of the demo's accounts."""
    page.goto(site)
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/tasks*")


def take(page: Page, site: str, width: int) -> None:
    """Sign in as a mediator and look at what a mediator looks at."""

    def picture(name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}-{width}.png")

    def link(selector: str) -> str:
        return site + str(page.locator(selector).first.get_attribute("href"))

    sign_in(page, site, "yuxi.mediator")
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
    if sys.argv[1:] == ["workbench"]:
        workbench()
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
