"""Running cases on another version: what is kept, what is refused and why, and the way back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import engine
from engine.model import Case, CaseMigration, Deadline, Draft, Stay, Task, Timer, Version
from tests.engine.house import CHIEF, OTHER, House, folder, form, question
from tests.engine.runtime.bpmn import (
    boundary,
    catch,
    end,
    flow,
    fork,
    instances,
    message,
    node,
    path,
    properties,
    script,
    start,
    sub,
    timer,
    user,
)
from tests.engine.test_operations import CLERKS

LIMIT = '[deadlines.limit]\nlabel = "Limit"\nbasis = "Article 1"\nremind = ["1wd"]\n'
NAMES = "m:call"


def asks(element: str, inner: str = "", **more: str) -> str:
    return user(element, inner, **CLERKS, **more)


def plain(*steps: str, on: str = "b", days: str = "10wd", more: str = "", manifest: str = LIMIT, **files):
    """Steps one after the other; one of them has a limit."""
    return folder(
        start(),
        *(asks(step, camunda_formRef=step) for step in steps),
        boundary("late", on, properties(deadline="limit") + timer(days)),
        more,
        end("done"),
        end("missed"),
        path("start", *steps, "done"),
        flow("late", "missed"),
        manifest=manifest,
        forms={step: form(question(f"of_{step}")) for step in steps},
        names=NAMES,
        **files,
    )


def install(house: House, files) -> str:
    """The digest of a further version, which new cases use."""
    with house.writing() as session:
        for version in session.scalars(select(Version)):
            version.active = version.digest == engine.define(files).digest
        known = session.scalar(select(Version.id).where(Version.active))
    if known is None:
        house.install(files)
    return engine.define(files).digest


def migrate(house, case_id, mapping=None, to="", actor=CHIEF, reason="新法施行"):
    with house.writing() as session:
        return engine.migrate_case(session, case_id, to, mapping or {}, reason=reason, actor=actor, now=house.now)


def undo(house, case_id):
    with house.writing() as session:
        return engine.undo_migration(session, case_id, reason="弄错了", actor=CHIEF, now=house.now)


def why_not(house, case_id, mapping=None):
    """The codes of what speaks against carrying the case over; nothing has changed afterwards."""
    with house.database.reads() as session:
        source = session.scalar(
            select(Version.digest).join(Case, Case.version_id == Version.id).where(Case.id == case_id)
        )
        plan = engine.plan_migration(session, "p", source, "", mapping, now=house.now)
    codes = [why.code for each in plan.cases if each.case_id == case_id for why in each.refusals]
    if codes:
        with pytest.raises(engine.NotMigratable) as caught:
            migrate(house, case_id, mapping)
        assert caught.value.params["reasons"] == codes
    else:
        migrate(house, case_id, mapping)
    sound(house, case_id)
    return codes


def sound(house, case_id):
    with house.database.reads() as session:
        assert engine.inconsistencies(session, case_id, now=house.now) == []
    assert house.verify() == []


def rows(house, case_id):
    """What must not change: tasks with due date and holder, deadlines, instants."""
    with house.database.reads() as session:
        tasks = session.execute(
            select(Task.id, Task.due_at, Task.assignee, Task.office, Task.deadline).where(Task.case_id == case_id)
        )
        timers = session.execute(select(Timer.id, Timer.due_at).where(Timer.case_id == case_id))
        columns = (Deadline.id, Deadline.due_at, Deadline.last_day, Deadline.period, Deadline.start_at)
        columns += (Deadline.remind_at, Deadline.status, Deadline.label)
        limits = session.execute(select(*columns).where(Deadline.case_id == case_id))
        return sorted(map(tuple, tasks)), sorted(map(tuple, timers)), sorted(map(tuple, limits))


def at_b(house: House, files=None):
    house.install(files or plain("a", "b", "c"))
    case_id = house.start()
    house.do(case_id, "a", of_a="x")
    return case_id


def finish(house, case_id, *steps):
    for step in steps:
        house.do(case_id, step)
    assert house.case(case_id).status == "completed"
    sound(house, case_id)


def test_a_task_keeps_id_draft_holder_and_date(house):
    case_id = at_b(house)
    task = house.task(case_id, "b")
    with house.writing() as session:
        engine.claim_task(session, task, actor=OTHER, now=house.now)
        engine.save_draft(session, str(task), {"of_b": "half"}, actor=OTHER, now=house.now)
    before = rows(house, case_id)
    new = install(house, plain("a", "x", "b", "y", days="3wd"))
    house.now += timedelta(days=1)
    migrate(house, case_id)
    sound(house, case_id)
    assert rows(house, case_id) == before
    with house.database.reads() as session:
        assert session.scalar(select(Draft.answers).where(Draft.key == str(task))) == {"of_b": "half"}
        assert session.scalar(select(Version.digest).join(Case, Case.version_id == Version.id)) == new
    assert house.tasks(case_id) == {"b": task}
    house.do(case_id, "b", OTHER)
    finish(house, case_id, "y")


def test_the_plan_lists_what_people_will_notice_and_dates_before_and_after(house):
    case_id = at_b(house)
    old = engine.define(plain("a", "b", "c")).digest
    files = plain("a", "b", "c", days="3wd")
    files["process.bpmn"] = files["process.bpmn"].replace('id="b" name="b"', 'id="b" name="New name"')
    files["forms/b.form"] = form(question("of_b"), question("more"))
    install(house, files)
    with house.database.reads() as session:
        plan = engine.plan_migration(session, "p", old[:8], now=house.now)
    assert (plan.total, plan.next) == (1, None)
    (case,) = plan.cases
    assert (case.outcome, case.places, case.refusals) == ("changed", ("b",), ())
    (task,) = case.tasks
    assert (task.name, task.name_after, task.form, task.form_after) == ("b", "New name", "b", "b *")
    (limit,) = case.deadlines
    assert (limit.period, limit.next_period) == ("10wd", "3wd")
    assert limit.last_day == limit.last_day_after == house.deadlines(case_id)["limit"].last_day


def test_a_renamed_step_needs_a_mapping(house):
    case_id = at_b(house)
    before = rows(house, case_id)
    old = engine.define(plain("a", "b", "c")).digest
    install(house, plain("a", "b2", "c", on="b2"))
    with house.database.reads() as session:
        assert engine.suggested_mapping(session, "p", old) == {"b": ["b2"]}
    assert why_not(house, case_id) == ["gone"]
    assert why_not(house, case_id, {"b": "b2"}) == []
    assert rows(house, case_id) == before
    assert list(house.tasks(case_id)) == ["b2"]
    finish(house, case_id, "b2", "c")


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"nowhere": "b"}, "no-such-element"),
        ({"b": "nowhere"}, "no-such-element"),
        ({"b": "c"}, "element-taken"),
        ({"b": "n", "c": "n"}, "element-taken"),
    ],
)
def test_a_wrong_mapping_is_refused(house, mapping, code):
    case_id = at_b(house)
    install(house, plain("a", "b", "c", "n"))
    with pytest.raises(engine.InvalidAnswers) as caught:
        migrate(house, case_id, mapping)
    assert {problem.code for problem in caught.value.problems.values()} == {code}


def test_a_reason_is_needed_and_a_case_that_is_over_stays(house):
    case_id = at_b(house)
    with pytest.raises(engine.NotMigratable):
        migrate(house, case_id)  # it runs on this version already
    install(house, plain("a", "b"))
    with pytest.raises(engine.InvalidAnswers):
        migrate(house, case_id, reason=" ")
    with pytest.raises(engine.NotFound):
        migrate(house, case_id, to="ffff")
    for step in ("b", "c"):
        house.do(case_id, step)
    with pytest.raises(engine.NotMigratable):
        migrate(house, case_id)


def test_the_limit_fires_as_it_was_set(house):
    case_id = at_b(house)
    install(house, plain("a", "b", "c", days="30wd"))
    migrate(house, case_id)
    house.wait(days=15)
    assert house.case(case_id).status == "completed"
    assert "deadline_expired" in house.events(case_id)


def test_a_limit_that_is_gone_or_called_otherwise_is_refused(house):
    case_id = at_b(house)
    gone = folder(start(), asks("a"), asks("b"), end("done"), path("start", "a", "b", "done"))
    install(house, gone)
    assert why_not(house, case_id) == ["deadline-gone"] * 2
    other = plain("a", "b", "c", manifest=LIMIT.replace("limit", "other"))
    other["process.bpmn"] = other["process.bpmn"].replace('value="limit"', 'value="other"')
    install(house, other)
    assert why_not(house, case_id) == ["deadline-unknown"]
    install(house, plain("a", "b", "c", on="a"))
    assert why_not(house, case_id) == ["attached"]


def test_events_on_the_edge_come_and_go_but_limits_are_for_those_who_come_later(house):
    files = folder(
        start(), asks("a"), asks("b"), end("done"), path("start", "a", "b", "done"), names=NAMES, manifest=LIMIT
    )
    house.install(files)
    case_id = house.start()
    before = rows(house, case_id)
    more = (
        boundary("call", "a", properties(role="clerk") + message("call"), interrupting=False)
        + end("called")
        + path("call", "called")
    )
    wider = folder(
        start(),
        asks("a", camunda_dueDate="5wd"),
        boundary("late", "a", properties(deadline="limit") + timer("1wd")),
        more,
        asks("b"),
        end("done"),
        end("missed"),
        path("start", "a", "b", "done"),
        path("late", "missed"),
        names=NAMES,
        manifest=LIMIT,
    )
    install(house, wider)
    plan = migrate(house, case_id)
    assert (plan.events_added, plan.deadlines) == (("call",), ())
    assert rows(house, case_id) == before
    sound(house, case_id)
    house.wait(days=4)
    assert house.tell(case_id, "call") is not None
    assert rows(house, case_id) == before
    install(house, folder(start(), asks("a"), asks("z"), end("done"), path("start", "a", "z", "done"), names=NAMES))
    assert migrate(house, case_id).events_gone == ("call",)
    sound(house, case_id)
    finish(house, case_id, "a", "z")


def test_another_kind_another_scope_and_instances_are_refused(house):
    body = (start(), asks("a"), end("done"), path("start", "a", "done"))
    house.install(folder(*body))
    case_id = house.start()
    install(house, folder(start(), script("a", "x", "1"), end("done"), path("start", "a", "done")))
    assert why_not(house, case_id) == ["kind"]
    inner = sub("s", start("s0"), asks("a"), end("s1"), path("s0", "a", "s1"))
    install(house, folder(start(), inner, end("done"), path("start", "s", "done")))
    assert why_not(house, case_id) == ["scope"]
    install(house, folder(start(), asks("a", instances("= [1, 2]", "x")), end("done"), path("start", "a", "done")))
    assert why_not(house, case_id) == ["instances"]
    again = house.start()
    assert len(house.tasks(again)) == 1  # two instances of one element
    install(house, folder(start(), asks("a", instances("= [1, 2, 3]", "x")), end("done"), path("start", "a", "done")))
    assert why_not(house, again) == ["instances"]
    install(
        house,
        folder(
            start(),
            asks("n"),
            asks("a", instances("= [1, 2]", "x")),
            asks("z"),
            end("done"),
            path("start", "n", "a", "z", "done"),
        ),
    )
    assert why_not(house, again) == []
    house.do(again, "a")
    finish(house, again, "a", "z")


def forked(*branches: str, joins: bool = True, after: str = "z"):
    """A fork into branches of one step each, and their join."""
    steps = "".join(asks(branch) for branch in branches)
    if joins:
        ways = "".join(path("g", branch, "j") for branch in branches)
        return folder(
            start(),
            fork("g"),
            steps,
            fork("j"),
            asks(after),
            end("done"),
            path("start", "g"),
            ways,
            path("j", after, "done"),
        )
    ways = "".join(path("g", branch, f"e_{branch}") for branch in branches)
    ends = "".join(end(f"e_{branch}") for branch in branches)
    return folder(start(), fork("g"), steps, ends, path("start", "g"), ways)


def test_parallel_branches_are_kept_or_refused(house):
    house.install(forked("l", "r"))
    whole, half = house.start(), house.start()
    house.do(half, "l")
    install(house, forked("l", "r", "m"))
    assert why_not(house, whole) == ["blocks"]
    assert why_not(house, half) == ["join"]
    install(house, forked("l", "m"))
    assert why_not(house, whole) == ["gone"]
    assert why_not(house, half, {"r": "m"}) == []
    house.do(half, "m")
    finish(house, half, "z")
    longer = folder(
        start(),
        fork("g"),
        asks("l"),
        asks("l2"),
        asks("r"),
        fork("j"),
        end("done"),
        path("start", "g", "l", "l2", "j", "done"),
        path("g", "r", "j"),
    )
    install(house, longer)
    assert why_not(house, whole) == []
    for step in ("l", "r"):
        house.do(whole, step)
    finish(house, whole, "l2")


def test_a_branch_that_is_over_cannot_be_waited_for(house):
    house.install(forked("l", "r", joins=False))
    half, whole = house.start(), house.start()
    house.do(half, "l")
    install(house, forked("l", "r"))
    assert why_not(house, half) == ["blocks"]
    assert why_not(house, whole) == []
    for step in ("l", "r"):
        house.do(whole, step)
    finish(house, whole, "z")
    one = folder(start(), asks("l"), asks("r"), end("done"), path("start", "l", "r", "done"))
    install(house, one)
    house.now += timedelta(minutes=1)
    other = house.start()
    install(house, forked("l", "r"))
    assert why_not(house, other) == ["parallel"]


def test_inside_a_sub_process_renamed_with_it(house):
    def inside(outer: str, step: str, *before: str):
        inner = sub(
            outer, start("s0"), *(asks(b) for b in before), asks(step), end("s1"), path("s0", *before, step, "s1")
        )
        return folder(
            start(),
            inner,
            boundary("late", outer, timer("P9D")),
            asks("z"),
            end("done"),
            end("e2"),
            path("start", outer, "z", "done"),
            path("late", "e2"),
        )

    house.install(inside("s", "a"))
    case_id = house.start()
    before = rows(house, case_id)
    install(house, inside("part", "a2", "new"))
    assert set(why_not(house, case_id)) >= {"gone"}
    assert why_not(house, case_id, {"s": "part", "a": "a2"}) == []
    assert rows(house, case_id) == before
    house.do(case_id, "a2")
    finish(house, case_id, "z")


def test_what_is_behind_may_be_gone_and_come_again(house):
    def looping(*steps: str):
        back = node("exclusiveGateway", "again", default="on")
        return folder(
            start(),
            node("exclusiveGateway", "into"),
            *(asks(s, camunda_formRef="f") for s in steps),
            back,
            end("done"),
            path("start", "into", *steps, "again"),
            flow("again", "into", "=back = true"),
            flow("again", "done", name="on"),
            forms={"f": form(question("back", "checkbox"))},
        )

    house.install(looping("a", "b"))
    case_id = house.start()
    house.do(case_id, "a")
    install(house, looping("n", "m", "b"))
    assert why_not(house, case_id) == []
    house.do(case_id, "b", back=True)
    for _ in range(3):
        sound(house, case_id)
        house.do(case_id, "n")
        house.do(case_id, "m")
        house.do(case_id, "b", back=True)
    house.do(case_id, "n")
    house.do(case_id, "m")
    house.do(case_id, "b", back=False)
    assert house.case(case_id).status == "completed"
    sound(house, case_id)


def test_events_that_are_waited_for_stay(house):
    def waits(*targets: str):
        gateway = node("eventBasedGateway", "g")
        catches = {"call": properties(role="clerk") + message("call"), "time": timer("P5D"), "more": message("call")}
        ends = "".join(catch(t, catches[t]) + end(f"e_{t}") + path("g", t, f"e_{t}") for t in targets)
        return folder(start(), asks("a"), gateway, ends, path("start", "a", "g"), names=NAMES)

    house.install(waits("call", "time"))
    case_id = house.start()
    house.do(case_id, "a")
    before = rows(house, case_id)
    install(house, waits("time"))
    assert why_not(house, case_id) == ["events"]
    install(house, waits("time", "call"))
    assert why_not(house, case_id) == []
    assert rows(house, case_id) == before
    house.tell(case_id, "call")
    assert house.case(case_id).status == "completed"
    sound(house, case_id)


def test_a_fact_of_another_kind_is_refused_and_one_that_is_gone_is_told(house):
    def with_fact(kind: str):
        return plain(
            "a", "b", "c", manifest=LIMIT + (f'[facts.of_a]\ntype = "{kind}"\nlabel = "Of a"\n' if kind else "")
        )

    case_id = at_b(house, with_fact("text"))
    install(house, with_fact("longtext"))
    assert why_not(house, case_id) == ["fact"]
    install(house, with_fact(""))
    assert migrate(house, case_id).facts_gone == ("Of a",)
    assert house.facts(case_id)["of_a"] == "x"


def test_a_migration_can_be_taken_back_until_the_case_moves(house):
    case_id = at_b(house)
    before, state = rows(house, case_id), house.case(case_id).state
    install(house, plain("n", "b2", "z", on="b2"))
    migrate(house, case_id, {"b": "b2"})
    assert list(house.tasks(case_id)) == ["b2"]
    undo(house, case_id)
    sound(house, case_id)
    assert (rows(house, case_id), house.case(case_id).state) == (before, state)
    assert house.events(case_id)[-2:] == ["case_migrated", "migration_undone"]
    with pytest.raises(engine.NotFound):
        undo(house, case_id)
    migrate(house, case_id, {"b": "b2"})
    house.do(case_id, "b2")
    with pytest.raises(engine.CaseMoved):
        undo(house, case_id)
    finish(house, case_id, "z")


def test_the_trail_says_who_why_and_from_where_to_where(house):
    case_id = at_b(house)
    old = engine.define(plain("a", "b", "c")).digest
    new = install(house, plain("a", "b2", on="b2"))
    migrate(house, case_id, {"b": "b2"})
    (told,) = house.details(case_id, "case_migrated")
    assert (told["from"], told["to"], told["mapping"], told["reason"]) == (old, new, {"b": "b2"}, "新法施行")
    with house.database.reads() as session:
        (row,) = session.scalars(select(CaseMigration))
        assert (row.actor_name, row.undone_at) == ("Chief", None)


def test_stays_go_along_and_are_read_from_the_trail_alike(house):
    case_id = at_b(house)
    house.wait(days=1)
    install(house, plain("a", "b2", on="b2"))
    migrate(house, case_id, {"b": "b2"})
    house.wait(days=1)
    house.do(case_id, "b2")

    def told(session):
        columns = (Stay.id, Stay.version_id, Stay.element, Stay.seconds, Stay.completed)
        resting = select(*columns).where(Stay.case_id == case_id, Stay.seconds != 0).order_by(Stay.entered_at)
        return list(map(tuple, session.execute(resting)))

    with house.writing() as session:
        kept = told(session)
        assert [row[2] for row in kept] == ["b2"]
        assert kept[0][3] == 2 * 86_400
        engine.rebuild_stays(session)
        assert told(session) == kept


def test_plans_come_in_pages(house):
    house.install(plain("a", "b", "c"))
    started = sorted(house.start() for _ in range(3))
    old = engine.define(plain("a", "b", "c")).digest
    install(house, plain("a", "b"))
    seen, after = [], None
    for _ in range(2):
        with house.database.reads() as session:
            plan = engine.plan_migration(session, "p", old, limit=2, after=after, now=house.now)
        seen += [case.case_id for case in plan.cases]
        after = plan.next
    assert (seen, after, plan.total) == (started, None, 3)
