"""Monthly reports of the district: due dates, reminders, whom lateness is told to, what figures are held against."""

import re
import tomllib
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

import engine
from engine.deadlines import before, parse_period
from engine.model import Case, Deadline, Notice, Person, PersonRole
from scheduler.playing import Player
from scheduler.stories import read_story, stories_before

FOLDER = Path(__file__).parents[2] / "processes" / "monthly_report"
MANIFEST = tomllib.loads((FOLDER / "manifest.toml").read_text("utf-8"))
INDICATORS = tomllib.loads((FOLDER.parent / "indicators.toml").read_text("utf-8"))


def told(house, name, definitions, *present):
    story = read_story(FOLDER / "scenarios" / f"{name}.toml")
    stories = [*stories_before(story), story]
    stage = house.sandbox(min(each.at for each in stories))
    for role, office in present:
        stage.cast.holder(role, office, now=stage.now)
    for each in stories:
        player = Player(stage, each, definitions)
        for instant in player.play():
            stage.advance(instant)
        assert player.problems == []
    return stage, player.case_id


@pytest.fixture(scope="module")
def definitions():
    return {path.name: engine.define(engine.read_files(path)) for path in (FOLDER, FOLDER.parent / "mediation")}


def test_reminders_move_back_to_the_working_day_before_and_the_due_day_never_moves(built_house):
    stage = built_house.sandbox(datetime(2026, 1, 1, 9, 0, tzinfo=engine.OFFICE))
    with stage.database.reads() as session:
        calendar = engine.directory(session).calendar
    stage.close()
    last = parse_period(MANIFEST["deadlines"]["report"]["remind"][-1])
    days = {m: before(date(2026, m, 25), last, calendar).astimezone(engine.OFFICE).date() for m in range(1, 13)}
    moved = {m: (day.month, day.day) for m, day in days.items() if day.day != 25}
    assert moved == {1: (1, 23), 4: (4, 24), 7: (7, 24), 9: (9, 24), 10: (10, 23)}
    assert MANIFEST["deadlines"]["report"]["status"] == "confirmed"


def test_the_periods_of_the_calendar_are_those_of_the_figures(definitions):
    [entry] = MANIFEST["start"]["calendar"]
    closing = INDICATORS["months"]["closing_day"]
    assert int(entry.get("begins", "1")) == closing % 31 + 1 and entry["period"] == "previous"


def test_every_figure_that_the_checks_read_is_declared():
    for group in MANIFEST["checks"].values():
        for rule in group["rules"]:
            names = set(re.findall(r"\b[nc]\.(\w+)|last\.(\w+)|figures\[(\w+)\]", rule["holds"] + str(rule["fields"])))
            assert {name for found in names for name in found if name} <= set(INDICATORS["indicators"])


def test_lateness_is_told_to_the_leader_of_the_unit_and_to_the_bureau(built_house, definitions):
    present = [("organ_leader", "yuxi_town"), ("organ_leader", "yushan_town"), ("justice_officer", "justice_bureau")]
    stage, case = told(built_house, "late", definitions, *present)
    with stage.database.reads() as session:
        deadline = session.scalar(select(Deadline).where(Deadline.case_id == case, Deadline.name == "report"))
        assert (deadline.last_day, deadline.status) == (date(2026, 4, 25), "expired")
        query = select(Notice.text, PersonRole.role, PersonRole.office).join(Person, Person.id == Notice.person_id)
        query = query.join(PersonRole, PersonRole.person_id == Person.id).where(Notice.case_id == case)
        rows = {(role, office) for text, role, office in session.execute(query) if "25日" in text or "逾期" in text}
    stage.close()
    assert rows == {("organ_leader", "yuxi_town"), ("justice_officer", "justice_bureau")}


def test_a_year_has_one_report_for_each_unit_and_month(built_house):
    stage = built_house.sandbox(datetime(2026, 4, 30, 9, 0, tzinfo=engine.OFFICE))
    stage.keep_calendar(["monthly_report/monthly"])
    stage.advance(datetime(2026, 5, 2, 9, 0, tzinfo=engine.OFFICE))
    with stage.database.reads() as session:
        opened = session.scalars(select(Case.office).where(Case.process == "monthly_report")).all()
        board = engine.report_board(session, engine.SYSTEM, "monthly_report", now=stage.now)
    stage.close()
    assert len(opened) == 43 and len(set(opened)) == 43
    assert (board.name, len(board.rows)) == ("2026年4月", 43) and all(row.is_owed for row in board.rows)
