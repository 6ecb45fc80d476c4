"""A case in its rows: one commit, few statements whatever the age of the case, nobody overwrites anybody."""

from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

import engine
from engine import store
from engine.model import Case, Event, SensitiveFact, Subscription, Task, Timer
from tests.engine.house import CLERK, House, folder, form, question
from tests.engine.runtime.bpmn import (
    boundary,
    end,
    flow,
    instances,
    message,
    model,
    path,
    start,
    timer,
    user,
    xor,
)

LIMIT = 12  # statements of one completion
LOOP = folder(
    start(),
    xor("m"),
    user("work", camunda_candidateGroups="clerk", camunda_formRef="work"),
    boundary("late", "work", timer("P30D")),
    boundary("note", "work", message("note"), interrupting=False),
    user("noted", camunda_candidateGroups="clerk"),
    user("chase", camunda_candidateGroups="clerk"),
    xor("x", "again"),
    end(),
    end("e2"),
    end("e3"),
    path("start", "m", "work", "x"),
    flow("x", "end", "good"),
    flow("x", "m", name="again"),
    path("late", "chase", "e2"),
    path("note", "noted", "e3"),
    names="m:note",
    forms={"work": form(question("good", "checkbox"), question("remark"))},
    manifest='[facts.remark]\ntype = "text"\nsearch = true\n',
)
PLAIN = folder(
    start(),
    user("a", camunda_candidateGroups="clerk", camunda_formRef="a"),
    user("b", camunda_candidateGroups="clerk"),
    end(),
    path("start", "a", "b", "end"),
    forms={"a": form(question("word"))},
)


def test_one_commit_and_few_statements_at_any_age(house: House):
    """The cost is the same for the fifth event of a case and for its three hundredth."""
    case_id = house.start(house.install(LOOP))
    counts: dict[int, int] = {}
    while (age := house.case(case_id).event_count) < 320:
        with house.counted() as found:
            task = house.task(case_id, "work")
            before = found["statements"]
            with house.writing() as session:
                engine.complete_task(
                    session, task, {"good": False, "remark": "x"}, actor=CLERK, now=house.now, key=f"k{age}"
                )
            counts[age] = found["statements"] - before
            commits = found["commits"]
        assert commits == 1
    assert max(counts.values()) <= LIMIT
    young = [count for age, count in counts.items() if 5 < age < 20]
    old = [count for age, count in counts.items() if age > 300]
    assert set(young) == set(old)


def test_other_cases_do_not_make_a_step_dearer(house: House):
    house.install(LOOP)
    first = house.start()
    with house.counted() as alone:
        house.do(first, "work", good=False)
    for _ in range(30):
        house.start()
    with house.counted() as crowded:
        house.do(first, "work", good=False)
    assert alone == crowded


def test_the_rows_follow_from_the_state(house: House):
    house.install(LOOP)
    case_id = house.start()
    for turn in range(3):
        house.do(case_id, "work", good=turn == 5)
    with house.database.reads() as session:
        state = store.load(session, case_id, actor=CLERK, now=house.now).before
        assert {row.id for row in session.scalars(select(Task))} == {task.id for task in state.tasks}
        assert {row.id: row.due_at for row in session.scalars(select(Timer))} == {
            k: v[1] for k, v in state.timers.items()
        }
        assert {row.name for row in session.scalars(select(Subscription))} == {wait.name for wait in state.events}
    house.do(case_id, "work", good=True)
    with house.database.reads() as session:
        for table in (Task, Timer, Subscription):
            assert session.scalars(select(table)).all() == []
    assert house.case(case_id).status == "completed"
    assert house.verify() == []


def test_the_slower_of_two_hands_is_told(house: House):
    """Both have read the same revision; whoever writes second changes nothing."""
    house.install(PLAIN)
    case_id = house.start()
    task = house.task(case_id, "a")
    with house.database.reads() as slow:
        loaded = store.load_task(slow, task, actor=CLERK, now=house.now)
        loaded.turn.complete(task, {"word": "slow"})
    house.do(case_id, "a", word="fast")
    with pytest.raises(engine.CaseChanged), house.writing() as session:
        store.save(session, loaded, "task_completed", {}, actor=CLERK, now=house.now)
    assert house.facts(case_id)["word"] == "fast"
    assert house.events(case_id).count("task_completed") == 1


def test_two_threads_and_one_task(house: House):
    house.install(PLAIN)
    results: list[Any] = []
    case_id = house.start()
    task = house.task(case_id, "a")

    def hand(word: str) -> None:
        try:
            with house.writing() as session:
                engine.complete_task(session, task, {"word": word}, actor=CLERK, now=house.now)
            results.append(word)
        except engine.CaseChanged as error:
            results.append(type(error))

    threads = [Thread(target=hand, args=(f"w{k}",)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [result for result in results if isinstance(result, str)]
    assert [result for result in results if result != winner] == [engine.TaskClosed] * 5
    assert house.facts(case_id)["word"] == winner


def test_what_fails_half_way_leaves_nothing(house: House):
    house.install(PLAIN)
    case_id = house.start()
    before = house.case(case_id)

    class Stop(Exception):
        pass

    with pytest.raises(Stop), house.writing() as session:  # noqa: PT012 it fails after the verb
        engine.complete_task(session, house.task(case_id, "a"), {"word": "x"}, actor=CLERK, now=house.now)
        raise Stop
    after = house.case(case_id)
    assert (after.revision, after.event_count, after.data, after.state) == (
        before.revision, before.event_count, before.data, before.state,
    )  # fmt: skip
    assert set(house.tasks(case_id)) == {"a"}
    assert house.verify() == []


def test_numbers_have_no_gap_when_a_start_fails(house: House):
    files = folder(
        start(),
        user("a", camunda_candidateGroups="clerk"),
        end(),
        path("start", "a", "end"),
        manifest='[number]\nkind = "K"\npattern = "{short}-{year}-{seq:03d}"\n',
    )
    house.install(files)
    numbers = []
    for turn in range(6):
        try:
            with house.writing() as session:
                numbers.append(engine.start_case(session, "p", {}, office="north", actor=CLERK, now=house.now).number)
                if turn % 2:
                    numbers.pop()
                    raise RuntimeError  # noqa: TRY301 as anything may
        except RuntimeError:
            pass
    assert numbers == ["N-2026-001", "N-2026-002", "N-2026-003"]


def test_sensitive_values_are_kept_apart(house: House):
    manifest = """
[facts.secret]
type = "text"
sensitive = true
search = true
[facts.guests]
type = "list"
[facts.guests.fields.name]
type = "text"
[facts.guests.fields.phone]
type = "phone"
sensitive = true
"""
    rows = {
        "type": "dynamiclist",
        "id": "guests",
        "path": "guests",
        "label": "Guests",
        "components": [question("name"), question("phone")],
    }
    house.install(
        folder(
            start(),
            user("a", camunda_candidateGroups="clerk", camunda_formRef="a"),
            user("b", camunda_candidateGroups="clerk"),
            end(),
            path("start", "a", "b", "end"),
            manifest=manifest,
            forms={"a": form(question("secret"), rows)},
        )
    )
    case_id = house.start()
    house.do(case_id, "a", secret="hush-hush", guests=[{"name": "Ann", "phone": "13800138000"}])
    with house.database.reads() as session:
        case = session.get_one(Case, case_id)
        events = " ".join(session.scalars(select(Event.detail)))
        kept = {row.fact: row.value for row in session.scalars(select(SensitiveFact))}
        raw = session.connection().exec_driver_sql("SELECT group_concat(body) FROM case_search").scalar()
        for place in (case.data, events, case.title, raw, bytes(case.state).decode("latin-1")):
            assert "hush" not in place and "13800138000" not in place
        assert kept == {"secret": "hush-hush", "guests[0].phone": "13800138000"}
        page = engine.task_page(session, house.task(case_id, "b"), CLERK, now=house.now)
        assert page.answers["secret"] == "hush-hush"
        shown = engine.case_page(session, case_id, CLERK, now=house.now)
        assert "hush-hush" not in str(shown)


def test_items_of_an_instance_reach_the_form(house: House):
    house.install(
        folder(
            start(),
            user("each", instances("rows", "row"), camunda_candidateGroups="clerk"),
            end(),
            path("start", "each", "end"),
            forms={"new": form(question("n", "number"))},
            manifest='form = "new"\n',
        )
        | {"process.bpmn": model_with_rows()}
    )
    case_id = house.start(n=1)
    with house.database.reads() as session:
        pages = [
            engine.task_page(session, task, CLERK, now=house.now)
            for task in session.scalars(select(Task.id).where(Task.case_id == case_id))
        ]
    assert sorted(page.answers["row"] for page in pages) == [1, 2]


def model_with_rows() -> str:
    from tests.engine.runtime.bpmn import script

    return model(
        start(),
        script("make", "rows", "[n, n + 1]"),
        user("each", instances("rows", "row"), camunda_candidateGroups="clerk"),
        end(),
        path("start", "make", "each", "end"),
    )
