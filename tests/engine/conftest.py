import pytest

from tests.engine.house import House


@pytest.fixture
def house(tmp_path):
    """An empty house on a database of its own."""
    house = House.build(tmp_path / "house.db")
    yield house
    house.database.bind.dispose()
