"""Closed cases are asked what a draft would have said, without any script; who may not see a case gets its count."""

import time

import pytest
from sqlalchemy import text

import engine
from tests.house import PASSWORD, PROCESSES, TOWN
from webforms.replays import replays

PROFILE = "decisions/clock_profile.dmn"


@pytest.fixture
def closed(house):
    """A case of the town that was closed: the review found that it is none for the office."""
    case_id = house.register()
    desk = house.client("desk")
    answer = house.post(desk, f"/tasks/{house.task(case_id)}", review_finding="accept")
    assert answer.status_code == 303, answer.text
    head = house.actor("head")
    with house.database.sessions.begin() as session:
        task = engine.case_page(session, case_id, head, now=house.clock()).tasks[0].task_id
        answers = {"acceptance_decision": "accept", "accepted_on": "2026-03-02"}
        engine.complete_task(session, task, answers, actor=head, now=house.clock())
        engine.cancel_case(session, case_id, reason="重复登记", actor=house.actor("boss"), now=house.clock())
    with house.database.sessions.begin() as session:
        engine.create_person(
            session, username="ann", name="分析员", roles=[("analyst", "justice_bureau"), ("mediation_head", TOWN)],
            password=PASSWORD, must_change_password=False, hasher=engine.CHEAP_HASHER, actor=engine.SYSTEM,
            now=house.clock(),
        )  # fmt: skip
    return case_id


def drafted(house, **changed):
    """A draft of mediation with other texts of some files."""
    files = {**engine.read_files(PROCESSES / "mediation"), **changed}
    with house.database.sessions.begin() as session:
        version = session.scalar(text("select id from version where process = 'mediation'"))
        actor = house.actor("boss")
        number = engine.create_draft(session, version_id=version, title="新期限", actor=actor, now=house.clock())
        texts = {name: body for name, body in files.items() if name in changed}
        if texts:
            engine.write_draft_files(session, number, texts, revision=1, actor=actor, now=house.clock())
    return f"/models/{number}/replay"


def looked(house, client, address, **fields):
    """The page when it is done."""
    answer = house.post(client, address, **{"limit": "50", **fields})
    assert answer.status_code == 303, answer.text
    with house.app.app_context():
        for _ in range(200):
            if not replays().running:
                break
            time.sleep(0.05)
    return client.get(address).text


def longer(days="9wd"):
    return (PROCESSES / "mediation" / PROFILE).read_text("utf-8").replace('"5wd"', f'"{days}"')


def test_a_draft_is_asked_about_the_past(house, closed):
    ann = house.client("ann")
    address = drafted(house, **{PROFILE: longer()})
    page = ann.get(address).text
    assert "用已结案件检验" in page and "开始检验" in page and "检验结果" not in page
    page = looked(house, ann, address)
    assert "1 件（期间共结案 1 件）" in page and "期限不同" in page and "结果不同" in page
    with house.database.reads() as session:
        number = engine.case_page(session, closed, house.actor("head"), now=house.clock()).row.number
    assert number in page and f"/cases/{closed}" in page and "规则表第" in page
    assert "data-heat" in page and "511903198001011234" not in page
    sheet = ann.get(f"{address}?format=csv")
    assert sheet.mimetype == "text/csv" and number in sheet.text
    assert "没有您可以查看的案件" in ann.get(f"{address}?element=<script>").text


def test_an_unchanged_draft_says_so_and_a_changed_one_asks_to_look_again(house, closed):
    ann = house.client("ann")
    address = drafted(house)
    assert "全部与当时一致" in looked(house, ann, address)
    number = int(address.split("/")[2])
    with house.database.sessions.begin() as session:
        engine.write_draft_file(
            session, number, PROFILE, longer(), revision=1, actor=house.actor("boss"), now=house.clock()
        )
    assert "检验之后草稿又改过" in ann.get(address).text


def test_who_may_not_see_the_case_gets_its_count_and_nothing_of_it(house, closed):
    boss, ann = house.client("boss"), house.client("ann")
    address = drafted(house, **{PROFILE: longer()})
    seen = looked(house, boss, address)
    page = ann.get(address).text
    with house.database.reads() as session:
        number = engine.case_page(session, closed, house.actor("head"), now=house.clock()).row.number
    assert number in page and number not in seen and str(closed) not in seen
    assert "1 件有不同，只计数、不显示" in seen and "期限不同" in seen
    assert number not in boss.get(f"{address}?format=csv").text
    assert house.client("desk").get(address).status_code == 404


def test_what_is_asked_wrongly_is_said_and_what_cannot_run_too(house, closed):
    boss = house.client("boss")
    address = drafted(house, **{"process.bpmn": "<broken"})
    for fields in (
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"since": "x"},
        {"since": "2026-03-02", "until": "2026-03-01"},
    ):
        answer = house.post(boss, address, **fields)
        assert answer.status_code == 422 and "日期" in answer.text, fields
    assert "草稿目前无法运行" in looked(house, boss, address, limit="10000000")


def test_only_the_period_is_looked_at(house, closed):
    boss = house.client("boss")
    address = drafted(house)
    assert "这段时间没有结案的案件" in looked(house, boss, address, until="2026-03-01")
    page = looked(house, boss, address, since="2026-03-02", until="2026-03-02")
    assert "1 件（期间共结案 1 件）" in page and 'value="2026-03-02"' in page
