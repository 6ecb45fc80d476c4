"""A house behind a real server, and a real browser in front of it."""

import os
import shutil
import threading
from contextlib import closing

import pytest
from werkzeug.serving import make_server

from tests.house import open_house, prepare

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    return folder, prepare(folder)


@pytest.fixture
def house(prepared, tmp_path):
    opened = open_house(prepared, tmp_path)
    yield opened
    opened.database.bind.dispose()


@pytest.fixture
def address(house):
    """The house on a free port of this machine."""
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    """Chromium; without it the journeys are skipped, but never where they must run."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        words = "NO BROWSER: the journeys were not tested. Install chromium to run them."
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(words)
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=program, args=ARGUMENTS)) as chromium,
    ):
        yield chromium
