"""A full disk, a locked database, a process that breaks: said in words, nothing half done, nothing typed is lost."""

# ruff: noqa: S603, S607 the commands are written here

import gc
import os
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import event, func, select, text

import engine
from engine.model import Event, File, Incident, Task, Version
from tests.engine.house import folder, form, question
from tests.engine.runtime.bpmn import end, flow, path, start, user, xor
from tests.house import open_house

START = "/cases/new/mediation"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
HOLD = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
other.execute("ROLLBACK")
"""


def register(house, client, evidence=b"", **changed):
    """The application, sent as multipart so that a file may come along."""
    fields = {**house.marks(client.get("/cases").text), **house.answers, **changed}
    head = "--b\r\nContent-Disposition: form-data; name="
    body = b"".join(f'{head}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items())
    if evidence:
        body += f'{head}"evidence"; filename="a.pdf"\r\n\r\n'.encode() + evidence + b"\r\n"
    return client.post(START, data=body + b"--b--\r\n", content_type="multipart/form-data; boundary=b")


def count(house, what, **where):
    with house.database.reads() as session:
        return session.scalar(select(func.count()).select_from(what).filter_by(**where))


def sound(house):
    """The database is whole and so is the audit trail."""
    with house.database.reads() as session:
        return session.scalar(text("PRAGMA integrity_check")) == "ok" and engine.verify(session) == []


@contextmanager
def on_every_connection(house, pragma):
    """A pragma for whatever connection is used meanwhile."""

    def tune(connection, *_):
        connection.execute(pragma)

    event.listen(house.database.bind, "checkout", tune)
    try:
        yield
    finally:
        event.remove(house.database.bind, "checkout", tune)


# --- the disk is full


class Tmpfs:
    """A disk of a few megabytes that can be filled and emptied; for root only."""

    def __init__(self, house):
        self.folder = house.app.config["SETTINGS"].data
        self.ballast = self.folder / "ballast"

    def fill(self):
        with self.ballast.open("ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                with suppress(OSError):  # no space left
                    while True:
                        file.write(b"x" * size)

    def free(self):
        self.ballast.unlink()


class Pages:
    """A database that may not grow; for everybody."""

    def __init__(self, house):
        self.house = house

    def fill(self):
        with self.house.database.reads() as session:
            pages = session.scalar(text("PRAGMA page_count"))
        self.limit = on_every_connection(self.house, f"PRAGMA max_page_count={pages}")
        self.limit.__enter__()

    def free(self):
        self.limit.__exit__(None, None, None)
        with self.house.database.bind.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1073741823")


@pytest.fixture(params=["tmpfs", "pages"])
def small(request, prepared, tmp_path):
    """(house, disk) with little room left."""
    if request.param == "pages":
        opened = open_house(prepared, tmp_path)
        yield opened, Pages(opened)
        opened.database.bind.dispose()
        return
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may make a small disk")
    opened = open_house(prepared, disk)
    yield opened, Tmpfs(opened)
    opened.database.bind.dispose()
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_refuses_in_words_and_loses_nothing(small):
    house, disk = small
    desk = house.client("desk")
    acknowledged = [register(house, desk).status_code]
    disk.fill()
    refusals = []
    for turn in range(60):
        answer = register(house, desk, issue=f"第{turn}次填写的争议事项，" + "内容" * 4000)
        (acknowledged if answer.status_code == 303 else refusals).append(answer.status_code)
        if answer.status_code != 303:
            assert "磁盘空间不足" in answer.text and "未保存" in answer.text and f"第{turn}次填写的" in answer.text
            assert "再次提交" in answer.text
        if len(refusals) == 3:
            break
    assert refusals == [503] * 3
    for address in ("/tasks", "/cases", START, "/search?q=院坝", "/healthz"):
        assert desk.get(address).status_code == 200, f"{address} cannot be read any more"
    draft = desk.post(START + "/draft", data={**house.marks(desk.get("/cases").text), "issue": "草稿" * 8000})
    assert draft.status_code in {200, 503}
    assert count(house, Event, kind="case_opened") == len(acknowledged)
    disk.free()
    after = [register(house, desk, issue="腾出空间之后").status_code for _ in range(5)]
    assert after == [303] * 5
    assert count(house, Event, kind="case_opened") == len(acknowledged) + 5
    assert sound(house)


@pytest.mark.parametrize("small", ["tmpfs"], indirect=True)
def test_an_upload_to_a_full_disk_leaves_nothing_behind(small):
    house, disk = small
    desk = house.client("desk")
    assert register(house, desk).status_code == 303
    disk.fill()
    answer = register(house, desk, evidence=PDF + b"x" * 900_000)
    assert answer.status_code in {422, 503} and "空间不足" in answer.text and "墙面受损" in answer.text
    stored = house.app.config["FILES"]
    assert [path for path in stored.rglob("*") if path.is_file()] == [] and count(house, File) == 0
    disk.free()
    assert register(house, desk, evidence=PDF).status_code == 303
    assert count(house, File) == 1 and sound(house)


@pytest.mark.parametrize("small", ["tmpfs"], indirect=True)
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the half written file is closed by nobody but the collector
def test_a_large_upload_that_finds_no_room_on_its_way_in(small, monkeypatch):
    """Large requests are kept in a temporary file before anybody looks at them."""
    house, disk = small
    desk = house.client("desk")
    disk.fill()
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("tempfile.tempdir", str(disk.folder))
    answer = register(house, desk, evidence=PDF + b"x" * 900_000)
    assert answer.status_code == 507 and "空间不足" in answer.text and "Traceback" not in answer.text
    assert "default-src" in answer.headers["Content-Security-Policy"]
    del answer
    gc.collect()
    disk.free()
    assert register(house, desk, evidence=PDF + b"x" * 900_000).status_code == 303
    assert [path.name for path in disk.folder.glob("tmp*")] == []


# --- another process holds the database


@contextmanager
def locked(house):
    """Another process has begun to write and does not end."""
    file = house.app.config["SETTINGS"].data / "tiaojie.db"
    command = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with on_every_connection(house, "PRAGMA busy_timeout=50"):
            yield
        other.communicate("\n", timeout=10)


def test_a_database_held_by_somebody_else_can_be_read_and_says_so_when_written(house):
    desk = house.client("desk")
    case_id = house.register()
    task = f"/tasks/{house.task(case_id)}"
    page = desk.get(task).text
    house.clock.forward(hours=1)  # the sign-in would be renewed now
    typed = {**house.marks(page), "review_finding": "accept", "review_note": "我已经写了很多"}
    with locked(house):
        for address in (task, "/tasks", "/cases", f"/cases/{case_id}", "/search?q=院坝", "/healthz"):
            assert desk.get(address).status_code == 200, address
        for address in (task, task + "/draft", task + "/claim", task + "/release"):
            answer = desk.post(address, data=typed)
            assert answer.status_code == 503 and "系统繁忙" in answer.text, address
            assert "我已经写了很多" in answer.text and ">再次提交<" in answer.text
        visitor = house.client()
        token = house.hidden(visitor.get("/sign-in").text, "csrf_token")
        answer = visitor.post("/sign-in", data={"csrf_token": token, "username": "desk", "password": house.password})
        assert answer.status_code == 503 and house.password not in answer.text
        with_file = register(house, desk, evidence=PDF)
        assert with_file.status_code == 503 and "墙面受损" in with_file.text and ">再次提交<" not in with_file.text
    assert count(house, Incident) == 0
    assert desk.post(task, data=typed).status_code == 303, "the very same, sent again"
    assert count(house, Event, kind="task_completed") == 1 and sound(house)


# --- a process that breaks


@pytest.fixture
def broken(house):
    """A case whose next step fails: the gateway finds no way, because a number is not known. (case, task address)"""
    files = folder(
        start(),
        user("a", camunda_candidateGroups="registrar", camunda_formRef="a"),
        xor("x"),
        user("b", camunda_candidateGroups="registrar"),
        user("c", camunda_candidateGroups="registrar"),
        end(),
        path("start", "a", "x"),
        flow("x", "b", "n > limit"),
        flow("x", "c", "n < limit"),
        path("b", "end"),
        path("c", "end"),
        forms={"a": form(question("n", "number"), question("note"))},
        roles='["registrar"]',
    )
    definition, desk = engine.define(files), house.actor("desk")
    with house.database.sessions.begin() as session:
        version = {"process": definition.process, "digest": definition.digest, "title": "p", "files": files}
        session.add(Version(**version, deployed_by="test", deployed_at=house.clock(), active=True))
    with house.database.sessions.begin() as session:
        done = engine.start_case(session, "p", {}, office="yuxi_town", actor=desk, now=house.clock())
    with house.database.sessions.begin() as session:
        boss = house.actor("boss")
        engine.set_fact(session, done.case_id, "limit", None, reason="x", actor=boss, now=house.clock())
    return done.case_id, f"/tasks/{done.next_tasks[0]}"


def correct(house, case_id):
    with house.database.sessions.begin() as session:
        boss = house.actor("boss")
        engine.set_fact(session, case_id, "limit", 3, reason="更正", actor=boss, now=house.clock())


def test_a_broken_step_keeps_the_answers_and_is_done_once_when_the_cause_is_gone(house, broken):
    case_id, task = broken
    desk, boss = house.client("desk"), house.client("boss")
    page = desk.get(task).text
    typed = {**house.marks(page), "n": "5", "note": "现场核实情况"}
    answer = desk.post(task, data=typed)
    assert answer.status_code == 500 and "异常单" in answer.text and "管理员可重试" in answer.text
    assert "Traceback" not in answer.text and "RunFailed" not in answer.text
    assert count(house, Incident, state="open") == 1 and count(house, Task, element="a") == 1
    assert "现场核实情况" in boss.get("/incidents").text
    assert desk.get("/incidents").status_code == 403
    house.post(boss, "/incidents/1/retry", at="/incidents")
    assert "再次执行失败" in boss.get("/incidents").text and count(house, Task, element="a") == 1
    correct(house, case_id)
    token = house.hidden(boss.get("/incidents").text, "csrf_token")
    answers = [boss.post("/incidents/1/retry", data={"csrf_token": token}).status_code for _ in range(2)]
    assert answers == [303, 404]
    assert count(house, Event, kind="task_completed") == 1 and count(house, Task, element="b") == 1
    with house.database.reads() as session:
        done = session.scalars(select(Event).where(Event.kind == "task_completed")).one()
        assert (done.actor, "现场核实情况" in done.detail) == (house.ids["desk"], True)
    assert "没有待处理的异常" in boss.get("/incidents").text and sound(house)


def test_somebody_who_sends_a_broken_step_again_does_not_get_it_done_twice(house, broken):
    case_id, task = broken
    desk, boss = house.client("desk"), house.client("boss")
    page = desk.get(task).text
    for _ in range(2):
        assert desk.post(task, data={**house.marks(page), "n": "5"}).status_code == 500
    correct(house, case_id)
    assert desk.post(task, data={**house.marks(page), "n": "5"}).status_code == 303
    for incident in (1, 2):
        house.post(boss, f"/incidents/{incident}/retry", at="/incidents")
    assert count(house, Event, kind="task_completed") == 1
    house.post(boss, "/incidents/1/drop", at="/incidents", reason="已由本人重新提交")
    assert count(house, Incident, state="dropped") == 1 and sound(house)
