"""The house in which the tests of pages work."""

import pytest

from tests.house import open_house, prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Made once, copied for every test."""
    folder = tmp_path_factory.mktemp("house")
    return folder, prepare(folder)


@pytest.fixture
def house(prepared, tmp_path):
    opened = open_house(prepared, tmp_path)
    yield opened
    opened.database.bind.dispose()
