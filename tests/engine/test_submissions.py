"""Periodic reports: every revision that is handed in is kept as it was, and expressions can ask for it."""

from datetime import date

import pytest
from sqlalchemy import select, update

import engine
from engine.functions import DIRECTORY
from engine.model import CalendarStart, Submission
from engine.submissions import revisions_of
from tests.engine.house import CHIEF, CLERK, NOW, STRANGER, House, folder, form, question
from tests.engine.runtime.bpmn import end, flow, path, properties, script, start, throw, user, xor

MANIFEST = """
[report]
paper = "sheet"
figures = "figures"
late = "is_late"
revision = "revision"
reason = "why"
accepted = "accepted"
returned = "filling"
[stages.receiving]
label = "Receiving"
[stages.filling]
label = "Filling"
[papers.sheet]
title = "Sheet"
number = "{short}{seq}"
"""
BODY = [
    start(),
    xor("again"),
    user("fill", properties(stage="filling"), camunda_formRef="fill", camunda_candidateGroups="clerk"),
    script("count", "revision", "if revision = null then 1 else revision + 1"),
    script("rows", "figures", '[{"id": "open", "name": "Open", "value": amount}]'),
    throw("handed_in", properties(paper="sheet")),
    user("receive", properties(stage="receiving"), camunda_formRef="receive", camunda_candidateGroups="clerk"),
    xor("ok", default="ok-note"),
]
START = [
    question("period_first", "datetime", subtype="date"),
    question("period_last", "datetime", subtype="date"),
    question("period_name"),
]


@pytest.fixture
def house(tmp_path):
    body = [
        *BODY,
        script("note", "accepted", "revision"),
        end(),
        path("start", "again", "fill", "count", "rows", "handed_in", "receive", "ok"),
        flow("ok", "note"),
        flow("ok", "again", "not(good)"),
        flow("note", "end"),
    ]
    forms = {
        "open": form(*START),
        "fill": form(question("amount", "number"), question("why"), question("is_late", "checkbox")),
        "receive": form(question("good", "checkbox")),
    }
    built = House.build(tmp_path / "house.db")
    manifest = MANIFEST.replace("[report]", 'form = "open"\n[report]', 1)
    built.install({**folder(*body, manifest=manifest, forms=forms), "documents/sheet.html": "<p>{{ amount }}</p>"})
    return built


def report(house, actor=CLERK, first="2026-02-01", last="2026-02-28", name="2026-02"):
    return house.start("p", actor, period_first=first, period_last=last, period_name=name)


def asked(house, text, **names):
    from engine.feel import compile_expression
    from engine.functions import FUNCTIONS

    with house.database.reads() as session:
        engine.directory(session)
        try:
            return compile_expression(text, functions=FUNCTIONS)(names)
        finally:
            DIRECTORY.set({})


def test_every_revision_is_kept_and_the_accepted_one_is_known(house):
    case = report(house)
    house.do(case, "fill", amount="5", is_late="true")
    house.do(case, "receive")
    house.do(case, "fill", amount="6", why="counted again")
    with house.database.reads() as session:
        assert [row.accepted_at for row in revisions_of(session, case)] == [None, None]
    house.do(case, "receive", good="true")
    with house.database.reads() as session:
        newest, first = revisions_of(session, case)
    assert (first.revision, first.values, first.is_late, first.reason) == (1, {"open": 5}, True, "")
    assert (newest.revision, newest.values, newest.reason) == (2, {"open": 6}, "counted again")
    assert (first.accepted_at, newest.accepted_at, newest.handed_in_by) == (None, NOW, "Clerk")
    assert (newest.office, newest.period_first, newest.period_name) == ("north", date(2026, 2, 1), "2026-02")


def test_expressions_ask_for_the_last_accepted_report(house):
    text = 'last report("p", office, day).values.open'
    assert asked(house, text, office="north", day=date(2026, 3, 1)) is None
    for month, amount in (("01", "3"), ("02", "4")):
        case = report(house, first=f"2026-{month}-01", last=f"2026-{month}-28", name=month)
        house.do(case, "fill", amount=amount)
        assert asked(house, text, office="north", day=date(2026, 3, 1)) == (None if month == "01" else 3)
        house.do(case, "receive", good="true")
    assert asked(house, text, office="north", day=date(2026, 3, 1)) == 4
    assert asked(house, text, office="north", day=date(2026, 2, 28)) == 3
    assert asked(house, text, office="south", day=date(2026, 3, 1)) is None
    assert asked(house, 'last report("p", "north", "soon")') is None


def test_expressions_see_who_handed_in_and_who_did_not(house):
    with house.writing() as session:
        for office in ("north", "south"):
            about = {"process": "p", "entry": "e", "office": office, "state": "due", "attempts": 0, "error": ""}
            session.add(
                CalendarStart(
                    **about, period_first=date(2026, 2, 1), period_last=date(2026, 2, 28), period_name="2026-02",
                    due_at=NOW,
                )
            )  # fmt: skip
    case = report(house, STRANGER)
    house.do(case, "fill", STRANGER, amount="7")
    text = 'for r in reports("p", first, last) return [r.office, r.handed_in, r.values.open, r.accepted]'
    whole = {"first": date(2026, 1, 1), "last": date(2026, 3, 31)}
    assert asked(house, text, **whole) == [["north", False, None, None], ["south", True, 7, False]]
    assert asked(house, text, first=date(2026, 2, 2), last=date(2026, 3, 31)) == []
    assert asked(house, 'reports("p", 1, 2)') is None


def test_what_has_no_period_is_no_report(house):
    case = house.start("p")
    house.do(case, "fill", amount="5")
    with house.database.reads() as session:
        assert session.scalars(select(Submission)).all() == []
    assert house.verify() == []


def test_a_board_says_who_has_reported_and_who_owes_it(house):
    with house.writing() as session:
        about = {"process": "p", "entry": "e", "attempts": 0, "error": "", "due_at": NOW}
        period = {"period_first": date(2026, 2, 1), "period_last": date(2026, 2, 28), "period_name": "2026-02"}
        session.add(CalendarStart(**about, **period, office="south", state="missed"))
        session.add(CalendarStart(**about, **period, office="north", state="opened"))
    case = report(house)
    with house.writing() as session:
        session.execute(update(CalendarStart).where(CalendarStart.office == "north").values(case_id=case))

    def board(actor=CHIEF, **more):
        with house.database.reads() as session:
            return engine.report_board(session, actor, "p", now=house.now, **more)

    [north] = board().rows
    assert (north.office, north.is_owed, north.is_late, north.handed) == ("north", True, False, None)
    house.do(case, "fill", amount="5", is_late="true")
    [north] = board().rows
    assert (north.is_owed, north.is_late, north.handed.values) == (False, True, {"open": 5})
    assert (
        board().totals == {"open": 5}
        and board().name == "2026-02"
        and board().periods == ((date(2026, 2, 1), "2026-02"),)
    )
    house.do(case, "receive")
    [north] = board().rows
    assert north.is_owed and north.handed.revision == 1
    assert [row.office for row in board(engine.SYSTEM).rows] == ["north", "south"]
    assert [row.status for row in board(engine.SYSTEM).rows] == ["running", "not_opened"]
    assert board(STRANGER).rows[0].office == "south"
    with pytest.raises(engine.NotFound):
        board(first=date(2026, 1, 1))
    with house.database.reads() as session:
        assert [row.revision for row in engine.report_revisions(session, CHIEF, case)] == [1]
        assert [kind.process for kind in engine.report_kinds(session)] == ["p"]
        with pytest.raises(engine.NotFound):
            engine.report_revisions(session, STRANGER, case)
        with pytest.raises(engine.NotFound):
            engine.report_board(session, CHIEF, "nobody", now=house.now)
