"""Registering and working on a task through pages, and what happens to what was typed when something goes wrong."""

import io
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

import engine
from webforms.database import Failed

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
START = "/cases/new/mediation"


def events(house, kind):
    with house.database.reads() as session:
        return session.scalar(text("select count(*) from event where kind = :kind"), {"kind": kind})


def complete_task(session, **_named):
    session.execute(text("update person set name = 'half done'"))
    raise ZeroDivisionError


broken_verb = complete_task


def test_a_case_is_registered_and_found_again(house):
    case_id = house.register()
    client = house.client("desk")
    page = client.get(f"/cases/{case_id}").text
    assert "王建国与李秀兰" in page and "恩渔溪行调〔2026〕001号" in page
    assert "511903198001011234" not in page and "5119**********1234" in page
    assert "书面申请" in page and "written" not in page
    assert "恩渔溪行调〔2026〕001号" in client.get("/search?q=院坝").text
    assert "王建国" in client.get("/cases?q=李秀兰&status=running").text
    assert "没有案件" in client.get("/cases?status=completed").text


def test_wrong_answers_come_back_beside_the_fields_and_are_kept(house):
    client = house.client("desk")
    answer = house.post(
        client, START, **{"intake_kind": "written", "applicants[0].name": "王", "claimed_amount": "many"}
    )
    assert answer.status_code == 422
    assert "有误：" in answer.text.split("</title>")[0]
    assert 'href="#f-' in answer.text and 'value="many"' in answer.text
    assert "处需要更正" in answer.text
    assert 'value="many"' in client.get(START).text  # also after the browser was closed
    assert events(house, "case_opened") == 0


def test_the_same_form_sent_twice_opens_one_case(house):
    client = house.client("desk")
    page = client.get(START).text
    register = {**house.answers, **house.marks(page)}
    first, second = client.post(START, data=register), client.post(START, data=register)
    assert (first.status_code, second.status_code) == (303, 303)
    assert events(house, "case_opened") == 1


def test_a_draft_is_kept_without_checking_and_is_mine_alone(house):
    client, other = house.client("desk"), house.client("desk")
    house.post(client, START, issue="只写了一半", _save="1")
    assert "只写了一半" in other.get(START).text
    answer = house.post(client, START + "/draft", at=START, issue="又写了一点")
    assert answer.status_code == 200 and "自动暂存" in answer.text
    assert "又写了一点" in client.get(START).text
    house.register()
    assert "又写了一点" not in client.get(START).text


def test_rows_come_and_go_without_scripts(house):
    client = house.client("desk")
    page = client.get(START).text
    assert page.count('name="applicants[0].name"') == 1 and "applicants[1].name" not in page
    more = house.post(client, START, **{"applicants[0].name": "王建国", "_row": "add:applicants"}).text
    assert "applicants[1].name" in more and 'value="王建国"' in more
    less = house.post(
        client, START, **{"applicants[0].name": "甲", "applicants[1].name": "乙", "_row": "remove:applicants[0]"}
    )
    assert 'value="乙"' in less.text and 'value="甲"' not in less.text


def test_evidence_is_uploaded_kept_and_downloaded_safely(house):
    client = house.client("desk")
    answer = house.post(client, START, **house.answers, evidence=(io.BytesIO(PDF), "申请书.pdf"))
    assert answer.status_code == 303
    page = client.get("/cases").text
    case = page.split('href="/cases/')[-1].split('"')[0]
    link = client.get(f"/cases/{case}").text.split('href="/files/')[1].split('"')[0]
    with client.get(f"/files/{link}") as file:
        assert file.data == PDF
        assert file.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in file.headers["Content-Security-Policy"]
        assert file.headers["X-Content-Type-Options"] == "nosniff"


def test_a_disguised_upload_is_refused_and_nothing_typed_is_lost(house):
    client = house.client("desk")
    answer = house.post(client, START, **house.answers, evidence=(io.BytesIO(b"MZ\x90\x00 program"), "invoice.pdf"))
    assert answer.status_code == 422 and "墙面受损" in answer.text
    assert events(house, "case_opened") == 0


def test_the_work_list_leads_from_claiming_to_the_next_step(house):
    case_id = house.register()
    desk = house.client("desk")
    task = house.task(case_id)
    assert "没有待办任务" in desk.get("/tasks").text
    assert str(task) in desk.get("/tasks?view=claimable").text
    answer = house.post(desk, "/tasks/claim", at="/tasks?view=claimable", task=str(task), next="/tasks")
    assert "已认领 1 项任务" in desk.get(answer.location).text
    answer = house.post(desk, f"/tasks/{task}", review_finding="accept")
    assert answer.location == f"/cases/{case_id}"  # the next step is somebody else's
    head = house.client("head")
    task = house.task(case_id, "head")
    answer = house.post(head, f"/tasks/{task}", acceptance_decision="accept", accepted_on="2026-03-02")
    assert answer.location == f"/tasks/{house.task(case_id, 'head')}"


def test_a_task_is_put_back_and_handed_over_with_a_reason(house):
    task = house.task(house.register())
    desk, address = house.client("desk"), f"/tasks/{task}"
    house.post(desk, address + "/reassign", at=address, to=str(house.ids["desk"]), reason="不是我的")
    assert "请先认领" in desk.get(address).text
    house.post(desk, address + "/claim", at=address)
    house.post(desk, address + "/release", at=address, reason="休假")
    assert events(house, "task_released") == 1
    house.post(desk, address + "/claim", at=address)
    house.post(desk, address + "/reassign", at=address, to="", reason="")
    assert "请选择人员并填写原因" in desk.get(address).text


def test_a_task_somebody_else_finished_shows_what_was_typed(house):
    task = house.task(house.register())
    first, second = house.client("desk"), house.client("desk")
    page = second.get(f"/tasks/{task}").text
    assert house.post(first, f"/tasks/{task}", review_finding="accept").status_code == 303
    late = {
        "review_finding": "refuse",
        "review_opinion": "我的意见不一样",
        "csrf_token": house.hidden(page, "csrf_token"),
    }
    answer = second.post(f"/tasks/{task}", data={**late, "_key": house.hidden(page, "_key")})
    assert answer.status_code == 409 and "我的意见不一样" in answer.text
    assert second.get(f"/tasks/{task}").status_code == 409
    assert events(house, "task_completed") == 1


def test_the_same_task_sent_twice_is_done_once_and_says_nothing(house):
    task = house.task(house.register())
    client = house.client("desk")
    page = client.get(f"/tasks/{task}").text
    data = {
        "review_finding": "accept",
        "csrf_token": house.hidden(page, "csrf_token"),
        "_key": house.hidden(page, "_key"),
    }
    answers = [client.post(f"/tasks/{task}", data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert events(house, "task_completed") == 1


def test_a_page_that_was_open_too_long_keeps_the_typing_and_can_be_sent_again(house):
    client = house.client("desk")
    answer = client.post(START, data={**house.answers, "csrf_token": "old", "_key": "k1"})
    assert answer.status_code == 400 and "再次提交" in answer.text
    again = answer.text.split("<form")[-2] if answer.text.count("<form") > 1 else answer.text
    assert "墙面受损" in again and house.hidden(answer.text, "_key") == "k1"


def test_somebody_who_was_signed_out_keeps_the_typing(house):
    answer = house.client().post(START, data=house.answers)
    assert answer.status_code == 401 and "墙面受损" in answer.text


def test_a_locked_database_says_busy_and_keeps_the_typing(house, monkeypatch):
    task = house.task(house.register())
    client = house.client("desk")
    page = client.get(f"/tasks/{task}").text
    data = {"review_finding": "accept", "review_opinion": "同意受理", "csrf_token": house.hidden(page, "csrf_token")}
    file = house.app.config["SETTINGS"].data / "tiaojie.db"
    with house.database.bind.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.post(f"/tasks/{task}", data=data)
        other.execute("ROLLBACK")
    assert answer.status_code == 503
    assert "系统繁忙" in answer.text and "同意受理" in answer.text and "再次提交" in answer.text


def test_a_verb_that_breaks_down_keeps_the_answers_in_an_incident(house, monkeypatch):
    task = house.task(house.register())
    client = house.client("desk")

    monkeypatch.setattr(engine, "complete_task", broken_verb)
    answer = house.post(client, f"/tasks/{task}", review_finding="accept", review_opinion="同意")
    assert answer.status_code == 500 and "异常单" in answer.text and "管理员可重试" in answer.text
    with house.database.reads() as session:
        kept = session.execute(text("select verb, arguments from incident")).one()
        assert kept.verb == "complete_task" and "review_finding" in kept.arguments
        assert session.scalar(text("select count(*) from person where name = 'half done'")) == 0


def test_an_administrator_carries_an_incident_out_again_or_closes_it(house, monkeypatch):
    task = house.task(house.register())
    desk, boss = house.client("desk"), house.client("boss")
    with monkeypatch.context() as patched:
        patched.setattr(engine, "complete_task", broken_verb)
        house.post(desk, f"/tasks/{task}", review_finding="accept")
        house.post(desk, f"/tasks/{task}", review_finding="accept", review_note="again")
    assert "异常单 1" in boss.get("/incidents").text
    house.post(boss, "/incidents/1/retry", at="/incidents")
    assert "已重新执行成功" in boss.get("/incidents").text
    assert events(house, "task_completed") == 1
    house.post(boss, "/incidents/2/retry", at="/incidents")
    assert "再次执行失败" in boss.get("/incidents").text
    house.post(boss, "/incidents/2/drop", at="/incidents")
    assert "请填写关闭原因" in boss.get("/incidents").text
    house.post(boss, "/incidents/2/drop", at="/incidents", reason="重复")
    assert "没有待处理的异常" in boss.get("/incidents").text


def test_an_unforeseen_error_is_a_page_with_a_number(house, monkeypatch):
    client = house.client("desk")
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(engine, "inbox_counts", lambda *_a, **_k: 1 / 0)
    answer = client.get("/tasks")
    assert answer.status_code == 500 and "系统出错" in answer.text and "编号告知管理员" in answer.text


def test_a_broken_error_page_still_says_something(house, monkeypatch):
    client = house.client("desk")
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("webforms.errors.render_template", lambda *_a, **_k: 1 / 0)
    monkeypatch.setattr(engine, "inbox_counts", lambda *_a, **_k: 1 / 0)
    answer = client.get("/tasks")
    assert answer.status_code == 500 and "系统出错" in answer.text


def test_failed_says_which_incident():
    assert str(Failed(7)) == "incident 7"


def test_an_event_is_reported_from_the_case_page(house):
    case_id = house.register()
    client = house.client("desk")
    page = client.get(f"/cases/{case_id}").text
    assert f"/cases/{case_id}/events/" in page
    name = page.split(f"/cases/{case_id}/events/")[1].split('"')[0]
    assert client.get(f"/cases/{case_id}/events/{name}").status_code == 200
    assert client.get(f"/cases/{case_id}/events/nonsense").status_code == 409


def test_the_export_is_safe_in_a_spreadsheet(house):
    house.register(**{"applicants[0].name": "=1+1"})
    answer = house.client("desk").get("/cases?format=csv")
    assert answer.mimetype == "text/csv" and answer.text.startswith("\ufeff")
    assert "'=1+1" in answer.text or '"=1+1' not in answer.text


@pytest.mark.parametrize(
    "address",
    ["/tasks?after=nonsense~x&stage=%00&office=../x", "/cases?opened_from=soon&after=x~y", "/search?q=%22%27%25_*"],
)
def test_strange_addresses_do_no_harm(house, address):
    assert house.client("desk").get(address).status_code == 200


def test_pages_speak_english_on_request(house):
    client = house.client("desk")
    house.post(client, "/language/en", at="/tasks", next="/tasks")
    page = client.get("/tasks").text
    assert 'lang="en"' in page and "My tasks" in page and "我的待办" not in page


def test_too_large_a_request_is_refused_with_words(house):
    client = house.client("desk")
    house.app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = client.post(START, data={"issue": "x" * 2000})
    assert answer.status_code == 413 and "20 MB" in answer.text
