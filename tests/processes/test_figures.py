"""The figures of the real procedure against plain SQL over the raw rows, written without looking at the counts."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

import engine
from scheduler.playing import Player
from scheduler.scenarios import Scenarios

PROCESSES = Path(__file__).parents[2] / "processes"
MONTHS = [f"{year}-{month:02d}" for year in (2026, 2027) for month in range(1, 13)]
STORIES = (  # of different endings
    "agreed_written", "agreed_oral", "agreed_on_spot", "on_spot_performed_later", "confirmation_rejected",
    "not_performed", "declined", "withdrawn", "withdrawn_before_acceptance", "referred", "expired", "extended",
    "confirmed_not_performed", "court_entrusted", "hotline_12345", "deemed_withdrawn", "sued", "agreement_amended",
)  # fmt: skip
FACT = "json_extract(data, '$.{}')"
DAY = "json_extract(data, '$.{}.v')"
DONE = """(SELECT max(date(e.at, '+8 hours')) FROM event AS e, json_each(e.detail, '$.done') AS d
           WHERE e.case_id = "case".id AND d.value = '{}')"""
SPOT = "(json_extract(data, '$.intake_kind') = 'on_spot' AND json_extract(data, '$.performed_now') IN ('yes', 'later'))"
SIGNED = "json_extract(data, '$.signing_result') = 'signed'"
TAKEN = FACT.format("accepted")
ACCEPTED = f"coalesce({TAKEN} OR {SPOT}, {TAKEN}, {SPOT}, 0)"
SETTLED, SIGNED_ON, ENDED_ON = (DONE.format(e) for e in ("settle_on_spot", "sign_agreement", "name_termination_ground"))
ACCEPTED_ON = f"CASE WHEN {TAKEN} THEN {DAY.format('accepted_on')} ELSE {SETTLED} END"
ORAL_ON = DONE.format("record_oral_agreement")
AGREED_ON = f"CASE WHEN {SIGNED} THEN {SIGNED_ON} WHEN {SPOT} THEN {SETTLED} ELSE {ORAL_ON} END"
CLOSED_ON = f"coalesce({AGREED_ON}, CASE WHEN {TAKEN} THEN {ENDED_ON} END)"
RECEIVED_ON = f"coalesce({DAY.format('received_on')}, date(opened_at, '+8 hours'))"
REFUSED = "'excl_other_body','excl_settled_before','excl_limitation','excl_by_law','not_in_scope','declined'"
PEOPLE = (
    f"coalesce({FACT.format('people_count')}, json_array_length(data, '$.applicants') "
    "+ json_array_length(data, '$.respondents'))"
)
LATE_ON = """(SELECT min(date(d.ended_at, '+8 hours')) FROM deadline AS d WHERE d.case_id = "case".id
              AND d.name NOT IN ('consent_answer', 'supplement', 'confirmation', 'performance')
              AND (d.status = 'expired' OR d.status = 'met' AND d.ended_at > d.due_at))"""
SQL = {  # indicator -> (day, condition, amount)
    "applied": (RECEIVED_ON, "json_extract(data, '$.intake_kind') <> 'ex_officio'", "1"),
    "accepted": (ACCEPTED_ON, ACCEPTED, "1"),
    "people": (ACCEPTED_ON, ACCEPTED, PEOPLE),
    "claimed_amount": (ACCEPTED_ON, ACCEPTED, f"coalesce({FACT.format('claimed_amount')}, 0) / 10000.0"),
    "ten_or_more": (ACCEPTED_ON, f"{ACCEPTED} AND {PEOPLE} >= 10", "1"),
    "not_accepted": (DONE.format("deliver_non_acceptance"), f"outcome IN ({REFUSED}) AND NOT {ACCEPTED}", "1"),
    "referred": (DAY.format("referred_on"), "outcome = 'referred'", "1"),
    "closed": (CLOSED_ON, "1", "1"),
    "handling_days": (CLOSED_ON, "1", f"julianday({CLOSED_ON}) - julianday({ACCEPTED_ON})"),
    "agreed": (AGREED_ON, "1", "1"),
    "agreed_written": (AGREED_ON, SIGNED, "1"),
    "agreed_on_spot": (AGREED_ON, SPOT, "1"),
    "agreed_amount": (AGREED_ON, "1", f"coalesce({FACT.format('agreed_amount')}, 0) / 10000.0"),
    "withdrawn": (CLOSED_ON, "outcome = 'withdrawn'", "1"),
    "extended": (DONE.format("extend_limit"), "1", "1"),
    "performed": (f"coalesce({DAY.format('performed_on')}, {DONE.format('settle_on_spot')})",
                  f"{FACT.format('performance_result')} = 'performed' OR {FACT.format('performed_now')} = 'yes'", "1"),
    "confirmation_applied": (DAY.format("confirmation_applied_on"), "1", "1"),
    "confirmed": (DAY.format("ruling_on"), "json_extract(data, '$.ruling') = 'confirmed'", "1"),
    "visited": (DAY.format("visited_on"), "1", "1"),
    "satisfied": (DAY.format("visited_on"), "json_extract(data, '$.satisfaction') = 'good'", "1"),
    "overdue": (LATE_ON, "1", "1"),
}  # fmt: skip


@pytest.fixture(scope="module")
def stages():
    """Houses in which the real procedure was played."""
    scenarios = Scenarios(PROCESSES / "mediation")
    played = []
    for story in scenarios.stories():
        if story.name in STORIES:
            stage = scenarios.house.sandbox(story.at)
            player = Player(stage, story, scenarios.definitions)
            for instant in player.play():
                stage.advance(instant)
            assert player.problems == []
            played.append((story.name, stage))
    assert len(played) > 12
    yield played
    for _, stage in played:
        stage.close()


def by_month(session, day, condition, amount):
    query = f"""SELECT substr({day}, 1, 7), sum({amount}) FROM "case"
                WHERE process = 'mediation' AND ({condition}) AND {day} IS NOT NULL GROUP BY 1"""  # noqa: S608 our own texts
    return {month: Decimal(str(number)).quantize(Decimal("0.01")) for month, number in session.execute(text(query))}


def figures(session, names, months=MONTHS):
    found = engine.figures(session, engine.SYSTEM, periods=[(m, m) for m in months], indicators=list(names))
    return {(span.first, name): figure.value for (span, _, name), figure in found.items()}


def test_every_figure_is_what_plain_sql_counts(stages):
    totals = Counter()
    for name, stage in stages:
        with stage.database.reads() as session:
            counted = figures(session, SQL)
            for indicator, row in SQL.items():
                wanted = {month: number for month, number in by_month(session, *row).items() if number}
                told = {month: counted[month, indicator].quantize(Decimal("0.01")) for month in MONTHS}
                assert {m: n for m, n in told.items() if n} == wanted, (name, indicator)
                totals[indicator] += sum(wanted.values())
    assert [indicator for indicator in SQL if not totals[indicator]] == ["ten_or_more"], "each was there to be compared"


def test_stocks_are_what_was_accepted_and_not_closed(stages):
    for name, stage in stages:
        with stage.database.reads() as session:
            counted = figures(session, ["opening", "pending"])
            for month in MONTHS[:-1]:
                query = f"""SELECT count(*) FROM "case" WHERE process = 'mediation' AND {ACCEPTED}
                            AND substr({ACCEPTED_ON}, 1, 7) <= :month
                            AND ({CLOSED_ON} IS NULL OR substr({CLOSED_ON}, 1, 7) > :month)"""  # noqa: S608 our own texts
                wanted = session.scalar(text(query), {"month": month})
                following = MONTHS[MONTHS.index(month) + 1]
                assert counted[month, "pending"] == wanted == counted[following, "opening"], (name, month)


def test_breakdowns_are_what_plain_sql_groups(stages):
    query = f"""SELECT json_extract(data, '$.matter_id'), count(*) FROM "case"
                WHERE process = 'mediation' AND {ACCEPTED} GROUP BY 1"""  # noqa: S608 our own texts
    for _, stage in stages:
        with stage.database.reads() as session:
            [figure] = engine.figures(
                session, engine.SYSTEM, periods=[("2026-01", "2027-12")], indicators=["accepted_by_matter"]
            ).values()
            assert figure.parts == dict(session.execute(text(query)).all())


def test_sentences_hold_and_a_recount_agrees(stages):
    for name, stage in stages:
        with stage.database.reads() as session:
            assert list(engine.differences(session)) == [], name
            for month in MONTHS[:8]:
                rows = engine.cross_checks(session, engine.SYSTEM, period=(month, month))
                assert [row.check for row in rows if row.holds is False] == [], (name, month)


def test_behind_every_number_are_so_many_cases(stages):
    span = ("2026-01", "2027-12")
    for name, stage in stages:
        with stage.database.reads() as session:
            known = engine.indicators(session)
            found = engine.figures(session, engine.SYSTEM, periods=[span], indicators=list(known.all))
            for (_, _, indicator), figure in found.items():
                each = known.all[indicator]
                if each.count and not each.sum:
                    page = engine.figure_cases(session, engine.SYSTEM, indicator, period=span, now=stage.now)
                    assert len(page.rows) == figure.value, (name, indicator)
