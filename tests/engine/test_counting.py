"""What is counted of a case, in the transaction that changes it; and that a recount of everything gives the same."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

import engine
from engine.feel import compile_expression
from engine.functions import FUNCTIONS
from engine.model import Case, Tally, Version
from tests.engine.house import CHIEF, CLERK, STRANGER, House, folder, form, question
from tests.engine.runtime.bpmn import end, path, start, user

COUNTS = """form = "open"
[facts.received_on]
type = "date"
[facts.size]
type = "number"
[facts.tags]
type = "multichoice"
[facts.result]
type = "text"
[counts.opened]
day = "received_on"
until = "settled"
[counts.opened.dimensions]
tag = "tags"
big = 'if size >= 10 then "yes" else null'
[counts.opened.sums]
size = "size"
[counts.settled]
when = 'result = "settled"'
day = "done.decide"
[counts.settled.sums]
days = "(done.decide - received_on).days"
[counts.late]
when = "late.decide != null"
day = "late.decide"
"""
INDICATORS = {
    "sections": {"all": "All"},
    "dimensions": {"tag": {"name": "Tag"}, "big": {"name": "Big"}},
    "indicators": {
        "opened": {"section": "all", "name": "Opened", "definition": "d", "count": "opened", "by": "tag"},
        "big": {"section": "all", "name": "Big", "definition": "d", "count": "opened", "where": {"big": "yes"}},
        "size": {"section": "all", "name": "Size", "definition": "d", "count": "opened", "sum": "size", "decimals": 2},
        "settled": {"section": "all", "name": "Settled", "definition": "d", "count": "settled"},
        "lasted": {"section": "all", "name": "Days", "definition": "d", "count": "settled", "sum": "days"},
        "carried": {"section": "all", "name": "Before", "definition": "d", "count": "opened", "less": "settled",
                   "at": "opening"},
        "open": {"section": "all", "name": "Open", "definition": "d", "count": "opened", "less": "settled",
                 "at": "closing"},
        "rate": {"section": "all", "name": "Rate", "definition": "d", "decimals": 1,
                 "formula": "if opened > 0 then settled / opened * 100 else null"},
        "staff": {"section": "all", "name": "Staff", "definition": "d", "typed": True},
    },
    "checks": {
        "stock": {"says": "in and out agree", "holds": "carried + opened = settled + open"},
        "tags": {"says": "tags agree", "holds": "sum(opened_parts) = opened"},
        "last": {"says": "carried over", "holds": "carried = previous.open"},
    },
    "reports": {"monthly": {"title": "Monthly", "indicators": ["opened", "size", "rate", "staff"]}},
}  # fmt: skip
TAGS = st.lists(st.sampled_from(["red", "blue"]), unique=True)
DAYS = st.dates(date(2026, 1, 15), date(2026, 4, 15))


def counted_folder(counts=COUNTS):
    return folder(
        start(),
        user("decide", camunda_candidateGroups="clerk", camunda_formRef="decide", camunda_dueDate="2d"),
        end(),
        path("start", "decide", "end"),
        manifest=counts,
        forms={
            "open": form(
                question("received_on", "datetime", subtype="date"),
                question("size", "number", decimalDigits=2),
                question("tags", "checklist", values=[{"value": v, "label": v} for v in ("red", "blue")]),
            ),
            "decide": form(question("result")),
        },
    )


@pytest.fixture
def counting(house: House) -> House:
    return prepared(house)


def prepared(house):
    house.install(counted_folder())
    with house.writing() as session:
        engine.store_reference(session, "indicators", INDICATORS, now=house.now)
    return house


def opened(house, actor=CLERK, **answers):
    return house.start(actor=actor, received_on="2026-03-01", **answers)


def figures(house, actor=CLERK, period=("2026-03", "2026-03"), office=None):
    with house.database.reads() as session:
        found = engine.figures(session, actor, periods=[period], offices=[office])
    return {indicator: figure for (_, _, indicator), figure in found.items()}


def values(house, *names, **where):
    found = figures(house, **where)
    return tuple(found[name].value for name in names)


def wrong(house):
    with house.database.reads() as session:
        return list(engine.differences(session))


def test_a_case_is_counted_where_it_is_opened_and_moves_when_it_is_settled(counting):
    case = opened(counting, size="12.5", tags=["red", "blue"])
    assert values(counting, "opened", "big", "size", "settled", "carried", "open") == (1, 1, Decimal("12.5"), 0, 0, 1)
    assert figures(counting)["opened"].parts == {"blue": 1, "red": 1}
    counting.wait(days=1)
    counting.do(case, "decide", result="settled")
    assert values(counting, "settled", "lasted", "open", "rate") == (1, 2, 0, 100)
    assert values(counting, "opened", "carried", "open", period=("2026-04", "2026-04")) == (0, 0, 0)
    assert wrong(counting) == []


def test_a_corrected_fact_moves_the_case_and_a_cancelled_one_is_taken_back(counting):
    case = opened(counting, size="12", tags=["red"])
    with counting.writing() as session:
        engine.set_fact(
            session, case, "received_on", date(2026, 2, 27), reason="misread", actor=CHIEF, now=counting.now
        )
        engine.set_fact(session, case, "tags", ["blue"], reason="misread", actor=CHIEF, now=counting.now)
        engine.set_fact(session, case, "size", Decimal(3), reason="misread", actor=CHIEF, now=counting.now)
    assert values(counting, "opened", "carried", "open") == (0, 1, 1)
    february = figures(counting, period=("2026-02", "2026-02"))
    assert (february["opened"].value, february["big"].value, february["size"].value) == (1, 0, 3)
    assert february["opened"].parts == {"blue": 1}
    with counting.writing() as session:
        engine.cancel_case(session, case, reason="opened twice", actor=CHIEF, now=counting.now)
    assert values(counting, "opened", "open", period=("2026-01", "2026-12")) == (0, 0)
    assert wrong(counting) == []


def test_what_is_late_is_counted_on_the_day_it_was_done(counting):
    late, timely = opened(counting), opened(counting)
    counting.wait(hours=1)
    counting.do(timely, "decide", result="settled")
    counting.wait(days=4)
    counting.do(late, "decide", result="dropped")
    with counting.database.reads() as session:
        rows = session.execute(text("select kind, office, day from occurrence where kind = 'late'")).all()
    assert rows == [("late", "north", "2026-03-06")]
    assert wrong(counting) == []


def test_offices_see_their_own_and_add_up_to_the_whole(counting):
    opened(counting)
    opened(counting, actor=STRANGER)
    opened(counting, actor=STRANGER)
    assert values(counting, "opened") == (1,)
    assert values(counting, "opened", actor=STRANGER) == (2,)
    assert values(counting, "opened", actor=engine.SYSTEM) == (3,)
    assert values(counting, "opened", actor=engine.SYSTEM, office="south") == (2,)
    with counting.database.reads() as session, pytest.raises(engine.NotFound):
        engine.figures(session, CLERK, periods=[("2026-03", "2026-03")], offices=["south"])


def test_the_cases_behind_a_number_are_listed_page_by_page(counting):
    cases = [opened(counting, tags=["red"] if n % 2 else []) for n in range(5)]
    with counting.writing() as session:
        engine.set_fact(session, cases[0], "received_on", date(2026, 3, 9), reason="r", actor=CHIEF, now=counting.now)
    counting.do(cases[1], "decide", result="settled")

    def listed(indicator, actor=CLERK, period=("2026-03", "2026-03"), **more):
        found, after = [], None
        with counting.database.reads() as session:
            while True:
                page = engine.figure_cases(
                    session, actor, indicator, period=period, now=counting.now, after=after, limit=2, **more
                )
                found += [row.row.case_id for row in page.rows]
                after = page.next
                if after is None:
                    return found

    assert sorted(listed("opened")) == sorted(cases)
    assert listed("opened")[0] == cases[0], "the latest day first"
    assert sorted(listed("opened", value="red")) == sorted([cases[1], cases[3]])
    assert listed("settled") == [cases[1]]
    assert sorted(listed("open")) == sorted(set(cases) - {cases[1]})
    assert listed("carried") == [] and len(listed("carried", period=("2026-04", "2026-04"))) == 4
    assert listed("opened", actor=STRANGER) == []
    with counting.database.reads() as session, pytest.raises(engine.NotFound):
        engine.figure_cases(session, CLERK, "rate", period=("2026-03", "2026-03"), now=counting.now)


def test_rows_for_a_report_come_by_an_expression(counting):
    opened(counting, size="2.5", tags=["red"])
    with counting.database.reads() as session:
        engine.directory(session)
        rows = compile_expression('figures("monthly", "north", a, b)', functions=FUNCTIONS)(
            {"a": date(2026, 3, 1), "b": date(2026, 3, 31)}
        )
    assert [(row["indicator"], row["value"], row["typed"]) for row in rows] == [
        ("opened", 1, False), ("opened.red", 1, False), ("size", Decimal("2.5"), False),
        ("rate", 0, False), ("staff", None, True),
    ]  # fmt: skip


def test_sentences_about_figures_are_checked(counting):
    opened(counting, tags=["red", "blue"])
    with counting.database.reads() as session:
        rows = engine.cross_checks(session, CLERK, period=("2026-03", "2026-03"))
        assert [(row.check, row.holds) for row in rows] == [("stock", True), ("tags", False), ("last", False)]
        told = engine.cross_checks(
            session,
            CLERK,
            period=("2026-03", "2026-03"),
            reported={"opened": Decimal(7)},
            previous={"open": Decimal(0)},
        )
    assert [row.holds for row in told] == [False, False, True]


def test_a_new_version_counts_every_case_by_its_counts(counting):
    first, second = opened(counting), opened(counting)
    changed = COUNTS.replace(
        'day = "received_on"\nuntil', 'when = \'list contains(tags, "red")\'\nday = "received_on"\nuntil'
    )
    with counting.writing() as session:
        session.execute(update(Version).values(active=False))
    counting.install(counted_folder(changed))
    with counting.database.reads() as session:
        assert sorted(engine.cases_to_recount(session)) == sorted([first, second])
    assert {found.what for found in wrong(counting)} == {"case", "occurrence", "sum"}
    counting.do(first, "decide", result="settled")
    with counting.database.reads() as session:
        assert engine.cases_to_recount(session) == [second], "a step counts its case anew"
    with counting.writing() as session:
        assert engine.recount_cases(session, [second]) == 1
        assert engine.cases_to_recount(session) == []
    assert values(counting, "opened", "settled") == (0, 1)
    assert wrong(counting) == []


def test_other_reporting_months_are_a_recount(counting):
    case = counting.start(received_on="2026-03-26")
    with counting.writing() as session:
        engine.store_reference(session, "indicators", {**INDICATORS, "months": {"closing_day": 25}}, now=counting.now)
        assert engine.cases_to_recount(session) == [case]
        engine.recount_cases(session, [case])
    assert values(counting, "opened", period=("2026-04", "2026-04")) == (1,)
    assert values(counting, "opened") == (0,)
    assert wrong(counting) == []


def test_broken_sums_are_found_and_made_anew(counting):
    opened(counting, size="4", tags=["red"])
    with counting.writing() as session:
        session.execute(update(Tally).where(Tally.measure == "size").values(total=1))
        session.execute(delete(Tally).where(Tally.dimension == "tag"))
    assert {found.what for found in wrong(counting)} == {"sum"}
    with counting.writing() as session:
        engine.sum_up(session)
    assert wrong(counting) == []


def test_a_case_without_the_day_that_counts_is_told(counting):
    counting.start(size="1")
    assert values(counting, "opened", period=("2000-01", "2099-12")) == (0,)
    with counting.database.reads() as session:
        assert [found.kind for found in engine.undated(session)] == ["opened"]


def test_a_step_that_changes_nothing_countable_writes_nothing_more(counting):
    case = opened(counting)
    task = counting.task(case, "decide")
    with counting.counted() as counted, counting.writing() as session:
        engine.complete_task(session, task, {"result": "dropped"}, actor=CLERK, now=counting.now)
    assert counted["statements"] <= 9
    with counting.database.reads() as session:
        assert session.get(Case, case).counted_by


def test_another_value_is_one_statement(counting):
    case = opened(counting, tags=["red"])
    with counting.counted() as counted, counting.writing() as session:
        engine.set_fact(session, case, "tags", ["blue"], reason="r", actor=CHIEF, now=counting.now)
    statements = counted["statements"]
    with counting.counted() as counted, counting.writing() as session:
        engine.set_fact(session, case, "result", "x", reason="r", actor=CHIEF, now=counting.now)
    assert statements == counted["statements"] + 1
    assert figures(counting)["opened"].parts == {"blue": 1}
    assert wrong(counting) == []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("open"), DAYS, st.integers(0, 30), TAGS, st.sampled_from([CLERK, STRANGER])),
        st.tuples(st.just("decide"), st.integers(0, 9), st.sampled_from(["settled", "dropped"])),
        st.tuples(st.just("day"), st.integers(0, 9), DAYS),
        st.tuples(st.just("tags"), st.integers(0, 9), TAGS),
        st.tuples(st.just("size"), st.integers(0, 9), st.integers(0, 30)),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
    ),
    min_size=3,
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=steps)
def test_whatever_happens_a_recount_gives_the_same(tmp_path_factory, story):
    house = prepared(House.build(tmp_path_factory.mktemp("h") / "h.db"))
    cases = []
    for what, *more in story:
        if what == "open":
            day, size, tags, actor = more
            cases.append(house.start(actor=actor, received_on=day.isoformat(), size=str(size), tags=tags))
        elif what == "wait":
            house.wait(days=more[0])
        elif cases:
            act(house, cases[more[0] % len(cases)], what, *more[1:])
    assert wrong(house) == []
    whole, parts = values(house, "opened", "size", "settled", period=("2020-01", "2030-12"), actor=engine.SYSTEM), [
        values(house, "opened", "size", "settled", period=("2020-01", "2030-12"), actor=engine.SYSTEM, office=office)
        for office in ("north", "south")
    ]  # fmt: skip
    assert whole == tuple(map(sum, zip(*parts, strict=True)))
    house.database.bind.dispose()


def act(house, case, what, *more):
    """Do something to a case that is still open."""
    if house.case(case).status != "running":
        return
    if what == "decide":
        owner = CLERK if house.case(case).office == "north" else STRANGER
        house.do(case, "decide", actor=owner, result=more[0])
        return
    with house.writing() as session:
        if what == "cancel":
            engine.cancel_case(session, case, reason="r", actor=CHIEF, now=house.now)
            return
        fact = {"day": "received_on"}.get(what, what)
        value = Decimal(more[0]) if what == "size" else more[0]
        engine.set_fact(session, case, fact, value, reason="r", actor=CHIEF, now=house.now)


def test_the_end_of_what_is_open_follows_what_ends_it(counting):
    case = opened(counting)
    with counting.database.reads() as session:
        ended = text("select distinct ended from occurrence where kind = 'opened'")
        assert session.scalars(ended).all() == ["9999-12-31"]
    counting.do(case, "decide", result="settled")
    with counting.database.reads() as session:
        assert session.scalars(ended).all() == [(counting.now + timedelta(hours=8)).date().isoformat()]


def test_rows_of_a_report_have_parts_and_follow_what_was_reported(counting):
    opened(counting, size="2.5", tags=["red", "blue"])
    days = {"a": date(2026, 3, 1), "b": date(2026, 3, 31)}
    with counting.database.reads() as session:
        engine.directory(session)
        ask = lambda text, **names: compile_expression(text, functions=FUNCTIONS)({**days, **names})  # noqa: E731
        rows = ask('figures("monthly", "north", a, b)')
        again = ask('figures("monthly", "north", a, b, r)', r={"opened": Decimal(4), "settled": Decimal(1)})
        assert ask('figures("monthly", "north", a, b, "no context")') == rows
        assert ask('figures("monthly", "north", b, a)') is None and ask('figures("yearly", "north", a, b)') is None
    assert {row["indicator"]: row["formula"] for row in rows}["rate"] is True
    assert all(row["of"] is None and row["definition"] for row in rows if "." not in row["indicator"])
    values = {row["indicator"]: row["value"] for row in again}
    assert (values["opened"], values["size"]) == (4, Decimal("2.5"))
    assert values["rate"] == 25
