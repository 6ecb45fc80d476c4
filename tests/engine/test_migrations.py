"""A database made by the migrations is the one the models describe."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

import engine


@pytest.fixture
def upgraded(tmp_path):
    database = engine.connect(f"sqlite:///{tmp_path / 'new.db'}")
    engine.upgrade(database)
    yield database
    database.bind.dispose()


def is_ours(name, kind, _parents):
    return kind != "table" or not str(name).startswith("case_search")


def test_upgrading_from_empty_gives_the_models(upgraded):
    options = {"include_name": is_ours, "compare_type": True, "compare_server_default": True}
    with upgraded.bind.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, engine.METADATA) == []


def test_upgrading_gives_the_same_tables_and_indexes_as_making_them(upgraded, tmp_path):
    made = engine.connect(f"sqlite:///{tmp_path / 'made.db'}")
    engine.create_tables(made)
    assert _schema(upgraded) == _schema(made)
    made.bind.dispose()


def _schema(database):
    found = inspect(database.bind)
    return {
        name: (
            {(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)},
            {(i["name"], tuple(i["column_names"]), *_where(i)) for i in found.get_indexes(name)},
            {(u["name"], tuple(u["column_names"])) for u in found.get_unique_constraints(name)},
            {(f["name"], tuple(f["constrained_columns"]), f["referred_table"]) for f in found.get_foreign_keys(name)},
        )
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def _where(index):
    return {str(text) for text in index.get("dialect_options", {}).values()}


def test_upgrading_again_changes_nothing(upgraded):
    before = _schema(upgraded)
    engine.upgrade(upgraded)
    assert _schema(upgraded) == before


def test_the_full_text_table_works(upgraded):
    with upgraded.bind.begin() as connection:
        connection.exec_driver_sql("INSERT INTO case_search(rowid, body) VALUES (1, '调 解')")
        found = connection.exec_driver_sql("SELECT rowid FROM case_search WHERE case_search MATCH '\"调 解\"'").all()
    assert found == [(1,)]


def test_upgrading_gives_the_same_triggers_as_making_them(upgraded, tmp_path):
    made = engine.connect(f"sqlite:///{tmp_path / 'made.db'}")
    engine.create_tables(made)
    found = [set(_triggers(database)) for database in (upgraded, made)]
    assert found[0] == found[1] != set()
    made.bind.dispose()


def _triggers(database):
    with database.bind.connect() as connection:
        for name, text in connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"):
            yield name, " ".join(text.split())
