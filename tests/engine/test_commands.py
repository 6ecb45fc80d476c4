"""The verbs: who may, what happens twice, what is asked, drafts and files."""

from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

import engine
from engine.model import Draft, File, Task
from tests.engine.house import CHIEF, CLERK, OTHER, STRANGER, House, folder, form, question
from tests.engine.runtime.bpmn import boundary, end, message, path, properties, start, user

FILES = folder(
    start(),
    user("a", camunda_candidateGroups="clerk", camunda_formRef="a"),
    boundary("stop", "a", properties(label="Stop", formRef="why", role="clerk") + message("stop")),
    user("b", camunda_candidateGroups="clerk", camunda_assignee="=who"),
    user("stopped", camunda_candidateGroups="clerk"),
    end(),
    end("e2"),
    path("start", "a", "b", "end"),
    path("stop", "stopped", "e2"),
    names="m:stop",
    forms={
        "a": form(
            question("word", validate={"required": True, "maxLength": 10}),
            question("who", "number"),
            question("scan", "filepicker", properties={"accept": "pdf,png"}),
        ),
        "why": form(question("reason", validate={"required": True})),
    },
)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


@pytest.fixture
def case_id(house: House) -> UUID:
    house.install(FILES)
    return house.start()


def test_a_submission_sent_twice_happens_once(house: House, case_id: UUID):
    task = house.task(case_id, "a")
    first = house.do(case_id, "a", key="k1", word="x")
    with pytest.raises(engine.AlreadyDone) as found, house.writing() as session:
        engine.complete_task(session, task, {"word": "y"}, actor=CLERK, now=house.now, key="k1")
    assert (found.value.result.case_id, found.value.result.number) == (first.case_id, first.number)
    assert house.facts(case_id)["word"] == "x"


def test_a_start_sent_twice_opens_one_case(house: House, case_id: UUID):
    opened = house.start(key="s1")
    with pytest.raises(engine.AlreadyDone) as found:
        house.start(key="s1")
    assert found.value.result.case_id == opened


def test_an_event_sent_twice_is_raised_once(house: House, case_id: UUID):
    house.tell(case_id, "stop", key="e1", reason="x")
    with pytest.raises(engine.AlreadyDone):
        house.tell(case_id, "stop", key="e1", reason="x")
    assert house.events(case_id).count("event_raised") == 1


def test_a_task_that_is_no_longer_open(house: House, case_id: UUID):
    task = house.task(case_id, "a")
    house.tell(case_id, "stop", reason="x")
    for verb in (engine.complete_task, lambda *a, **k: engine.claim_task(a[0], a[1], **k)):
        with pytest.raises(engine.TaskClosed), house.writing() as session:
            verb(session, task, {"word": "x"}, actor=CLERK, now=house.now)
    with pytest.raises(engine.TaskClosed), house.writing() as session:
        engine.complete_task(session, uuid4(), {}, actor=CLERK, now=house.now)


def test_a_case_of_another_office_does_not_exist(house: House, case_id: UUID):
    task, now = house.task(case_id, "a"), house.now
    questions = [
        lambda s: engine.complete_task(s, task, {"word": "x"}, actor=STRANGER, now=now),
        lambda s: engine.claim_task(s, task, actor=STRANGER, now=now),
        lambda s: engine.raise_event(s, case_id, "stop", {"reason": "x"}, actor=STRANGER, now=now),
        lambda s: engine.task_page(s, task, STRANGER, now=now),
        lambda s: engine.case_page(s, case_id, STRANGER, now=now),
        lambda s: engine.diagram(s, case_id, STRANGER, now=now),
        lambda s: engine.event_page(s, case_id, "stop", STRANGER, now=now),
    ]
    for ask in questions:
        with pytest.raises(engine.NotFound), house.writing() as session:
            ask(session)
    with house.database.reads() as session:
        assert engine.cases(session, STRANGER, now=now).rows == ()
        assert engine.search(session, STRANGER, house.case(case_id).number, now=now).rows == ()
        assert engine.inbox(session, STRANGER, view="office", now=now).rows == ()


def test_answers_are_checked_and_nothing_unasked_is_kept(house: House, case_id: UUID):
    for wrong in ({}, {"word": ""}, {"word": "x" * 11}, {"word": {"x": 1}}):
        with pytest.raises(engine.InvalidAnswers) as found:
            house.do(case_id, "a", **wrong)
        assert "word" in found.value.problems
    house.do(case_id, "a", word="x", status="completed", case={"office": "south"}, office="south")
    assert set(house.facts(case_id)) <= {"word", "who", "scan"}
    assert house.case(case_id).office == "north"


def test_claiming_releasing_and_giving_away(house: House, case_id: UUID):
    task, now = house.task(case_id, "a"), house.now
    with house.writing() as session:
        engine.claim_task(session, task, actor=CLERK, now=now)
        engine.claim_task(session, task, actor=CLERK, now=now)
    for verb in (engine.claim_task, engine.release_task):
        with pytest.raises(engine.NotAllowed), house.writing() as session:
            verb(session, task, actor=OTHER, now=now)
    with pytest.raises(engine.NotAllowed), house.writing() as session:
        engine.complete_task(session, task, {"word": "x"}, actor=OTHER, now=now)
    with house.writing() as session:
        engine.save_draft(session, str(task), {"word": "dra"}, actor=CLERK, now=now)
        engine.reassign_task(session, task, OTHER.id, reason="holiday", actor=CLERK, now=now)
        assert session.get(Draft, (str(task), OTHER.id)).answers == {"word": "dra"}
    with pytest.raises(engine.NotAllowed), house.writing() as session:
        engine.reassign_task(session, task, STRANGER.id, reason="x", actor=OTHER, now=now)
    with pytest.raises(engine.NotAllowed), house.writing() as session:
        engine.reassign_task(session, task, CLERK.id, reason=" ", actor=OTHER, now=now)
    with house.writing() as session:
        engine.release_task(session, task, actor=OTHER, now=now)
    with house.database.reads() as session:
        assert [row.task_id for row in engine.inbox(session, CLERK, view="claimable", now=now).rows] == [task]
    assert house.events(case_id)[1:] == ["task_claimed", "task_reassigned", "task_released"]


def test_an_assignee_by_expression(house: House, case_id: UUID):
    done = house.do(case_id, "a", word="x", who=2)
    assert done.next_tasks == ()
    with house.database.reads() as session:
        assert session.scalar(select(Task.assignee)) == OTHER.id
    with pytest.raises(engine.NotAllowed):
        house.do(case_id, "b")
    house.do(case_id, "b", actor=OTHER)
    assert house.case(case_id).status == "completed"


def test_drafts_are_kept_until_the_task_is_done(house: House, case_id: UUID):
    task = house.task(case_id, "a")
    with house.writing() as session:
        engine.save_draft(session, str(task), {"word": ["not", "valid"], "n": 1}, actor=CLERK, now=house.now)
        engine.save_draft(session, str(task), {"word": "later"}, actor=CLERK, now=house.now)
        engine.save_draft(session, str(task), {"word": "other"}, actor=OTHER, now=house.now)
    with house.database.reads() as session:
        assert engine.task_page(session, task, CLERK, now=house.now).draft == {"word": "later"}
    with pytest.raises(engine.InvalidAnswers):
        house.do(case_id, "a")
    with house.database.reads() as session:
        assert len(session.scalars(select(Draft)).all()) == 2, "a refused submission discards nothing"
    house.do(case_id, "a", word="x")
    with house.database.reads() as session:
        assert session.scalars(select(Draft)).all() == []


def test_drafts_of_tasks_that_an_event_ends_are_dropped(house: House, case_id: UUID):
    with house.writing() as session:
        engine.save_draft(session, str(house.task(case_id, "a")), {"word": "x"}, actor=OTHER, now=house.now)
        engine.save_draft(session, f"event:{case_id}:stop", {"reason": "x"}, actor=CLERK, now=house.now)
    house.tell(case_id, "stop", reason="x")
    with house.database.reads() as session:
        assert session.scalars(select(Draft)).all() == []


def upload(house: House, actor: engine.Actor, folder_: Path) -> UUID:
    with house.writing() as session:
        return engine.add_file(session, BytesIO(PNG), "scan.png", folder_, actor=actor, now=house.now).id


def test_files_of_others_cannot_be_handed_in(house: House, case_id: UUID, tmp_path: Path):
    own, foreign = upload(house, CLERK, tmp_path), upload(house, STRANGER, tmp_path)
    for wrong in (str(foreign), str(uuid4()), "nonsense", "../etc/passwd"):
        with pytest.raises(engine.InvalidAnswers):
            house.do(case_id, "a", word="x", scan=[wrong])
    house.do(case_id, "a", word="x", scan=[str(own)])
    with house.database.reads() as session:
        row = session.get_one(File, own)
        assert row.case_id == case_id
        assert engine.file_for(session, own, OTHER).name == "scan.png"
        for who, which in ((STRANGER, own), (CLERK, foreign)):
            with pytest.raises(engine.NotFound):
                engine.file_for(session, which, who)


def test_a_file_of_one_case_cannot_be_handed_in_to_another(house: House, case_id: UUID, tmp_path: Path):
    file_id = upload(house, CLERK, tmp_path)
    house.do(case_id, "a", word="x", scan=[str(file_id)])
    second = house.start()
    with pytest.raises(engine.InvalidAnswers):
        house.do(second, "a", word="x", scan=[str(file_id)])


def test_only_an_administrator_cancels_and_corrects(house: House, case_id: UUID):
    now = house.now
    for verb in (
        lambda s, who: engine.cancel_case(s, case_id, reason="x", actor=who, now=now),
        lambda s, who: engine.set_fact(s, case_id, "word", "y", reason="x", actor=who, now=now),
    ):
        with pytest.raises(engine.NotAllowed), house.writing() as session:
            verb(session, CLERK)
    with house.writing() as session:
        engine.set_fact(session, case_id, "word", "y", reason="typo", actor=CHIEF, now=now)
    assert house.details(case_id, "fact_corrected") == [
        {"fact": "word", "before": None, "after": "y", "reason": "typo"}
    ]
    with house.writing() as session:
        engine.cancel_case(session, case_id, reason="twice", actor=CHIEF, now=now)
    case = house.case(case_id)
    assert (case.status, case.closed_at) == ("cancelled", now)
    assert house.tasks(case_id) == {}
    with pytest.raises(engine.TaskClosed), house.writing() as session:
        engine.cancel_case(session, case_id, reason="again", actor=CHIEF, now=now)
    assert house.verify() == []


def test_starting_needs_the_role_in_that_office(house: House, case_id: UUID):
    for office, actor in (("south", CLERK), ("north", STRANGER), ("nowhere", CLERK), ("north", CHIEF)):
        with pytest.raises(engine.NotAllowed), house.writing() as session:
            engine.start_case(session, "p", {}, office=office, actor=actor, now=house.now)
    with pytest.raises(engine.NotFound), house.writing() as session:
        engine.start_case(session, "unknown", {}, office="north", actor=CLERK, now=house.now)


def test_an_event_nobody_waits_for(house: House, case_id: UUID):
    with pytest.raises(engine.TaskClosed):
        house.tell(case_id, "nonsense")
    house.do(case_id, "a", word="x")
    with pytest.raises(engine.TaskClosed):
        house.tell(case_id, "stop", reason="late")
