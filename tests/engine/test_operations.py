"""The clock and the machinery: deadlines, reminders, effects between cases, incidents."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import engine
from engine.model import CaseLink, Effect, Timer
from tests.engine.house import CHIEF, CLERK, NOW, OTHER, House, folder, form, question
from tests.engine.runtime.bpmn import (
    boundary,
    catch,
    end,
    flow,
    fork,
    message,
    node,
    path,
    properties,
    script,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)

LIMIT = """
[deadlines.limit]
label = "Limit"
basis = "Article 1"
status = "confirmed"
remind = ["3wd", "1wd"]
"""
CLERKS = {"camunda_candidateGroups": "clerk"}


def limited() -> dict[str, str]:
    """A sub-process with a legal deadline; `pause` stops its clock, `more` extends it."""
    inner = (
        start("s"),
        user("work", **CLERKS, camunda_formRef="work"),
        xor("x", "done"),
        user("pause", properties(stop_clock="limit"), **CLERKS),
        node(
            "scriptTask",
            "more",
            properties(extend="limit", extend_by="5wd", extend_reason='="because"') + "<bpmn:script>null</bpmn:script>",
            scriptFormat="feel",
        ),
        end("e"),
        path("s", "work", "x"),
        flow("x", "pause", 'next = "pause"'),
        flow("x", "more", 'next = "more"'),
        flow("x", "e", name="done"),
        path("pause", "work"),
        path("more", "work"),
    )
    return folder(
        start(),
        sub("sp", *inner),
        boundary("late", "sp", properties(deadline="limit") + timer("10wd")),
        user("chase", **CLERKS),
        end(),
        end("e2"),
        path("start", "sp", "end"),
        path("late", "chase", "e2"),
        manifest=LIMIT,
        forms={"work": form(question("next"))},
    )


def test_a_deadline_runs_and_is_met(house: House):
    house.install(limited())
    case_id = house.start()
    row = house.deadlines(case_id)["limit"]
    assert (row.label, row.basis, row.status, row.source_status) == ("Limit", "Article 1", "running", "confirmed")
    assert row.last_day == date(2026, 3, 16)
    assert house.case(case_id).due_at == row.due_at
    with house.database.reads() as session:
        assert session.scalars(select(Timer.due_at)).all() == [row.due_at]
        [line] = engine.inbox(session, CLERK, view="claimable", now=house.now).rows
        assert line.due is not None and line.due.last_day == row.last_day
    house.do(case_id, "work", next="")
    row = house.deadlines(case_id)["limit"]
    assert (row.status, row.ended_at, row.remind_at) == ("met", house.now, None)
    assert [k for k in house.events(case_id) if "deadline" in k] == ["deadline_started", "deadline_met"]


def test_a_deadline_stops_resumes_and_is_extended(house: House):
    house.install(limited())
    case_id = house.start()
    house.do(case_id, "work", next="pause")
    row = house.deadlines(case_id)["limit"]
    assert (row.status, row.due_at) == ("stopped", None)
    with house.database.reads() as session:
        assert session.scalars(select(Timer)).all() == []
    house.wait(days=30)
    assert set(house.tasks(case_id)) == {"pause"}, "a stopped clock does not expire"
    house.do(case_id, "pause")
    resumed = house.deadlines(case_id)["limit"]
    assert resumed.status == "running"
    assert resumed.last_day > date(2026, 4, 1)
    house.do(case_id, "work", next="more")
    extended = house.deadlines(case_id)["limit"]
    assert extended.last_day > resumed.last_day
    assert extended.extensions == [["5wd", "because"]]
    with house.database.reads() as session:
        assert session.scalars(select(Timer.due_at)).all() == [extended.due_at]
    kinds = [k.removeprefix("deadline_") for k in house.events(case_id) if "deadline" in k]
    assert [k for k in kinds if k != "reminded"] == ["started", "stopped", "resumed", "extended"]
    house.wait(days=60)
    assert set(house.tasks(case_id)) == {"chase"}
    assert house.deadlines(case_id)["limit"].status == "expired"
    assert house.verify() == []


def test_reminders_come_once_each_and_in_a_downtime_once(house: House):
    house.install(limited())
    first, second = house.start(), house.start()
    house.now = NOW + timedelta(days=9, hours=12)
    house.tick()
    house.wait(days=3)
    assert house.events(first).count("deadline_reminded") == 2
    third = house.start()
    house.now += timedelta(days=30)
    house.tick()
    assert house.events(third).count("deadline_reminded") <= 1
    assert house.events(third).count("timer_fired") == 1
    assert house.events(second).count("timer_fired") == 1


def test_a_look_at_the_clock_that_finds_nothing_changes_nothing(house: House):
    house.install(limited())
    case_id = house.start()
    before = house.case(case_id)
    with house.writing() as session:
        engine.fire_timers(session, case_id, now=house.now)
    assert house.case(case_id).revision == before.revision


# --- effects between cases


def talking() -> tuple[dict[str, str], dict[str, str]]:
    asks = folder(
        start(),
        user("a", **CLERKS),
        throw("ask", properties(payload="={topic: number}") + message("asked")),
        catch("hear", message("answered")),
        user("b", **CLERKS),
        end(),
        path("start", "a", "ask", "hear", "b", "end"),
        names="m:asked m:answered",
        name="asks",
    )
    answers = folder(
        start("begin", message("asked")),
        user("c", **CLERKS, camunda_formRef="c"),
        end("reply", properties(payload="={verdict: word}") + message("answered")),
        path("begin", "c", "reply"),
        names="m:asked m:answered",
        name="answers",
        forms={"c": form(question("word"))},
        roles="[]",
    )
    asks["process.bpmn"] = asks["process.bpmn"].replace("={topic: number}", "={topic: case.number}")
    return asks, answers


def test_a_message_opens_a_linked_case_and_the_answer_comes_back(house: House):
    for files in talking():
        house.install(files)
    asking = house.start("asks")
    house.do(asking, "a")
    house.tick()
    with house.database.reads() as session:
        link = session.scalars(select(CaseLink)).one()
    assert (link.source_id, link.kind) == (asking, "asked")
    assert house.facts(link.target_id)["topic"] == house.case(asking).number
    house.do(link.target_id, "c", word="yes")
    house.tick()
    assert set(house.tasks(asking)) == {"b"}
    assert house.facts(asking)["verdict"] == "yes"
    assert "message_received" in house.events(asking)
    assert house.verify() == []


def test_a_message_waits_until_somebody_waits_for_it(house: House):
    asks, answers = talking()
    asks["process.bpmn"] = asks["process.bpmn"].replace("hear-b", "xx").replace("ask-hear", "yy")
    slow = folder(
        start(),
        throw("ask", message("asked")),
        user("busy", **CLERKS),
        catch("hear", message("answered")),
        user("b", **CLERKS),
        end(),
        path("start", "ask", "busy", "hear", "b", "end"),
        names="m:asked m:answered",
        name="asks",
    )
    house.install(slow)
    house.install(answers)
    asking = house.start("asks")
    house.tick()
    with house.database.reads() as session:
        target = session.scalars(select(CaseLink.target_id)).one()
    house.do(target, "c", word="early")
    house.wait(minutes=5)
    assert set(house.tasks(asking)) == {"busy"}
    house.do(asking, "busy")
    house.wait(hours=2)
    assert set(house.tasks(asking)) == {"b"}
    assert house.facts(asking)["verdict"] == "early"


def test_a_message_that_nobody_waits_for_is_not_asked_about_at_every_look(house: House):
    _, answers = talking()
    house.install(
        folder(
            start(),
            throw("ask", message("asked")),
            user("busy", **CLERKS),
            catch("hear", message("answered")),
            end(),
            path("start", "ask", "busy", "hear", "end"),
            names="m:asked m:answered",
            name="asks",
        )
    )
    house.install(answers)
    asking = house.start("asks")
    house.tick()
    with house.database.reads() as session:
        target = session.scalars(select(CaseLink.target_id)).one()
    house.do(target, "c", word="early")
    house.tick()
    house.now += timedelta(hours=3)
    with house.database.reads() as session:
        assert engine.due_effects(session, now=house.now) == []
    house.do(asking, "busy")  # now somebody waits: at once
    house.tick()
    assert house.tasks(asking) == {} and house.facts(asking)["verdict"] == "early"


def test_an_effect_is_carried_out_once(house: House):
    for files in talking():
        house.install(files)
    asking = house.start("asks")
    house.do(asking, "a")
    with house.database.reads() as session:
        effect_id = session.scalars(select(Effect.id)).one()
    for _ in range(3):
        with house.writing() as session:
            assert engine.deliver_effect(session, effect_id, now=house.now)
    with house.database.reads() as session:
        assert len(session.scalars(select(CaseLink)).all()) == 1


def test_an_effect_that_fails_backs_off_and_becomes_an_incident(house: House):
    house.install(
        folder(
            start(),
            node("serviceTask", "call", camunda_type="external", camunda_topic="mystery"),
            user("a", **CLERKS),
            end(),
            path("start", "call", "a", "end"),
        )
    )
    case_id = house.start()
    assert set(house.tasks(case_id)) == {"a"}, "the case goes on at once"
    with house.database.reads() as session:
        effect_id = session.scalars(select(Effect.id)).one()
    waits = []
    for _ in range(8):
        with pytest.raises(engine.RunFailed) as error, house.writing() as session:
            engine.deliver_effect(session, effect_id, now=house.now)
        with house.writing() as session:
            engine.fail_effect(session, effect_id, error.value, now=house.now)
            waits.append(session.get_one(Effect, effect_id).next_at - house.now)
    assert waits == sorted(waits) and waits[0] < waits[-1] <= timedelta(hours=1)
    with house.database.reads() as session:
        assert session.get_one(Effect, effect_id).state == "dead"
        [incident] = engine.incidents(session, CHIEF)
    calls: list[str] = []
    with house.writing() as session:
        effect = session.get_one(Effect, effect_id)
        effect.state = "pending"
        session.flush()
        handlers = {"mystery": lambda _session, key, _payload: calls.append(key)}
        assert engine.deliver_effect(session, effect_id, now=house.now, handlers=handlers)
    assert len(calls) == 1
    assert incident.verb == "deliver_effect"


def test_a_signal_reaches_every_case_that_waits_and_only_once(house: House):
    waits = folder(
        start(),
        catch("hear", signal("flood")),
        user("b", **CLERKS),
        end(),
        path("start", "hear", "b", "end"),
        names="s:flood",
        name="waits",
    )
    cries = folder(start(), end("cry", signal("flood")), path("start", "cry"), names="s:flood", name="cries")
    house.install(waits)
    house.install(cries)
    waiting = [house.start("waits") for _ in range(3)]
    house.start("cries")
    house.tick()
    assert all(set(house.tasks(case_id)) == {"b"} for case_id in waiting)
    assert all(house.events(case_id).count("signal_received") == 1 for case_id in waiting)
    with house.database.reads() as session:
        assert session.scalars(select(Effect.state)).one() == "done"


# --- incidents


def failing() -> dict[str, str]:
    return folder(
        start(),
        user("a", **CLERKS, camunda_formRef="a"),
        script("divide", "share", "if n = null then fail else 10 / n"),
        xor("x"),
        user("b", **CLERKS),
        end(),
        path("start", "a", "divide", "x"),
        flow("x", "b", "share > limit"),
        path("b", "end"),
        forms={"a": form(question("n", "number"), question("limit", "number"))},
    )


def test_an_incident_keeps_the_answers_and_a_retry_carries_them_out(house: House):
    house.install(
        folder(
            start(),
            user("a", **CLERKS, camunda_formRef="a"),
            xor("x"),
            user("b", **CLERKS),
            user("c", **CLERKS),
            end(),
            path("start", "a", "x"),
            flow("x", "b", "n > limit"),
            flow("x", "c", "n < limit"),
            path("b", "end"),
            path("c", "end"),
            forms={"a": form(question("n", "number"))},
        )
    )
    case_id = house.start()
    with house.writing() as session:
        engine.set_fact(session, case_id, "limit", 5, reason="set up", actor=CHIEF, now=house.now)
    task, answers = house.task(case_id, "a"), {"n": "5"}
    with pytest.raises(engine.RunFailed) as error, house.writing() as session:
        engine.complete_task(session, task, answers, actor=CLERK, now=house.now, key="k")
    assert error.value.element == "x"
    assert set(house.tasks(case_id)) == {"a"}, "nothing was saved"
    with house.writing() as session:
        number = engine.record_incident(
            session,
            "complete_task",
            {"task_id": str(task), "answers": answers},
            error.value,
            case_id=case_id,
            actor=CLERK,
            now=house.now,
        )
    with house.database.reads() as session:
        [incident] = engine.incidents(session, CHIEF)
        assert (incident.element, incident.verb, incident.case_id) == ("x", "complete_task", case_id)
        assert incident.arguments["answers"] == answers
        assert engine.incidents(session, OTHER) == []
    for who, wrong in ((CLERK, engine.NotAllowed), (CHIEF, engine.RunFailed)):
        with pytest.raises(wrong), house.writing() as session:
            engine.retry_incident(session, number, actor=who, now=house.now)
    with house.writing() as session:
        engine.set_fact(session, case_id, "limit", 3, reason="corrected", actor=CHIEF, now=house.now)
    with house.writing() as session:
        engine.retry_incident(session, number, actor=CHIEF, now=house.now)
    assert set(house.tasks(case_id)) == {"b"}
    assert house.facts(case_id)["n"] == 5
    with house.database.reads() as session:
        assert engine.incidents(session, CHIEF) == []
    with pytest.raises(engine.NotFound), house.writing() as session:
        engine.retry_incident(session, number, actor=CHIEF, now=house.now)


def test_an_incident_is_dropped_with_a_reason_only(house: House):
    house.install(failing())
    case_id = house.start()
    with house.writing() as session:
        number = engine.record_incident(
            session,
            "fire_timers",
            {"case_id": str(case_id)},
            ValueError("x"),
            case_id=case_id,
            actor=CLERK,
            now=house.now,
        )
    with pytest.raises(engine.NotAllowed), house.writing() as session:
        engine.drop_incident(session, number, reason=" ", actor=CHIEF, now=house.now)
    with house.writing() as session:
        engine.drop_incident(session, number, reason="done by hand", actor=CHIEF, now=house.now)
    with house.database.reads() as session:
        assert engine.incidents(session, CHIEF) == []


def test_a_timer_that_fails_backs_off(house: House):
    house.install(
        folder(
            start(),
            fork("g"),
            user("a", **CLERKS),
            catch("t", timer("P1D")),
            xor("x"),
            user("b", **CLERKS),
            end(),
            path("start", "g", "a", "end"),
            path("g", "t", "x"),
            flow("x", "b", "never"),
            flow("x", "end", "never"),
        )
    )
    case_id = house.start()
    house.now += timedelta(minutes=1)
    other = house.start()
    house.now += timedelta(days=1)
    for attempt in range(1, 4):
        with house.database.reads() as session:
            assert case_id in engine.due_cases(session, now=house.now)
        with pytest.raises(engine.RunFailed), house.writing() as session:
            engine.fire_timers(session, case_id, now=house.now)
        with house.writing() as session:
            engine.postpone_timers(session, case_id, now=house.now)
        with house.database.reads() as session:
            assert case_id not in engine.due_cases(session, now=house.now)
            row = session.scalars(select(Timer).where(Timer.case_id == case_id)).one()
            assert row.attempts == attempt
            house.now = row.due_at
    with house.database.reads() as session:
        assert other in engine.due_cases(session, now=house.now)
    assert house.verify() == []
