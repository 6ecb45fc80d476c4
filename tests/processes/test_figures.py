"""The figures of the real procedure against plain SQL over the raw rows, written without looking at the counts."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

import engine
from scheduler.playing import Player
from scheduler.scenarios import Scenarios
from tests.plain_sql import ACCEPTED, ACCEPTED_ON, CLOSED_ON, SQL, by_month, figures_by_month

PROCESSES = Path(__file__).parents[2] / "processes"
MONTHS = [f"{year}-{month:02d}" for year in (2026, 2027) for month in range(1, 13)]
STORIES = (  # of different endings
    "agreed_written", "agreed_oral", "agreed_on_spot", "on_spot_performed_later", "confirmation_rejected",
    "not_performed", "declined", "withdrawn", "withdrawn_before_acceptance", "referred", "expired", "extended",
    "confirmed_not_performed", "court_entrusted", "hotline_12345", "deemed_withdrawn", "sued", "agreement_amended",
)  # fmt: skip


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


def figures(session, names, months=MONTHS):
    return figures_by_month(session, names, months)


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
