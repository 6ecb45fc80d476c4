"""Where tokens rest and for how long: rows, sums, and both counted again from the trail."""

from collections import Counter
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select, text

import engine
from engine import runtime
from engine.definitions import define
from engine.durations import bucket_of
from engine.model import Case, Stay, StayTally, Version
from engine.model.stays import INTERRUPTED
from engine.stays import REST
from tests.engine.house import House, folder
from tests.engine.runtime.bpmn import (
    boundary,
    catch,
    end,
    fork,
    message,
    path,
    properties,
    start,
    sub,
    timer,
    user,
)
from tests.engine.runtime.token_game import Picture, invent

DEADLINE = '\n[deadlines.limit]\nlabel = "Limit"\nbasis = "law"\nstatus = "confirmed"\n'


def clerk(element, *inner):
    return user(element, *inner, camunda_candidateGroups="clerk")


def stays(house, case_id=None):
    with house.database.reads() as session:
        query = select(Stay).order_by(Stay.entered_at, Stay.element)
        return list(session.scalars(query if case_id is None else query.where(Stay.case_id == case_id)))


def sums(house):
    with house.database.reads() as session:
        return sorted(
            (t.version_id, t.element, t.month, t.office, t.bucket, t.stays, t.seconds, t.late)
            for t in session.scalars(select(StayTally))
        )


def recounted(house):
    """The sums, added up from the stays by Python."""
    found: dict[tuple, list[int]] = {}
    for one in stays(house):
        if one.left_at is None:
            continue
        bucket = bucket_of(one.seconds) if one.completed else INTERRUPTED
        total = found.setdefault((one.version_id, one.element, one.month, one.office, bucket), [0, 0, 0])
        for place, value in enumerate((1, one.seconds, one.is_late)):
            total[place] += value
    return sorted((*key, *total) for key, total in found.items())


def resting(house):
    """Where the trees of all cases say that tokens rest."""
    found = set()
    with house.database.reads() as session:
        for case in session.scalars(select(Case)):
            version = session.get_one(Version, case.version_id)
            definition = define(version.files, version.process)
            for token in runtime.waiting(runtime.load(case.state, definition.compiled)).tokens:
                if definition.diagram.elements[token.element].kind in REST:
                    found.add((token.id, token.element))
    return found


def rebuild(house):
    with house.writing() as session:
        return engine.rebuild_stays(session)


def test_a_stay_lasts_from_entering_to_leaving(house: House):
    house.install(folder(start(), clerk("a"), clerk("b"), end(), path("start", "a", "b", "end")))
    case_id = house.start()
    house.wait(hours=30)
    house.do(case_id, "a")
    first, second = stays(house, case_id)
    assert (first.element, first.seconds, first.completed, first.is_late, first.month) == (
        "a",
        108_000,
        True,
        False,
        "2026-03",
    )
    assert (second.element, second.left_at, second.seconds, second.entered_at) == ("b", None, None, house.now)
    assert second.id == house.task(case_id, "b")
    assert sums(house) == [(1, "a", "2026-03", "north", bucket_of(108_000), 1, 108_000, 0)]
    house.do(case_id, "b")
    assert {row.element for row in stays(house, case_id) if row.left_at is None} == set()
    assert ("end", 0) in {(row.element, row.seconds) for row in stays(house, case_id)}


def test_a_case_that_waits_for_a_message_or_a_time_rests_there_too(house: House):
    caught = catch("letter", properties(role="clerk") + message("letter"))
    body = [start(), fork("split"), sub("inner", start("in"), clerk("a"), end("out"), path("in", "a", "out")), caught]
    body += [catch("pause", timer("P3D")), end(), path("start", "split", "inner", "end")]
    body += [path("split", "letter", "pause")]
    house.install(folder(*body, names="m:letter"))
    case_id = house.start()
    assert {row.element for row in stays(house)} == {"inner", "a", "letter"}
    house.wait(days=1)
    house.tell(case_id, "letter")
    house.wait(days=4)
    done = {row.element: (row.seconds, row.completed) for row in stays(house) if row.left_at is not None}
    assert done == {"letter": (86_400, True), "pause": (3 * 86_400, True)}


def test_what_is_interrupted_is_not_a_completed_stay_and_a_passed_limit_is_late(house: House):
    limit = boundary("late", "work", properties(deadline="limit") + timer("P2D"))
    inner = sub("work", start("in"), clerk("a"), end("out"), path("in", "a", "out"))
    house.install(
        folder(
            start(),
            inner,
            limit,
            clerk("chase"),
            end(),
            path("start", "work", "end"),
            path("late", "chase"),
            manifest=DEADLINE,
        )
    )
    case_id = house.start()
    due = {row.element: row.due_at for row in stays(house)}
    assert due["work"] == house.deadlines(case_id)["limit"].due_at and due["a"] is None
    house.wait(days=6)
    done = {row.element: (row.completed, row.is_late) for row in stays(house) if row.left_at is not None}
    assert done == {"work": (False, True), "a": (False, True), "late": (True, False)}
    assert {row[4] for row in sums(house) if row[1] in {"a", "work"}} == {INTERRUPTED}
    assert sums(house) == recounted(house)


def test_a_stay_belongs_to_the_office_of_its_task(house: House):
    elsewhere = clerk("a", properties(office='=if true then "south" else null'))
    house.install(folder(start(), elsewhere, end(), path("start", "a", "end")))
    house.start()
    assert [row.office for row in stays(house)] == ["south"]


@pytest.mark.parametrize("seed", range(12))
def test_random_lives_leave_the_same_rows_and_sums_as_their_trails_tell(house: House, seed: int):
    random = Random(seed)  # noqa: S311 a test
    picture = Picture(invent(random, 3, Counter()))
    files = folder(manifest='[deadlines.x]\nlabel = "x"\n') | {"process.bpmn": picture.text}
    facts = "".join(f'\n[facts.{name}]\ntype = "boolean"\n' for name in picture.variables)
    process = engine.define({**files, "manifest.toml": files["manifest.toml"] + facts}, None)
    house.install(process.files)
    cases = [house.start() for _ in range(3)]
    for _ in range(25):
        case_id = random.choice(cases)
        tasks = house.tasks(case_id)
        if tasks and random.random() < 0.7:
            _answer(
                house, random.choice(sorted(tasks.values())), {v: random.random() < 0.45 for v in picture.variables}
            )
        else:
            house.wait(hours=random.randint(1, 70))
    assert {(row.id, row.element) for row in stays(house) if row.left_at is None} == resting(house)
    assert sums(house) == recounted(house)
    kept = [_told(row) for row in stays(house)]
    before = sums(house)
    assert rebuild(house) == len(kept)
    assert sums(house) == before
    assert sorted(_told(row) for row in stays(house)) == sorted(kept)


def _answer(house: House, task: UUID, values: dict[str, bool]) -> None:
    with house.writing() as session:
        engine.complete_task(session, task, values, actor=engine.SYSTEM, now=house.now)


def _told(row: Stay) -> tuple:
    name = row.id.hex if row.seconds != 0 else ""  # what was only passed has no name of its own
    return (
        str(row.case_id),
        row.element,
        row.entered_at,
        row.left_at or row.entered_at + timedelta(days=9999),
        name,
        row.office,
        str(row.due_at) if row.left_at is None else "",
        row.seconds or 0,
        row.completed,
        row.is_late,
    )


def test_a_stay_that_nobody_saw_begin_is_not_counted_as_a_short_one(house: House):
    house.install(folder(start(), clerk("a"), end(), path("start", "a", "end")))
    case_id = house.start()
    with house.writing() as session:
        session.execute(text("DELETE FROM stay"))
    house.wait(days=1)
    house.do(case_id, "a")
    assert [row[1] for row in sums(house)] == ["end"]


def test_migrations_make_the_same_triggers(house: House, tmp_path):
    other = engine.connect(f"sqlite:///{tmp_path / 'other.db'}")
    engine.upgrade(other)
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
    with other.bind.connect() as made, house.database.reads() as session:
        assert made.execute(query).all() == session.execute(query).all()
    other.bind.dispose()
