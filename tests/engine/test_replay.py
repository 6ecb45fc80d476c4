"""Past cases asked again of a draft: exactly those that would have gone another way are named; nothing is guessed."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

import engine
from engine.model import Case, Event
from engine.values import dumps, loads
from tests.engine.house import CHIEF, CLERK, STRANGER, House, folder, form, question
from tests.engine.runtime.bpmn import (
    boundary,
    catch,
    end,
    flow,
    instances,
    message,
    node,
    path,
    properties,
    script,
    start,
    timer,
    user,
    xor,
)
from tests.engine.test_migrating import install, migrate
from tests.engine.test_operations import CLERKS

RULES = [("&lt; 100", '"small"', '"5wd"'), ("-", '"big"', '"10wd"')]
FACTS = """
[facts.amount]
type = "number"
label = "Amount"
[facts.secret]
label = "Secret"
sensitive = true
[facts.grade]
label = "Grade"
[facts.days]
label = "Days"
[deadlines.limit]
label = "Limit"
"""


def table(rules):
    rows = "".join(
        f'<rule id="r{n}"><inputEntry><text>{test}</text></inputEntry>'
        + "".join(f"<outputEntry><text>{cell}</text></outputEntry>" for cell in cells)
        + "</rule>"
        for n, (test, *cells) in enumerate(rules, 1)
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
        '<decision id="grading" name="grading"><decisionTable id="t" hitPolicy="FIRST">'
        '<input id="i"><inputExpression typeRef="number"><text>amount</text></inputExpression></input>'
        f'<output id="o1" name="grade"/><output id="o2" name="days"/>{rows}</decisionTable></decision></definitions>'
    )


def graded(
    condition='grade = "big"', rules=RULES, asked=("amount", "secret"), first="a", manifest="", more="", limit="=days"
):
    """Amount, grading by a table, a gateway, and a step with a limit."""
    files = folder(
        start(),
        user(first, camunda_formRef="a", **CLERKS),
        node("businessRuleTask", "grade", camunda_decisionRef="grading", camunda_mapDecisionResult="singleResult"),
        xor("is_big", "small"),
        user("b", **CLERKS),
        boundary("late", "b", properties(deadline="limit") + timer(limit)),
        end("done"),
        end("missed"),
        path("start", first, "grade", "is_big"),
        flow("is_big", "b", condition, "big"),
        flow("is_big", "done", name="small"),
        path("b", "done"),
        flow("late", "missed"),
        more,
        manifest=FACTS + manifest,
        forms={"a": form(*(each if isinstance(each, dict) else question(each) for each in asked))},
    )
    return files | {"decisions/grading.dmn": table(rules)}


@pytest.fixture
def house(tmp_path):
    made = House.build(tmp_path / "t.db")
    yield made
    made.database.bind.dispose()


def closed(house, amount, *, after=timedelta(days=1), secret="hidden"):  # noqa: S107 no password
    """A case with this amount, done with after so long."""
    case_id = house.start()
    house.do(case_id, next(iter(house.tasks(case_id))), amount=str(amount), secret=secret)
    if "b" in house.tasks(case_id):
        house.wait(days=after.days)
        if "b" in house.tasks(case_id):
            house.do(case_id, "b")
    return case_id


def asked(house, files, **more):
    with house.database.reads.begin() as session:
        return engine.replay(session, "p", files, actor=engine.SYSTEM, **more)


def told(house, files, **more):
    """Per case that differs: kind and element of each difference."""
    return {
        c.case_id: [(d.kind, d.element) for d in c.differences] for c in asked(house, files, **more).cases if c.differs
    }


def test_the_same_version_changes_nothing(house):
    house.install(graded())
    for amount in (50, 150):
        closed(house, amount)
    found = asked(house, graded()).cases
    assert [(case.points, case.differences, case.unjudged) for case in found] == [(3, (), ()), (2, (), ())]


def test_another_condition_names_exactly_the_cases_that_would_have_gone_another_way(house):
    house.install(graded())
    _small, big, huge = (closed(house, amount) for amount in (50, 150, 5000))
    house.start()  # runs: it is not the past
    draft = graded(condition='grade = "big" and amount &gt; 1000'.replace("&gt;", ">"))
    assert told(house, draft) == {big: [("way", "is_big")]}
    case = next(case for case in asked(house, draft).cases if case.case_id == big)
    way = case.differences[0]
    assert (way.then, way.now) == (["b"], ["done"])
    assert {(read.label, read.value) for read in way.reads} == {("Grade", "big"), ("Amount", 150)}
    assert case.goes_elsewhere and huge not in told(house, draft)


def test_another_rule_of_a_table_leads_on_to_the_gateway_behind_it(house):
    house.install(graded())
    cases = {amount: closed(house, amount) for amount in (50, 150, 250)}
    draft = graded(rules=[("&lt; 200", '"small"', '"5wd"'), *RULES[1:]])
    assert told(house, draft) == {cases[150]: [("value", "grade"), ("way", "is_big")]}
    value = next(c for c in asked(house, draft).cases if c.differs).differences[0]
    assert (value.then, value.now) == ({"Grade": "big", "Days": "10wd"}, {"Grade": "small", "Days": "5wd"})
    assert (value.rules_then, value.rules_now) == ((2,), (1,))


def test_another_limit_is_due_on_another_day_and_may_fire_earlier(house):
    house.install(graded())
    quick, slow = closed(house, 150), closed(house, 150, after=timedelta(days=9))
    draft = graded(rules=[*RULES[:1], ("-", '"big"', '"3wd"')])
    assert told(house, draft) == {each: [("value", "grade"), ("due", "late")] for each in (quick, slow)}
    found = {case.case_id: case.differences[1] for case in asked(house, draft).cases}
    assert [found[each].fires for each in (quick, slow)] == ["", "earlier"]
    start = found[quick].at.astimezone(engine.OFFICE).date()
    assert (found[quick].then - found[quick].at).days >= 13 and (found[quick].now.date() - start).days >= 3


def test_a_limit_that_fired_would_not_have_fired_yet(house):
    house.install(graded())
    missed = closed(house, 150, after=timedelta(days=20))
    found = asked(house, graded(limit="30d")).cases[0]
    assert [(d.kind, d.fires) for d in found.differences] == [("due", "later")]
    assert (found.case_id, found.goes_elsewhere) == (missed, True)


def test_after_the_first_other_way_nothing_more_is_said(house):
    house.install(graded())
    closed(house, 150)
    draft = graded(condition="false", limit="1d")
    assert list(told(house, draft).values()) == [[("way", "is_big")]]


def test_what_nobody_was_asked_then_is_not_guessed(house):
    house.install(graded())
    closed(house, 150)
    new = '[facts.urgent]\ntype = "boolean"\nlabel = "Urgent"\n'
    asks = ("amount", "secret", question("urgent", "checkbox", validate={"required": True}))
    found = asked(house, graded(condition="urgent", asked=asks, manifest=new)).cases[0]
    assert found.differences == () and found.refused == (("a", "urgent"),)
    assert [(each.code, each.element, each.about) for each in found.unjudged] == [
        ("not-asked-then", "is_big", "Urgent")
    ]


def test_a_gateway_that_finds_no_way_is_stuck(house):
    house.install(graded())
    closed(house, 150)
    draft = graded()
    draft["process.bpmn"] = draft["process.bpmn"].replace(' default="small"', "").replace('name="is_big-', 'name="x-')
    draft["process.bpmn"] = (
        draft["process.bpmn"]
        .replace('grade = "big"', 'grade = "huge"')
        .replace(
            'id="small" sourceRef="is_big" targetRef="done">',
            'id="small" sourceRef="is_big" targetRef="done"><bpmn:conditionExpression>false</bpmn:conditionExpression>',
        )
    )
    assert list(told(house, draft).values()) == [[("stuck", "is_big")]]


def test_renamed_and_vanished_elements(house):
    house.install(graded())
    closed(house, 150)
    renamed = graded(first="first")
    found = asked(house, renamed).cases[0]
    assert (found.differences, found.gone) == ((), ("a",))
    found = asked(house, renamed, mapping={"a": "first"}).cases[0]
    assert (found.differences, found.gone, found.unjudged) == ((), (), ())


def test_a_step_that_is_put_in_is_told_and_does_not_end_the_telling(house):
    house.install(graded())
    closed(house, 150)
    draft = graded(more=user("extra", **CLERKS) + flow("extra", "b"), condition="false")
    text = graded(more=user("extra", **CLERKS) + flow("extra", "grade"))["process.bpmn"]
    text = text.replace('id="a-grade" sourceRef="a" targetRef="grade"', 'id="a-grade" sourceRef="a" targetRef="extra"')
    draft = {**draft, "process.bpmn": text.replace('grade = "big"', "false")}
    assert list(told(house, draft).values()) == [[("step", "a"), ("way", "is_big")]]


def test_a_gateway_that_is_put_in_decides_on_the_values_of_then(house):
    house.install(graded())
    cases = [closed(house, amount) for amount in (50, 150)]
    text = graded(
        more=xor("early", "go") + flow("early", "done", "amount < 100", "stop") + flow("early", "grade", name="go")
    )
    text["process.bpmn"] = text["process.bpmn"].replace(
        'sourceRef="a" targetRef="grade"', 'sourceRef="a" targetRef="early"'
    )
    assert told(house, text) == {cases[0]: [("way", "a")]}


def test_what_is_kept_apart_is_never_told(house):
    files = graded(condition='secret = "hidden"')
    house.install(files)
    closed(house, 150)
    found = asked(house, graded(condition="secret != null")).cases[0]
    secret = next(read for read in found.differences[0].reads if read.name == "secret")
    assert (secret.value, secret.hidden) == (None, True)
    assert "hidden" not in repr(found).replace("hidden=", "")


def test_a_point_that_the_past_does_not_bear_out_is_not_judged(house):
    """Somebody changed the case beside the trail: what rests on that value is named and left alone."""
    house.install(graded())
    case_id = closed(house, 150)
    with house.writing() as session:
        data = loads(house.case(case_id).data)
        session.execute(update(Case).values(data=dumps({**data, "amount": 7})))
    found = asked(house, graded(condition="false")).cases[0]
    assert [(each.code, each.element, each.about) for each in found.unjudged] == [("value-lost", "grade", "Amount")]
    with house.writing() as session:
        event = session.scalar(select(Event).where(Event.kind == "task_completed").order_by(Event.seq).limit(1))
        detail = loads(event.detail)
        flows = ["small" if each == "big" else each for each in detail["flows"]]
        session.execute(
            update(Event)
            .where(Event.case_id == case_id, Event.seq == event.seq)
            .values(detail=dumps(detail | {"flows": flows}))
        )
    codes = [each.code for each in asked(house, graded(condition="false")).cases[0].unjudged]
    assert "another-way-then" in codes


def test_a_case_that_was_carried_over_is_asked_by_the_version_of_each_moment(house):
    house.install(graded())
    case_id = house.start()
    install(house, graded(condition="amount > 1000", first="first"))
    migrate(house, case_id, {"a": "first"})
    house.do(case_id, "first", amount="150", secret="x")
    found = asked(house, graded(condition="amount > 1000", first="first"), mapping={"a": "first"}).cases[0]
    assert (found.points, found.differences, found.unjudged) == (2, (), ())
    assert told(house, graded(first="first")) == {case_id: [("way", "is_big")]}


def test_corrections_and_reports_belong_to_the_past(house):
    body = (
        start(), user("a", camunda_formRef="a", **CLERKS),
        catch("heard", properties(role="clerk", formRef="m") + message("call")),
        script("sum", "total", "amount + more"), xor("g", "no"), end("yes"), end("no_end"),
        path("start", "a", "heard", "sum", "g"), flow("g", "yes", "total > 10", "over"), flow("g", "no_end", name="no"),
    )  # fmt: skip
    facts = "".join(f'[facts.{name}]\ntype = "number"\n' for name in ("amount", "more", "total"))
    files = folder(
        *body, manifest=facts, names="m:call", forms={"a": form(question("amount")), "m": form(question("more"))}
    )
    house.install(files)
    case_id = house.start()
    house.do(case_id, "a", amount="5")
    with house.writing() as session:
        engine.set_fact(session, case_id, "amount", 8, reason="typed wrong", actor=CHIEF, now=house.now)
    house.tell(case_id, "call", more="4")
    assert asked(house, files).cases[0].differences == asked(house, files).cases[0].unjudged == ()
    other = {**files, "process.bpmn": files["process.bpmn"].replace("total &gt; 10", "total &gt; 12")}
    assert told(house, other) == {case_id: [("way", "g")]}


def test_answers_of_repeated_steps_are_collected_as_they_were(house):
    body = (
        start(), user("each", instances("units", "unit", output="got"), camunda_formRef="e", **CLERKS),
        xor("g", "no"), end("yes"), end("no_end"), path("start", "each", "g"), flow("g", "no_end", name="no"),
        flow("g", "yes", 'some x in got satisfies x.unit = "n" and x.word = "ok"', "fine"),
    )  # fmt: skip
    facts = '[facts.got]\ntype = "list"\n[facts.units]\ntype = "list"\n'
    head = script("set", "units", '["n", "s"]')
    text = [each.replace('targetRef="each"', 'targetRef="set"') if "start-each" in each else each for each in body]
    files = folder(*text, head, flow("set", "each"), manifest=facts, forms={"e": form(question("word"))})
    house.install(files)
    case_id = house.start()
    for word in ("ok", "bad"):
        house.do(case_id, "each", word=word)
    found = asked(house, files).cases[0]
    assert (found.differences, found.unjudged) == ((), ())
    other = {**files, "process.bpmn": files["process.bpmn"].replace("&quot;ok&quot;", '"bad"').replace('"ok"', '"bad"')}
    assert len(asked(house, other).cases[0].differences) == 1


def test_a_few_at_a_time_the_newest_first_in_a_period_and_with_the_same_number_of_statements(house):
    house.install(graded())
    cases = [closed(house, 150) for _ in range(5)]
    first = asked(house, graded(), limit=3)
    rest = asked(house, graded(), limit=3, after=first.next)
    assert [case.case_id for case in (*first.cases, *rest.cases)] == cases[::-1] and rest.next == ""
    counted = []
    for limit in (1, 5):
        with house.counted() as count:
            asked(house, graded(), limit=limit)
        counted.append(count)
    assert counted[0] == counted[1] and counted[0]["statements"] <= 10
    day = house.case(cases[2]).closed_at.astimezone(engine.OFFICE).date()
    assert [case.case_id for case in asked(house, graded(), since=day, until=day).cases] == [cases[2]]
    with house.database.reads.begin() as session:
        assert engine.closed_cases(session, "p", since=day) == 3
        with pytest.raises(engine.NotFound):
            engine.replay(session, "p", graded(), actor=CLERK)


def test_only_whoever_may_see_a_case_is_told_which_it_is(house):
    house.install(graded())
    case_id = closed(house, 150)
    found = asked(house, graded(condition="false")).cases
    with house.database.reads.begin() as session:
        assert engine.replay_seen(session, found, CLERK) == {case_id}
        assert engine.replay_seen(session, found, STRANGER) == set()


def test_a_draft_that_cannot_run_is_refused(house):
    house.install(graded())
    closed(house, 150)
    with pytest.raises(engine.InvalidDefinition):
        asked(house, graded() | {"process.bpmn": "<broken"})
