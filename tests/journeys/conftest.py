"""A house behind a real server, and a real browser in front of it."""

import threading

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
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
