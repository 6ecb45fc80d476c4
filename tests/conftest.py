"""What every test may use: the real processes, deployed once, and copies of that house with a clock of their own."""

import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest

import engine
from scheduler.sandbox import House

PROCESSES = Path(__file__).parents[1] / "processes"


@pytest.fixture(scope="session")
def processes():
    return PROCESSES


@pytest.fixture(scope="session")
def built_house():
    return House(PROCESSES)


@pytest.fixture
def sandbox(built_house):
    """A house of the test's own: `.database`, `.now`, `.cast` for people, `.advance(until)`."""
    stage = built_house.sandbox(datetime(2026, 3, 2, 9, 0, tzinfo=engine.OFFICE))
    yield stage
    stage.close()


CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all; without it these tests are skipped, but never where they must run."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        words = "NO BROWSER: what needs one was not tested. Install chromium to run it."
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(words)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        yield chromium
        chromium.close()
