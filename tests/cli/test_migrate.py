"""`tiaojie migrate`: look first, carry over, be refused with the reason, take back."""

import json

import pytest

import engine
from tests.engine.house import House
from tests.engine.test_migrating import install, plain
from webforms.cli import main
from webforms.cli.house import open_database, read_settings


@pytest.fixture
def house(tmp_path, monkeypatch):
    for name in ("DATABASE", "SECRET_KEY", "DEMO", "CLOCK_OFFSET"):
        monkeypatch.delenv(f"TIAOJIE_{name}", raising=False)
    monkeypatch.setenv("TIAOJIE_DATA", str(tmp_path / "data"))
    house = House.furnish(open_database(read_settings(), create=True))
    house.install(plain("a", "b", "c"))
    yield house
    house.database.bind.dispose()


@pytest.fixture
def run(capsys):
    def run(*arguments):
        capsys.readouterr()
        code = main(["migrate", *arguments])
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in arguments and out else out + err

    return run


def test_three_cases_in_different_states(house, run):
    at_a, at_b, at_c = (house.start() for _ in range(3))
    for case_id in (at_b, at_c):
        house.do(case_id, "a")
    house.do(at_c, "b")
    new = install(house, plain("a", "b2", "d", on="b2", days="20wd"))
    due = house.deadlines(at_b)["limit"].due_at
    code, told = run("p", "--dry-run", "--json", "--map", "b=b2")
    outcomes = {case["case_id"]: case["outcome"] for case in told["cases"]}
    assert (code, outcomes) == (1, {str(at_a): "unchanged", str(at_b): "changed", str(at_c): "refused"})
    (limit,) = next(case["deadlines"] for case in told["cases"] if case["case_id"] == str(at_b))
    assert limit["due_at"] == limit["due_at_after"]
    assert (limit["period"], limit["next_period"]) == ("10wd", "20wd")
    assert list(house.tasks(at_b)) == ["b"]  # nothing has happened yet
    code, text = run("p", "--map", "b=b2", "--reason", "新法施行")
    assert code == 1
    assert "2 of 3 running cases went, 1 cannot, 0 failed" in text
    assert (list(house.tasks(at_b)), list(house.tasks(at_c))) == (["b2"], ["c"])
    assert house.deadlines(at_b)["limit"].due_at == due
    assert house.details(at_a, "case_migrated")[0]["to"] == new
    code, told = run("p", "--dry-run", "--json", "--map", "b=b2")
    assert [case["case_id"] for case in told["cases"]] == [str(at_c)]  # it can be stopped and started again
    code, told = run("p", "--map", "c=d", "--map", "b=b2", "--reason", "x", "--json")
    assert (code, told["failed"]) == (0, {})
    for case_id in (at_a, at_b, at_c):
        with house.database.reads() as session:
            assert engine.inconsistencies(session, case_id, now=house.now) == []
    number = house.case(at_b).number
    assert run("p", "--undo", number, "--reason", "弄错了")[0] == 0
    assert list(house.tasks(at_b)) == ["b"]
    house.do(at_c, "d")
    code, text = run("p", "--undo", house.case(at_c).number, "--reason", "弄错了")
    assert (code, "has moved since" in text) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["p"], "--reason"),
        (["q", "--dry-run"], "there is no single version"),
        (["p", "--dry-run", "--to", "ffff"], "there is no single version"),
        (["p", "--dry-run", "--map", "b"], "is not OLD=NEW"),
        (["p", "--dry-run", "--map", "nowhere=b"], "has no element nowhere"),
        (["p", "--undo", "N-1", "--reason", "x"], "not carried over: N-1"),
    ],
)
def test_what_cannot_be_done_is_said(house, run, arguments, words):
    house.start()
    install(house, plain("a", "b"))
    code, text = run(*arguments)
    assert code == 2
    assert words in text
