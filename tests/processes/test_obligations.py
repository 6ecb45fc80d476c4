"""Every obligation of the plan is carried out somewhere, and everything the list names is there."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import engine
from webforms import create_app
from webforms.cli import main
from webforms.cli.obligations import gaps, markdown, read, replaced

ROOT = Path(__file__).parents[2]
PROCESSES = ROOT / "processes"
NUMBERS = [*map(str, range(1, 28)), *(f"27{letter}" for letter in "abcdefghijkl"), *map(str, range(28, 48))]


@pytest.fixture(scope="module")
def rows():
    return read(PROCESSES)


def test_every_row_of_the_plan_is_there_in_its_order(rows):
    assert [row.id for row in rows] == NUMBERS


def test_every_row_is_carried_out_and_names_only_what_is_there(rows):
    assert gaps(PROCESSES, rows) == []


def test_every_page_that_is_named_exists(rows, tmp_path):
    app = webforms_app(tmp_path)
    with app.test_request_context():
        for row in rows:
            if row.page:
                endpoint, _ = app.url_map.bind("localhost").match(row.page)
                assert endpoint, row.id


def webforms_app(folder):
    return create_app({"DATA": folder, "SECRET_KEY": "x" * 40, "DATABASE": "sqlite://"})


def test_what_stays_on_paper_says_why_and_is_the_exception(rows):
    on_paper = [row for row in rows if row.paper_reason]
    assert all(row.paper_reason.endswith("。") and not row.process for row in on_paper)
    assert len(on_paper) <= 6


def test_deadlines_are_named_where_the_plan_gives_a_time(rows):
    fixed = {row.id: row.deadline for row in rows if re.search(r"每月|月底|每年|及时", row.when) and row.process}
    assert [number for number, deadline in fixed.items() if not deadline] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"process": "nothing"}, "there is no process nothing"),
        ({"element": "nothing"}, "training has no element nothing"),
        ({"deadline": "nothing"}, "training has no deadline nothing"),
        ({"evidence": "paper:nothing"}, "training has no evidence 'paper:nothing'"),
        ({"evidence": ""}, "training has no evidence ''"),
        ({"scenario": "nothing"}, "training has no scenario nothing"),
        ({"item": "99z"}, "no decision table of training asks for 99z"),
        ({"process": "", "element": ""}, "nothing says how it is carried out"),
        ({"register": "nothing"}, "there is no register nothing"),
    ],
)
def test_what_is_missing_is_named(rows, change, words):
    row = next(row for row in rows if row.id == "35")
    assert gaps(PROCESSES, [replace(row, **change)]) == [f"35: {words}"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('id = "1"\nseed = "x"\nwho = "x"\nwhen = "x"', "1: text is missing"),
        ('id = "1"\ntext = "x"\nseed = "x"\nwho = "x"\nwhen = "x"\nstep = "x"', "1: there is no key step"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(tmp_path, text, words):
    (tmp_path / "obligations.toml").write_text(f"[[obligations]]\n{text}\n", "utf-8")
    with pytest.raises(engine.InvalidDefinition, match=words):
        read(tmp_path)
    assert main(["obligations", str(tmp_path)]) == 2


def test_the_readme_shows_the_list_as_it_is(rows):
    text = (ROOT / "README.md").read_text("utf-8")
    assert replaced(text, "\n".join(markdown(rows))) == text, "run: tiaojie obligations --into README.md"


def test_the_command_writes_between_the_marks(tmp_path, capsys):
    target = tmp_path / "page.md"
    target.write_text("before\n<!-- obligations:begin -->\nwhat was there\n<!-- obligations:end -->\nafter\n", "utf-8")
    assert main(["obligations", str(PROCESSES), "--into", str(target)]) == 0
    written = target.read_text("utf-8")
    assert written.startswith("before\n") and written.endswith("\nafter\n") and "what was there" not in written
    assert written.count("\n| ") == len(NUMBERS) + 1
    target.write_text("no marks", "utf-8")
    assert main(["obligations", str(PROCESSES), "--into", str(target)]) == 2
    assert main(["obligations", str(PROCESSES)]) == 0
    assert "| 27l |" in capsys.readouterr().out
