"""The demonstration: told by the verbs, ending now."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

import engine
from scheduler.demo import read_demo
from scheduler.retelling import id_number
from tests.conftest import PROCESSES

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=engine.OFFICE)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    demo = read_demo(PROCESSES)
    stage = demo.open(tmp_path_factory.mktemp("files"), b"key", NOW)
    plans = demo.plans()
    told = list(demo.play(stage, plans, NOW))
    with stage.database.reads.begin() as session:
        cases = [engine.snapshot(session, case) for case in engine.case_ids(session)]
    yield demo, stage, told, cases
    stage.close()


def test_every_story_went_as_planned(told):
    demo, _, plans, cases = told
    assert demo.problems == []
    assert len(cases) >= len(plans)


def test_there_are_enough_cases_of_every_kind(told):
    demo, _, _, cases = told
    main = [case for case in cases if case.process == "mediation"]
    assert len(main) >= 40
    manifest = demo.definitions["mediation"].manifest
    assert {case.outcome for case in main} >= set(manifest["outcomes"])
    assert {case.stage for case in main} >= set(manifest["stages"])
    assert Counter(case.status for case in main)["running"] >= 20
    assert {case.process for case in cases} == set(demo.definitions)


def test_every_office_has_a_case_and_an_account_for_every_role(told):
    demo, _, _, cases = told
    reporting = {name for name, row in demo.directory.offices.items() if row.get("reporting")}
    assert {case.office for case in cases if case.process == "mediation"} >= reporting
    assert {account.role for account in demo.people} >= set(demo.directory.roles)
    assert len({account.username for account in demo.people}) == len(demo.people)


def test_some_are_late_and_some_stand_still(told):
    _, stage, _, cases = told
    admin = next(a for a in told[0].people if a.username == "auditor")
    actor = stage.cast.known[admin.role, admin.office][0]
    with stage.database.reads.begin() as session:
        late = engine.inbox(session, actor, view="overdue", now=NOW)
    assert len(late.rows) >= 5
    assert any(row.status == "stopped" for case in cases for row in case.deadlines)


def test_the_history_ends_now_and_is_sound(told):
    _, stage, _, cases = told
    moments = [event.at for case in cases for event in case.events]
    assert NOW - timedelta(days=3) < max(moments) <= NOW
    assert [case.number for case in cases if case.incidents] == []
    with stage.database.reads.begin() as session:
        assert engine.verify(session) == []


def test_reports_are_there_in_every_state(told):
    _, stage, _, _ = told
    with stage.database.reads.begin() as session:
        newest = engine.report_board(session, engine.SYSTEM, "monthly_report", now=NOW)
        before = engine.report_board(session, engine.SYSTEM, "monthly_report", first=newest.periods[1][0], now=NOW)
        half = engine.report_board(session, engine.SYSTEM, "half_year_report", now=NOW)
    assert (newest.name, before.name) == ("2026年10月", "2026年9月") and len(newest.rows) == len(before.rows) == 43
    for board in (newest, before):
        assert any(row.is_owed for row in board.rows) and board.totals["accepted"] > 0
        assert sum(row.handed is not None and row.handed.accepted_at is not None for row in board.rows) > 20
    assert any(row.handed is not None and row.handed.accepted_at is None for row in newest.rows)
    assert any(row.handed is not None and row.is_late for row in before.rows)
    assert any(row.handed is not None and row.handed.revision > 1 for row in (*newest.rows, *before.rows))
    assert [row.handed.accepted_at is not None for row in half.rows if row.handed] == [True]


def test_the_accounts_that_are_shown_exist(told):
    demo, stage, _, _ = told
    assert [account.username for account in demo.shown_accounts()] == demo.document["shown"]
    with stage.database.reads.begin() as session:
        assert engine.knows_password(session, "yuxi.mediator", demo.document["password"])


def test_invented_identity_numbers_have_the_right_check_digit():
    assert id_number(3) != id_number(4)
    for number in range(200):
        digits = id_number(number)
        total = sum((2 ** (17 - k) % 11) * int(digit) for k, digit in enumerate(digits[:17]))
        assert digits[17] == "10X98765432"[total % 11]
