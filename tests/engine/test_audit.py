"""The audit trail: whoever changes, inserts or removes anything afterwards is found, whichever row it is."""

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from tests.engine.house import CHIEF, CLERK, House, connect, folder
from tests.engine.runtime.bpmn import end, path, start, user

COLUMNS = ("kind", "actor", "actor_name", "at", "detail", "submission", "mac", "seq", "case_id")
LEDGER_COLUMNS = ("kind", "actor", "actor_name", "at", "detail", "mac", "seq")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three cases, a ledger and two anchors."""
    place = tmp_path_factory.mktemp("audit") / "house.db"
    house = House.build(place)
    house.install(
        folder(
            start(),
            user("a", camunda_candidateGroups="clerk"),
            user("b", camunda_candidateGroups="clerk"),
            end(),
            path("start", "a", "b", "end"),
        )
    )
    cases = [house.start(key=f"start{k}") for k in range(3)]
    house.do(cases[0], "a", key="k0")
    anchor(house)
    house.now += timedelta(days=1)
    house.do(cases[1], "a", key="k1")
    house.do(cases[0], "b", key="k2")
    anchor(house)
    house.do(cases[1], "b", key="k3")
    with house.writing() as session:
        engine.set_fact(session, cases[2], "x", 1, reason="r", actor=CHIEF, now=house.now)
        engine.append_ledger(session, "person_created", {"person": 9}, CHIEF, house.now)
    assert house.verify() == []
    house.database.bind.dispose()  # the last connection writes the log back
    return place


def anchor(house: House) -> None:
    with house.writing() as session:
        engine.anchor(session, day=house.now.date(), now=house.now)


@pytest.fixture
def tampered(original: Path, tmp_path: Path) -> Callable[..., list[engine.AuditProblem]]:
    """What `verify` says after somebody has run these statements in a copy of the database."""
    return lambda *statements: verdict(original, tmp_path / "copy.db", *statements)


def verdict(
    original: Path, copy: Path, *statements: str | tuple[str, tuple[object, ...]], strict: bool = True
) -> list[engine.AuditProblem]:
    copy.write_bytes(original.read_bytes())
    connection = sqlite3.connect(copy)
    for statement in statements:
        text, values = (statement, ()) if isinstance(statement, str) else statement
        touched = connection.execute(text, values).rowcount
        assert touched or not strict, f"{text} touched nothing"
    connection.commit()
    connection.close()
    database = connect(copy)
    with database.reads() as session:
        found = engine.verify(session)
    database.bind.dispose()
    copy.unlink()
    return found


def rows(original: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(original)
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def other(column: str, value: object) -> object:
    """A plausible different value."""
    if column == "at":
        return str(value).replace("01:", "02:")
    if column in {"seq", "actor"}:
        return (int(str(value)) if value is not None else 0) + 100
    if column == "case_id":
        return uuid4().hex
    return f"{value}x"


def test_a_database_nobody_has_touched(original: Path, tampered: Callable[..., list[engine.AuditProblem]]):
    assert tampered() == []


@pytest.mark.parametrize("column", COLUMNS)
def test_any_column_of_any_event(original: Path, tampered: Callable[..., list[engine.AuditProblem]], column: str):
    for rowid, value in rows(original, f"SELECT rowid, {column} FROM event"):  # noqa: S608 a name of ours
        statement = f"UPDATE event SET {column} = ? WHERE rowid = ?"  # noqa: S608 a name of ours
        assert tampered((statement, (other(column, value), rowid))), (column, rowid)


def test_a_detail_that_says_the_same_in_other_words(original: Path, tampered: Callable[..., list[engine.AuditProblem]]):
    rowid, detail = rows(original, "SELECT rowid, detail FROM event WHERE length(detail) > 2")[0]
    assert tampered(
        ("UPDATE event SET detail = ? WHERE rowid = ?", (json.dumps(json.loads(str(detail)), indent=1), rowid))
    )


def test_any_event_removed(original: Path, tampered: Callable[..., list[engine.AuditProblem]]):
    for (rowid,) in rows(original, "SELECT rowid FROM event"):
        assert tampered(f"DELETE FROM event WHERE rowid = {rowid}"), rowid  # noqa: S608 a number


@pytest.mark.parametrize("count", [1, 2])
def test_the_last_events_cut_off_and_the_case_set_back(
    original: Path, tampered: Callable[..., list[engine.AuditProblem]], count: int
):
    """Even when the case row is made to agree as far as anybody without the key can make it."""
    for case_id, events in rows(original, "SELECT id, event_count FROM 'case'"):
        left = int(str(events)) - count
        if left < 1:
            continue
        heads = rows(original, f"SELECT mac FROM event WHERE case_id = '{case_id}' AND seq = {left}")  # noqa: S608 ours
        cut = f"DELETE FROM event WHERE case_id = '{case_id}' AND seq > {left}"  # noqa: S608 ours
        for head in (heads[0][0], f"{heads[0][0]}:", f"{heads[0][0]}:{'0' * 32}"):
            assert tampered(
                cut, ("UPDATE 'case' SET event_count = ?, event_head = ? WHERE id = ?", (left, head, case_id))
            )
        assert tampered(cut)


def test_an_event_put_in(original: Path, tampered: Callable[..., list[engine.AuditProblem]]):
    for case_id, events in rows(original, "SELECT id, event_count FROM 'case'"):
        copied = (
            "INSERT INTO event (case_id, seq, kind, actor, actor_name, at, detail, mac) "
            "SELECT case_id, ?, kind, actor, actor_name, at, detail, mac FROM event WHERE case_id = ? AND seq = 1"
        )
        last = int(str(events)) + 1
        assert tampered((copied, (last, case_id)))
        counted = ("UPDATE 'case' SET event_count = event_count + 1 WHERE id = ?", (case_id,))
        assert tampered((copied, (last, case_id)), counted)


def test_two_events_exchanged(original: Path, tampered: Callable[..., list[engine.AuditProblem]]):
    (case_id,) = rows(original, "SELECT case_id FROM event GROUP BY case_id HAVING count(*) > 2")[0]
    moves = [
        (f"UPDATE event SET seq = {new} WHERE case_id = ? AND seq = {old}", (case_id,))  # noqa: S608 numbers
        for old, new in ((1, 99), (2, 1), (99, 2))
    ]
    assert tampered(*moves)


def whole_case(case_id: object) -> list[str]:
    tables = ("event", "task", "deadline", "timer", "subscription", "effect", "paper")
    gone = [f"DELETE FROM {table} WHERE case_id = '{case_id}'" for table in tables]  # noqa: S608 ours
    return [*gone, f"DELETE FROM 'case' WHERE id = '{case_id}'"]  # noqa: S608 ours


def test_a_whole_case_removed(original: Path, tmp_path: Path):
    for (case_id,) in rows(original, "SELECT id FROM 'case'"):
        statements = [s for s in whole_case(case_id) if rows(original, s.replace("DELETE", "SELECT 1"))]
        assert verdict(original, tmp_path / "c.db", *statements)


def test_a_case_nobody_opened(original: Path, tampered: Callable[..., list[engine.AuditProblem]]):
    names = [str(name) for _, name, *_ in rows(original, "PRAGMA table_info('case')")]
    values = ", ".join({"id": f"'{uuid4().hex}'", "number": "'X'", "serial": "1"}.get(n, n) for n in names)
    into = f"INSERT INTO 'case' ({', '.join(names)}) SELECT {values} FROM 'case' LIMIT 1"  # noqa: S608 ours
    assert tampered(into)


@pytest.mark.parametrize("column", LEDGER_COLUMNS)
def test_any_column_of_the_ledger(original: Path, tampered: Callable[..., list[engine.AuditProblem]], column: str):
    for seq, value in rows(original, f"SELECT seq, {column} FROM ledger"):  # noqa: S608 a name of ours
        assert tampered((f"UPDATE ledger SET {column} = ? WHERE seq = ?", (other(column, value), seq)))  # noqa: S608 ours


def test_any_entry_of_the_ledger_removed(original: Path, tampered: Callable[..., list[engine.AuditProblem]]):
    for (seq,) in rows(original, "SELECT seq FROM ledger"):
        assert tampered(f"DELETE FROM ledger WHERE seq = {seq}")  # noqa: S608 a number
    last = rows(original, "SELECT max(seq) FROM ledger")[0][0]
    shorter = f"UPDATE counter SET value = {int(str(last)) - 1} WHERE name = 'ledger'"  # noqa: S608 a number
    assert tampered(f"DELETE FROM ledger WHERE seq = {last}", shorter), "the tail and its counter"  # noqa: S608 a number


@pytest.mark.parametrize(
    "change", ["mac = mac || 'x'", "at = '2026-01-01 00:00:00'", "heads = (SELECT heads FROM anchor LIMIT 1)"]
)
def test_an_anchor_changed(original: Path, tampered: Callable[..., list[engine.AuditProblem]], change: str):
    assert tampered(f"UPDATE anchor SET {change} WHERE day = (SELECT max(day) FROM anchor)")  # noqa: S608 ours


def test_an_anchor_removed(original: Path, tampered: Callable[..., list[engine.AuditProblem]]):
    for (day,) in rows(original, "SELECT day FROM anchor"):
        assert tampered(f"DELETE FROM anchor WHERE day = '{day}'")  # noqa: S608 a date
    assert tampered("DELETE FROM anchor")


@pytest.mark.parametrize(
    "change",
    [
        "event SET at = 'soon'",
        "event SET case_id = 'x' WHERE rowid = 1",
        "event SET detail = x'00ff'",
        "ledger SET detail = 'no json'",
        "ledger SET at = NULL",
        "anchor SET heads = x'00'",
        "anchor SET heads = ''",
    ],
)
def test_what_cannot_even_be_read(tampered: Callable[..., list[engine.AuditProblem]], change: str):
    try:
        assert tampered(f"UPDATE {change}")
    except sqlite3.IntegrityError:
        assert "NULL" in change


def test_another_key_finds_everything_wrong(original: Path):
    database = engine.connect(f"sqlite:///{original}", key=b"z" * 32)
    with database.reads() as session:
        assert engine.verify(session)
    database.bind.dispose()


@pytest.fixture(scope="module")
def changes(original: Path) -> list[tuple[str, tuple[object, ...]]]:
    """Every single change of a column, every single removal."""
    found: list[tuple[str, tuple[object, ...]]] = []
    for table, columns in (("event", COLUMNS), ("ledger", LEDGER_COLUMNS)):
        for rowid, *values in rows(original, f"SELECT rowid, {', '.join(columns)} FROM {table}"):  # noqa: S608 ours
            found.append((f"DELETE FROM {table} WHERE rowid = ?", (rowid,)))  # noqa: S608 ours
            for column, value in zip(columns, values, strict=True):
                statement = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608 ours
                found.append((statement, (other(column, value), rowid)))
    return found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9), count=st.integers(1, 4))
def test_any_handful_of_changes(original: Path, changes: list[tuple[str, tuple[object, ...]]], seed: int, count: int):
    chosen = Random(seed).sample(changes, count)  # noqa: S311 a test
    assert verdict(original, original.parent / "handful.db", *chosen, strict=False), chosen


def test_what_follows_a_tampering_does_not_hide_it(original: Path, tmp_path: Path):
    """The house goes on working on the tampered case; the change is still found."""
    copy = tmp_path / "c.db"
    copy.write_bytes(original.read_bytes())
    connection = sqlite3.connect(copy)
    (case_id,) = connection.execute("SELECT case_id FROM task WHERE element = 'a'").fetchone()
    connection.execute("UPDATE event SET detail = '{}' WHERE case_id = ? AND seq = 1", (case_id,))
    connection.commit()
    connection.close()
    house = House(connect(copy))
    from uuid import UUID

    house.do(UUID(case_id), "a", actor=CLERK)
    assert house.verify()
    house.database.bind.dispose()
