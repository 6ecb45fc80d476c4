"""Repair with four eyes: somebody asks and says why, somebody else looks at what it would do now, and decides."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

import engine
from engine.model import ChangeRequest, Deadline, Person, PersonRole, SensitiveFact, Task, Timer
from scheduler.tick import tick
from tests.engine.house import CHIEF, CLERK, NOW, STRANGER, House, folder, form, question
from tests.engine.runtime.bpmn import boundary, end, flow, fork, message, path, properties, start, sub, timer, user, xor
from tests.engine.test_operations import CLERKS, failing, limited

HEAD = engine.Actor(9, "Head", frozenset([("head", "north")]))
SECOND = engine.Actor(10, "Second", frozenset([("head", "north")]))
FAR_HEAD = engine.Actor(8, "Far head", frozenset([("head", "south")]))

FACTS = """
[facts.amount]
type = "money"
label = "Amount"
[facts.count]
type = "integer"
label = "Count"
[facts.day]
type = "date"
label = "Day"
[facts.agreed]
type = "boolean"
label = "Agreed"
[facts.way]
type = "choice"
label = "Way"
[facts.secret]
type = "id_number"
label = "Secret"
sensitive = true
[facts.people]
type = "list"
label = "People"
[facts.people.fields.name]
type = "text"
label = "Name"
search = true
[facts.people.fields.phone]
type = "phone"
label = "Phone"
"""
WAY = question("way", "select", values=[{"value": "post", "label": "Post"}, {"value": "hand", "label": "Hand"}])
PEOPLE = {
    "type": "dynamiclist",
    "id": "people",
    "path": "people",
    "label": "People",
    "components": [question("name"), question("phone")],
}


def procedure() -> dict[str, str]:
    """a, then b with a deadline beside it, then two parallel branches, then the end."""
    return folder(
        start(),
        user("a", **CLERKS, camunda_formRef="a"),
        user("b", **CLERKS, camunda_formRef="b"),
        boundary("late", "b", properties(deadline="limit") + timer("10wd")),
        user("chase", **CLERKS),
        fork("g"),
        user("left", **CLERKS),
        user("right", **CLERKS),
        fork("j"),
        end("done", properties(outcome="good")),
        end("e2"),
        path("start", "a", "b", "g", "left", "j", "done"),
        path("g", "right", "j"),
        path("late", "chase", "e2"),
        manifest='[deadlines.limit]\nlabel = "Limit"\nbasis = "Article 1"\nremind = ["1wd"]\n'
        '[outcomes.good]\nlabel = "Good"\n' + FACTS,
        forms={
            "a": form(question("amount", "number"), question("secret"), WAY, PEOPLE),
            "b": form(
                question("count", "number", validate={"required": True}), question("day", "datetime", subtype="date")
            ),
        },
    )


@pytest.fixture
def desk(house: House):
    with house.writing() as session:
        for person in (HEAD, SECOND, FAR_HEAD):
            session.add(Person(id=person.id, username=person.name, name=person.name, created_at=NOW))
            session.flush()
            session.add_all(PersonRole(person_id=person.id, role=r, office=o) for r, o in person.roles)
    house.install(procedure())
    yield house
    with house.database.reads() as session:
        for case_id in session.scalars(select(ChangeRequest.case_id).distinct()):
            assert engine.inconsistencies(session, case_id, now=house.now) == []
    assert house.verify() == []


def ask(house, case_id, kind, actor=HEAD, reason="办错了", **arguments):
    with house.writing() as session:
        return engine.ask_change(session, case_id, kind, arguments, reason=reason, actor=actor, now=house.now)


def page(house, request, actor=SECOND):
    with house.database.reads() as session:
        return engine.change_page(session, request, actor, now=house.now)


def approve(house, request, actor=SECOND, seen=None, note=""):
    seen = seen if seen is not None else page(house, request, actor).fingerprint
    with house.writing() as session:
        return engine.approve_change(session, request, seen=seen, note=note, actor=actor, now=house.now)


def repair(house, case_id, kind, **arguments):
    approve(house, ask(house, case_id, kind, **arguments))


def token(house, case_id, element):
    with house.database.reads() as session:
        shown = engine.repair_page(session, case_id, HEAD, now=house.now)
    return next(str(place.token) for place in shown.places if place.element == element)


def request_of(house, number):
    with house.database.reads() as session:
        return session.get_one(ChangeRequest, number)


def at_b(house):
    case_id = house.start()
    house.do(case_id, "a", amount="5")
    return case_id


# --- who


def test_nobody_decides_on_their_own_request(desk: House):
    case_id = desk.start()
    number = ask(desk, case_id, "cancel")
    assert not page(desk, number, HEAD).may_decide and page(desk, number, HEAD).may_withdraw
    with pytest.raises(engine.OwnRequest):
        approve(desk, number, HEAD)
    with pytest.raises(engine.OwnRequest), desk.writing() as session:
        engine.refuse_change(session, number, note="x", actor=HEAD, now=desk.now)
    assert desk.case(case_id).status == "running" and request_of(desk, number).state == "open"
    approve(desk, number, note="同意")
    assert desk.case(case_id).status == "cancelled"
    row = request_of(desk, number)
    assert (row.state, row.asked_name, row.decided_name, row.note) == ("approved", "Head", "Second", "同意")
    [detail] = desk.details(case_id, "case_cancelled")
    assert (detail["asked_by"], detail["reason"], detail["note"]) == ("Head", "办错了", "同意")
    assert desk.events(case_id).count("change_asked") == 1


@pytest.mark.parametrize("actor", [CLERK, STRANGER, FAR_HEAD])
def test_only_those_who_lead_the_office_ask_see_and_decide(desk: House, actor):
    case_id = desk.start()
    with pytest.raises(engine.NotFound):
        ask(desk, case_id, "cancel", actor=actor)
    number = ask(desk, case_id, "cancel")
    for deed in (lambda: page(desk, number, actor), lambda: approve(desk, number, actor, seen="x")):
        with pytest.raises(engine.NotFound):
            deed()
    with desk.database.reads() as session:
        assert engine.change_requests(session, actor).rows == () and engine.changes_to_decide(session, actor) == 0
        assert engine.changes_to_decide(session, SECOND) == 1 and engine.changes_to_decide(session, HEAD) == 0
        assert engine.changes_to_decide(session, CHIEF) == 0, "this administrator leads nobody"


def test_a_request_is_decided_once(desk: House):
    case_id = desk.start()
    number = ask(desk, case_id, "cancel")
    with pytest.raises(engine.InvalidAnswers), desk.writing() as session:
        engine.refuse_change(session, number, note=" ", actor=SECOND, now=desk.now)
    with desk.writing() as session:
        engine.refuse_change(session, number, note="不必撤销", actor=SECOND, now=desk.now)
    for again in (lambda: approve(desk, number, seen="x"), lambda: withdraw(desk, number)):
        with pytest.raises(engine.TaskClosed):
            again()
    assert "change_refused" in desk.events(case_id) and desk.case(case_id).status == "running"


def withdraw(house, number, actor=HEAD):
    with house.writing() as session:
        engine.withdraw_change(session, number, actor=actor, now=house.now)


def test_only_who_asked_takes_it_back(desk: House):
    number = ask(desk, desk.start(), "cancel")
    with pytest.raises(engine.NotAllowed):
        withdraw(desk, number, SECOND)
    withdraw(desk, number)
    assert request_of(desk, number).state == "withdrawn"


def test_a_reason_is_required_and_what_cannot_be_done_is_refused_at_once(desk: House):
    case_id = desk.start()
    with pytest.raises(engine.InvalidAnswers):
        ask(desk, case_id, "cancel", reason="  ")
    with pytest.raises(engine.NotAllowed):
        ask(desk, case_id, "reopen", target="a")
    with pytest.raises(engine.NotFound):
        ask(desk, case_id, "explode")
    with desk.database.reads() as session:
        assert session.scalars(select(ChangeRequest)).all() == []


def test_a_case_that_has_moved_since_is_looked_at_again(desk: House):
    case_id = desk.start()
    number = ask(desk, case_id, "move", token=token(desk, case_id, "a"), target="b")
    seen = page(desk, number)
    assert seen.preview.ends == ("a",) and seen.preview.begins == ("b",) and not seen.has_moved
    with desk.writing() as session:
        engine.claim_task(session, desk.task(case_id, "a"), actor=CLERK, now=desk.now)
    assert page(desk, number).fingerprint == seen.fingerprint, "who has the task is not what the case is"
    desk.do(case_id, "a", amount="5")
    with pytest.raises(engine.CaseMoved):
        approve(desk, number, seen=seen.fingerprint)
    fresh = page(desk, number)
    assert fresh.has_moved and isinstance(fresh.refusal, engine.NotMovable) and fresh.preview is None
    with pytest.raises(engine.NotMovable) as error:
        approve(desk, number)
    with desk.writing() as session:
        engine.fail_change(session, number, error.value, actor=SECOND, now=desk.now)
    assert request_of(desk, number).state == "failed" and set(desk.tasks(case_id)) == {"b"}


# --- what


def test_moving_back_ends_the_deadline_and_moving_on_begins_it(desk: House):
    case_id = at_b(desk)
    number = ask(desk, case_id, "move", token=token(desk, case_id, "b"), target="a")
    [change] = page(desk, number).preview.deadlines
    assert (change.label, change.change) == ("Limit", "cancelled")
    approve(desk, number)
    assert set(desk.tasks(case_id)) == {"a"} and desk.deadlines(case_id)["limit"].status == "cancelled"
    with desk.database.reads() as session:
        assert session.scalars(select(Timer)).all() == []
    desk.do(case_id, "a", amount="6")
    desk.wait(days=20)
    assert set(desk.tasks(case_id)) == {"chase"}
    [detail] = desk.details(case_id, "token_moved")
    assert (detail["from_name"], detail["to_name"]) == ("b", "a")


def test_moving_within_the_branch_only(desk: House):
    case_id = at_b(desk)
    desk.do(case_id, "b", count="1")
    with pytest.raises(engine.NotMovable):
        ask(desk, case_id, "move", token=token(desk, case_id, "left"), target="a")
    with desk.database.reads() as session:
        places = engine.repair_page(session, case_id, HEAD, now=desk.now).places
    assert {p.element for p in places} == {"left", "right"}
    whys = {element: why for element, _, why in places[0].targets}
    assert whys["a"] == "move-parallel"


def test_a_task_is_skipped_with_what_is_known(desk: House):
    case_id = at_b(desk)
    with pytest.raises(engine.InvalidAnswers):
        ask(desk, case_id, "skip", task=str(desk.task(case_id, "b")), values={"count": "many"})
    number = ask(desk, case_id, "skip", task=str(desk.task(case_id, "b")), values={"day": "2026-03-04", "count": ""})
    assert page(desk, number).preview.begins == ("left", "right")
    approve(desk, number)
    facts = desk.facts(case_id)
    assert facts["day"] == date(2026, 3, 4) and facts["count"] is None
    assert desk.deadlines(case_id)["limit"].status == "met"
    [detail] = desk.details(case_id, "task_skipped")
    assert detail["answers"] == {"day": date(2026, 3, 4)}


def test_a_last_day_is_changed_with_its_timer(desk: House):
    case_id = at_b(desk)
    deadline = str(desk.deadlines(case_id)["limit"].id)
    for wrong in ({"last_day": "2026-01-01"}, {"last_day": "soon"}, {"last_day": "2026-04-01", "basis": ""}):
        with pytest.raises(engine.InvalidAnswers):
            ask(desk, case_id, "deadline", **{"deadline": deadline, "basis": "Decision 7"} | wrong)
    number = ask(desk, case_id, "deadline", deadline=deadline, last_day="2026-04-01", basis="Decision 7")
    [change] = page(desk, number).preview.deadlines
    assert (change.change, change.before, change.after) == ("moved", date(2026, 3, 16), date(2026, 4, 1))
    approve(desk, number)
    row = desk.deadlines(case_id)["limit"]
    assert (row.last_day, row.basis, row.remind_at.date()) == (date(2026, 4, 1), "Decision 7", date(2026, 3, 31))
    assert desk.case(case_id).due_at == row.due_at
    [detail] = desk.details(case_id, "deadline_corrected")
    assert (detail["was"], detail["last_day"]) == ("2026-03-16", "2026-04-01")
    desk.wait(days=20)
    assert set(desk.tasks(case_id)) == {"b"}
    desk.wait(days=15)
    assert set(desk.tasks(case_id)) == {"chase"}


def test_a_variable_is_corrected_as_it_is_declared(desk: House):
    case_id = desk.start()
    people = {"people": [{"name": "Li"}, {"name": "Wu", "phone": "13881700001"}]}
    desk.do(case_id, "a", amount="7", way="post", **people)
    for place, raw, value in (
        ("amount", "12,000.50", Decimal("12000.5")),
        ("count", "3", 3),
        ("day", "2026/3/5", date(2026, 3, 5)),
        ("agreed", "true", True),
        ("way", "hand", "hand"),
        ("people[1].phone", "13881700009", "13881700009"),
        ("amount", "", None),
    ):
        repair(desk, case_id, "fact", fact=place, value=raw)
        facts = desk.facts(case_id)
        assert (facts["people"][1]["phone"] if "people" in place else facts[place]) == value
        detail = desk.details(case_id, "fact_corrected")[-1]
        assert detail["after"] == value and detail["fact"] == place
    assert facts["people"] == [{"name": "Li", "phone": None}, {"name": "Wu", "phone": "13881700009"}]


def test_what_a_variable_cannot_hold_is_refused(desk: House):
    case_id = desk.start()
    desk.do(case_id, "a", amount="7", people=[{"name": "Li"}])
    for place, raw in (
        ("amount", "a lot"),
        ("count", "1.5"),
        ("day", "2026-02-31"),
        ("agreed", "perhaps"),
        ("way", "pigeon"),
        ("people", "x"),
        ("people[7].name", "x"),
        ("case", "x"),
        ("amount", "7"),
    ):
        with pytest.raises(engine.InvalidAnswers):
            ask(desk, case_id, "fact", fact=place, value=raw)


def test_a_sensitive_value_is_put_aside_and_forgotten_when_refused(desk: House):
    case_id = desk.start()
    desk.do(case_id, "a", amount="7", secret="511903198001011234")
    number = ask(desk, case_id, "fact", fact="secret", value="511903198001015678")
    assert "5678" not in str(request_of(desk, number).arguments)
    with desk.writing() as session:
        engine.refuse_change(session, number, note="no", actor=SECOND, now=desk.now)
    with desk.database.reads() as session:
        assert session.scalars(select(SensitiveFact.value)).all() == ["511903198001011234"]
    repair(desk, case_id, "fact", fact="secret", value="511903198001015678")
    with desk.database.reads() as session:
        shown = engine.repair_page(session, case_id, HEAD, now=desk.now)
    assert next(v.value for v in shown.variables if v.path == "secret") == "5119**********5678"
    assert "5678" not in str(desk.details(case_id, "fact_corrected"))


def test_a_corrected_variable_lets_a_failed_timer_try_again(house: House):
    house.install(
        folder(
            start(),
            user("a", **CLERKS),
            boundary("t", "a", timer("P1D"), interrupting=False),
            xor("x"),
            user("b", **CLERKS),
            end(),
            end("e2"),
            path("start", "a", "end"),
            path("t", "x"),
            flow("x", "b", "count > 1"),
            flow("x", "e2", "count < 1"),
            path("b", "e2"),
            manifest=FACTS,
        )
    )
    case_id = house.start()
    house.now = NOW + timedelta(days=1)
    assert tick(house.database, house.now, anchors=False).failed == 1
    repair(house, case_id, "fact", fact="count", value="2")
    assert tick(house.database, house.now, anchors=False).fired == 1
    assert set(house.tasks(case_id)) == {"a", "b"}


def test_an_incident_is_tried_again_with_another_value(house: House):
    files = failing()
    files["manifest.toml"] += FACTS.replace("facts.count", "facts.limit")
    house.install(files)
    case_id = house.start()
    task, answers = house.task(case_id, "a"), {"n": "5", "limit": ""}
    with pytest.raises(engine.RunFailed) as error, house.writing() as session:
        engine.complete_task(session, task, answers, actor=CLERK, now=house.now)
    with house.writing() as session:
        kept = {"task_id": str(task), "answers": {"n": "5"}}
        incident = engine.record_incident(
            session, "complete_task", kept, error.value, case_id=case_id, actor=CLERK, now=house.now
        )
    with pytest.raises(engine.InvalidAnswers):
        ask(house, case_id, "retry", incident=incident + 1)
    number = ask(house, case_id, "retry", incident=incident, fact="limit", value="1")
    assert page(house, number).preview is None and page(house, number).refusal is None
    approve(house, number)
    assert set(house.tasks(case_id)) == {"b"}
    with house.database.reads() as session:
        assert engine.incidents(session, CHIEF) == []
        assert engine.inconsistencies(session, case_id, now=house.now) == []
    assert {"fact_corrected", "task_completed", "incident_retried"} <= set(house.events(case_id))
    assert house.verify() == []


def test_a_finished_case_is_opened_again(desk: House):
    case_id = at_b(desk)
    desk.do(case_id, "b", count="1")
    desk.do(case_id, "left")
    desk.do(case_id, "right")
    assert desk.case(case_id).status == "completed" and desk.case(case_id).outcome == "good"
    with pytest.raises(engine.NotMovable):
        ask(desk, case_id, "reopen", target="left")
    with pytest.raises(engine.NotAllowed):
        ask(desk, case_id, "cancel")
    repair(desk, case_id, "reopen", target="b")
    case = desk.case(case_id)
    assert (case.status, case.outcome, case.closed_at) == ("running", None, None)
    assert set(desk.tasks(case_id)) == {"b"} and case.due_at is not None
    desk.do(case_id, "b", count="2")
    desk.do(case_id, "left")
    desk.do(case_id, "right")
    assert desk.case(case_id).status == "completed" and desk.case(case_id).outcome == "good"


def test_a_cancelled_case_is_opened_again(desk: House):
    case_id = at_b(desk)
    repair(desk, case_id, "cancel")
    assert desk.tasks(case_id) == {} and desk.deadlines(case_id)["limit"].status == "cancelled"
    repair(desk, case_id, "reopen", target="a")
    assert set(desk.tasks(case_id)) == {"a"} and desk.case(case_id).status == "running"


def test_a_sub_process_with_its_deadline_moves_as_a_whole(desk: House):
    files = limited()
    files["manifest.toml"] = files["manifest.toml"].replace('"p"', '"whole"')
    files["process.bpmn"] = files["process.bpmn"].replace('id="p"', 'id="whole"')
    desk.install(files)
    case_id = desk.start("whole")
    repair(desk, case_id, "move", token=token(desk, case_id, "sp"), target="chase")
    assert set(desk.tasks(case_id)) == {"chase"} and desk.deadlines(case_id)["limit"].status == "cancelled"
    repair(desk, case_id, "move", token=token(desk, case_id, "chase"), target="sp")
    assert set(desk.tasks(case_id)) == {"work"}
    repair(desk, case_id, "move", token=token(desk, case_id, "work"), target="pause")
    with desk.database.reads() as session:
        status = select(Deadline.status).where(Deadline.case_id == case_id).order_by(Deadline.start_at)
        assert sorted(session.scalars(status)) == ["cancelled", "stopped"]


def test_a_look_changes_nothing(desk: House):
    case_id = at_b(desk)
    revision = desk.case(case_id).revision
    with desk.writing() as session:
        arguments = {"token": token(desk, case_id, "b"), "target": "done"}
        shown = engine.preview_change(session, case_id, "move", arguments, HEAD, now=desk.now)
    assert shown.is_over and shown.outcome == "Good" and shown.current == () and shown.gone == ("b",)
    with desk.writing() as session:
        engine.preview_change(session, case_id, "cancel", {}, HEAD, now=desk.now)
    assert desk.case(case_id).revision == revision and desk.case(case_id).status == "running"


# --- the check itself


def test_rows_that_do_not_say_what_the_tree_says_are_found(desk: House):
    files = folder(
        start(),
        sub("sp", start("s"), user("in", **CLERKS), end("e"), path("s", "in", "e")),
        boundary("m", "sp", message("paid"), interrupting=False),
        end(),
        end("e2"),
        path("start", "sp", "end"),
        path("m", "e2"),
        names="m:paid",
        name="q",
    )
    desk.install(files)
    case_id, other = at_b(desk), desk.start("q")

    def found(which):
        with desk.database.reads() as session:
            return engine.inconsistencies(session, which, now=desk.now)

    assert found(case_id) == found(other) == []
    for statement, which, word in (
        (update(Task).where(Task.case_id == case_id).values(element="a"), case_id, "tasks"),
        (update(Task).where(Task.case_id == case_id).values(due_at=None), case_id, "due dates"),
        (update(Timer).values(due_at=NOW), case_id, "timers"),
        (update(Timer).values(attempts=1, due_at=NOW), case_id, ""),
        (update(engine.model.Subscription).values(name="x"), other, "subscriptions"),
        (update(engine.model.Case).values(status="completed"), case_id, "completed"),
        (update(engine.model.Case).values(due_at=None), case_id, "the case's due date"),
    ):
        with desk.database.sessions() as session:
            session.execute(statement)
            problems = engine.inconsistencies(session, which, now=desk.now)
            assert ([] if not word else [True]) == [word in text for text in problems][:1], (word, problems)
            session.rollback()
