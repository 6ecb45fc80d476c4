"""What people at a desk rely on: papers signed before the form is handed in, facts in order, short lists."""

from datetime import date

from engine.search import endings, phrase
from webforms import people

START = "/cases/new/mediation"


def session_of(house):
    """A case whose meeting is the next step, and its task."""
    case_id = house.register()
    desk, head = house.client("desk"), house.client("head")
    house.post(desk, f"/tasks/{house.task(case_id)}", review_finding="accept", review_note="材料齐全")
    house.post(head, f"/tasks/{house.task(case_id, 'head')}", acceptance_decision="accept", accepted_on="2026-03-02")
    return case_id


def test_the_preview_holds_what_this_person_has_typed(house):
    case_id = house.register()
    desk = house.client("desk")
    house.post(desk, f"/tasks/{house.task(case_id)}", review_finding="accept")
    head, task = house.client("head"), house.task(case_id, "head")
    address = f"/cases/{case_id}/papers/acceptance_notice"
    house.post(head, f"/tasks/{task}", acceptance_decision="accept", accepted_on="2026-03-02", _save="1")
    assert "2026年3月2日" in head.get(f"{address}?task={task}").text
    assert "2026年3月2日" not in house.client("boss").get(f"{address}?task={task}").text
    other = house.register()
    assert "to-sign" in head.get(f"/cases/{other}/papers/acceptance_notice?task={task}").text
    assert head.get(f"{address}?task=none").status_code == 200
    house.post(head, f"/tasks/{task}", acceptance_decision="accept", accepted_on="tomorrow", _save="1")
    assert head.get(f"{address}?task={task}").status_code == 200


def test_the_case_page_tells_facts_by_the_step_that_told_them(house):
    case_id = session_of(house)
    page = house.client("head").get(f"/cases/{case_id}").text
    facts = page.split('id="facts"')[1].split("</section>")[0]
    assert facts.index("申请人") < facts.index("审查申请") < facts.index("材料齐全") < facts.index("决定是否受理")
    assert facts.count("<details open>") == 1


def test_a_late_task_shows_the_dispute_and_folds_the_rest(house):
    case_id = session_of(house)
    page = house.client("head").get(f"/tasks/{house.task(case_id, 'head')}").text
    assert "后续记录（" in page and f"/cases/{case_id}#papers" in page
    assert page.index("墙面受损") < page.index("后续记录（") < page.index("材料齐全")


def test_the_ordinary_procedure_is_offered_first(house):
    page = house.client("desk").get("/cases/new").text
    assert "/cases/new/escalation" not in page or page.index(START) < page.index("/cases/new/escalation")


def test_a_limit_in_days_starts_on_a_day(house):
    page = house.client("desk").get(f"/cases/{house.register()}").text
    why = house.client("desk").get("/deadlines/" + page.split('href="/deadlines/')[1].split('"')[0]).text
    start = why.split("<dt>起算时间</dt><dd>")[1].split("</dd>")[0]
    assert date.fromisoformat(start.split("（")[0]) and ":" not in start


def test_a_part_of_a_telephone_number_finds_the_case(house):
    case_id = house.register()
    number = house.answers["applicants[0].phone"]
    for part in (number[:6], number[3:8], number[-4:]):
        assert str(case_id) in house.client("desk").get(f"/search?q={part}").text
    assert "未找到案件" in house.client("desk").get("/search?q=98765").text
    assert endings("12345 123") == "2345" and phrase('12345" OR') == '"12345"* AND "or"'


def test_people_come_in_pages(house, monkeypatch):
    monkeypatch.setattr(people, "PAGE", 2)
    boss = house.client("boss")
    first, last = boss.get("/people?role=").text, boss.get("/people?page=99").text
    assert first.count("data-row") == 2 and 'rel="next"' in first and 'rel="prev"' not in first
    assert 'rel="prev"' in last and 'rel="next"' not in last
    assert boss.get("/people?page=x").status_code == 200
