"""A house behind a real server, and a real browser in front of it."""

import threading
from contextlib import contextmanager

import pytest
from werkzeug.serving import make_server

from tests.house import open_house, prepare


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
    with serving(house) as address:
        yield address


@contextmanager
def serving(house):
    """The house behind a real server, and its address."""
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def signed_in(browser, address, username, password):
    """A window of 1280x800 of somebody who has signed in; `refused` tells what the page was not allowed, or broke."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.refused = []
    page.on("console", lambda said: page.refused.append(said.text) if "Content Security" in said.text else None)
    page.on("pageerror", lambda error: page.refused.append(str(error)))
    page.goto(address + "/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录").click()
    page.wait_for_load_state()
    try:
        yield page
    finally:
        context.close()
