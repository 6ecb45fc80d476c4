"""A tenth of the year: some units, three hundred cases, everything that the clock opens."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from docx import Document

import engine
from scheduler.clerks import Book, nominal
from scheduler.stories import read_stories
from scheduler.year import Year, findings, papers, unmarked
from tests.conftest import PROCESSES
from tests.plain_sql import SQL, by_month, figures_by_month
from webforms.papers import word_paper


@pytest.fixture(scope="module")
def happened(tmp_path_factory):
    year = Year(PROCESSES, 0.1)
    stage = year.open(tmp_path_factory.mktemp("files"), b"key")
    days = [progress.day for progress in year.run(stage)]
    yield year, stage, days
    stage.close()


@pytest.fixture
def session(happened):
    with happened[1].database.reads.begin() as session:
        yield session


def test_every_day_is_passed_through(happened):
    year, _, days = happened
    assert len(days) == year.days
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]


def test_everything_holds(happened, session):
    year, _, _ = happened
    assert year.problems == []
    assert findings(session, year.plan, len(year.offices())) == []


def test_the_units_that_take_part_have_their_share_of_cases(happened, session):
    year, _, _ = happened
    opened = {case.office for case in engine.newborn(session, since=year.begins)}
    assert opened >= set(year.offices())
    by_process = Counter(case.process for case in engine.newborn(session, since=year.begins))
    again = Year(PROCESSES, 0.1)
    again.demo.directory = year.demo.directory
    brought = Counter(clerk.story.process for clerk in again._clerks(happened[1]))
    assert brought.total() == 300
    assert brought["mediation"] <= by_process["mediation"] <= brought["mediation"] + by_process["linkage"]


def test_every_monthly_figure_is_what_plain_sql_counts(happened, session):
    year, _, _ = happened
    months = [f"{year.plan['year']}-{month:02d}" for month in range(1, 13)]
    counted = figures_by_month(session, SQL, months)
    assert list(engine.differences(session)) == []
    for indicator, row in SQL.items():
        wanted = by_month(session, *row)
        told = {month: counted[month, indicator].quantize(Decimal("0.01")) for month in months}
        assert told == {month: wanted.get(month, Decimal("0.00")) for month in months}, indicator


def test_the_half_year_reports_come_out_as_documents(happened, session):
    year, _, _ = happened
    printed = list(papers(session, year.plan["papers"]))
    told = ""
    for page in printed:
        name, content = word_paper(page)
        document = Document(BytesIO(content))
        words = "".join(paragraph.text for paragraph in document.paragraphs)
        told += words
        assert name.endswith(".docx") and page.paper_number in words
        assert any(cell.text.strip().isdigit() for table in document.tables for row in table.rows for cell in row.cells)
    assert "2025年上半年" in told and "2025年下半年" in told


def test_what_hangs_is_found(happened, session):
    """The planted bug: a running case without anything that could move it."""
    session.execute(engine.METADATA.tables["case"].update().values(status="running"))
    assert len(engine.stuck_cases(session)) > 250
    session.rollback()


def test_a_missing_mark_is_found(session):
    """The planted bug: deadlines have passed, and nothing in the case says so."""
    deadline = engine.METADATA.tables["deadline"]
    expired = session.execute(deadline.select().where(deadline.c.status == "expired")).all()
    assert expired
    process = engine.snapshot(session, expired[0].case_id).process
    found = unmarked(session, [{"process": process, "deadline": expired[0].name, "fact": "no_such_mark"}])
    assert found
    assert all("passed" in words for words in found)


def test_stories_are_told_in_the_order_of_time():
    for story in read_stories(PROCESSES):
        times = nominal(story)
        assert times == sorted(times)
        assert all(at >= story.at for at in times)


def test_the_book_gives_the_most_usual_answer_first():
    book = Book(read_stories(PROCESSES))
    first, told = book.answers("mediation", "approve_closing", 0)
    assert first.do == "approve_closing"
    assert isinstance(told, datetime)
    assert book.answers("mediation", "approve_closing", 1000)[0].do == "approve_closing"
