"""One real dispute, typed through the browser from the application to the archived file."""

import re
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

import engine

pytestmark = pytest.mark.browser
SCAN = {
    "name": "扫描件.pdf",
    "mimeType": "application/pdf",
    "buffer": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n",
}
BY_ROLE = {
    "registrar": "desk",
    "mediation_head": "head",
    "mediator": "mediator",
    "organ_leader": "leader",
    "archivist": "archivist",
}
APPLICATION = {
    "intake_kind": "written",
    "matter_id": "M43",
    "received_on": "2026-03-02",
    "applicants[0].name": "王建国",
    "applicants[0].phone": "13881700001",
    "applicants[0].id_number": "511903198001011234",
    "applicants[0].address": "渔溪镇和平街12号",
    "respondents[0].name": "李秀兰",
    "respondents[0].phone": "13881700002",
    "issue": "双方因院坝排水发生争执，墙面受损。",
    "request": "修复墙面，赔偿损失。",
    "claimed_amount": "5000",
    "people_count": "2",
    "prior_consent": "agreed",
    "evidence": SCAN,
}
STEPS = {
    "review_application": {"review_finding": "accept"},
    "decide_acceptance": {"acceptance_decision": "accept", "accepted_on": "2026-03-02"},
    "appoint_mediators": {"mediator": "1st", "is_conflict_checked": True},
    "schedule_mediation": {
        "preparation": "session",
        "session_at": "2026-03-06T09:30",
        "session_place": "渔溪镇调解室",
    },
    "hold_session": {
        "session_attendees": "王建国、李秀兰",
        "are_rights_told": True,
        "session_record": "双方陈述意见，调解员讲解法律规定。",
        "agreed_facts": "墙面受损属实。",
        "session_result": "written",
        "session_scan": SCAN,
    },
    "draft_agreement": {
        "agreed_facts": "排水沟由双方共用，墙面受损属实。",
        "agreement_content": "李秀兰赔偿王建国三千元。",
        "performance_mode": "once",
        "agreed_amount": "3000",
        "performance_due": "2026-03-20",
    },
    "sign_agreement": {"signing_result": "signed", "effective_on": "2026-03-06", "signed_scan": SCAN},
    "deliver_agreement": {
        "agreement_delivered_on": "2026-03-06",
        "agreement_delivered_by": "direct",
        "agreement_receipt": SCAN,
        "is_confirmation_told": True,
    },
    "record_confirmation": {"confirmation_choice": "waived"},
    "record_performance": {
        "performance_result": "performed",
        "performed_on": "2026-03-18",
        "performed_amount": "3000",
        "performance_proof": SCAN,
    },
    "visit_parties": {"visited_on": "2026-03-18", "visit_mode": "phone", "satisfaction": "good", "visit_next": "done"},
    "approve_closing": {"closing_decision": "approved", "closing_opinion": "文书齐全，同意结案。"},
    "archive_case": {
        "archive_number": "2026-行调-001",
        "page_count": "32",
        "retention": "30y",
        "dossier_checked": ["application", "acceptance", "identity", "closing"],
    },
}
WAITS = {"schedule_mediation": "2026-03-06T09:31", "deliver_agreement": "2026-03-18T10:00"}


@contextmanager
def signed_in(house, browser, address, username, **options):
    """A window of this person; no script fails in it and the content policy is kept."""
    context = browser.new_context(locale="zh-CN", **options)
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None
    )
    page.goto(address + "/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码", exact=True).fill(house.password)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我的待办")
    yield page
    context.close()
    assert wrong == []


def answer(page: Page, name: str, value) -> None:
    """Fill in one question as a person would; questions that depend on others appear by themselves."""
    field = page.locator(f"[name='{name}']:not([type=hidden])")
    expect(field.first).to_be_attached()
    kind = field.first.evaluate("node => node.type || node.tagName.toLowerCase()")
    if kind == "radio" or isinstance(value, list):
        for one in value if isinstance(value, list) else [value]:
            page.locator(f"[name='{name}'][value='{one}']").check()
    elif kind == "checkbox":
        field.first.check()
    elif kind == "file":
        field.first.set_input_files(value)
    elif kind.startswith("select"):
        field.first.select_option(index=1) if value == "1st" else field.first.select_option(value)
    else:
        field.first.fill(value)
    page.evaluate("document.activeElement.blur()")  # as if going on to the next question


def hand_in(page: Page, answers) -> None:
    for name, value in answers.items():
        answer(page, name, value)
    page.get_by_role("button", name="提交").last.click()
    expect(page.locator(".error-summary")).to_have_count(0)
    page.wait_for_load_state()


def clock_runs(house, until: str) -> None:
    """The clock moves on and everything due happens."""
    house.clock.now = datetime.fromisoformat(until).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
    with house.database.reads() as session:
        due = engine.due_cases(session, now=house.clock())
    for case_id in due:
        with house.database.sessions.begin() as session:
            engine.fire_timers(session, case_id, now=house.clock())


def open_steps(house, case_id):
    with house.database.reads() as session:
        page = engine.case_page(session, case_id, house.actor("head"), now=house.clock())
        roles = {role.name: role.id for role in engine.directory(session).roles.values()}
    return page, [(task.element, task.task_id, BY_ROLE[roles[task.role_name]]) for task in page.tasks]


def test_from_the_application_to_the_archived_file(house, browser, address):
    with signed_in(house, browser, address, "desk") as page:
        page.get_by_role("link", name="登记案件").click()
        page.get_by_role("link", name="由渔溪镇人民政府登记 · 行政调解").click()
        hand_in(page, APPLICATION)
        expect(page.get_by_role("status").first).to_contain_text("恩渔溪行调〔2026〕001号")
        with house.database.reads() as session:
            [row] = engine.cases(session, house.actor("desk"), now=house.clock()).rows
    done = []
    while True:
        case, steps = open_steps(house, row.case_id)
        if not steps:
            break
        element, task_id, username = steps[0]
        assert element not in done, f"{element} came twice"
        with signed_in(house, browser, address, username) as page:
            page.goto(f"{address}/tasks/{task_id}")
            hand_in(page, STEPS[element])
        done.append(element)
        if element in WAITS:
            clock_runs(house, WAITS[element])
    assert set(done) == set(STEPS)
    assert case.row.status == "completed" and case.row.outcome
    with signed_in(house, browser, address, "archivist") as page:
        page.goto(f"{address}/cases/{row.case_id}")
        expect(page.get_by_text("程序已结束")).to_be_visible()
        for paper in ("行政调解受理通知书", "行政调解笔录", "行政调解协议书"):
            expect(page.get_by_role("link", name=paper).first).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("扫描件")).first).to_be_visible()
        page.get_by_role("link", name="行政调解协议书").first.click()
        expect(page.get_by_text("李秀兰赔偿王建国三千元")).to_be_visible()
        page.goto(f"{address}/cases/{row.case_id}/diagram")
        expect(page.locator("#canvas[data-ready=yes]")).to_be_attached()
        watermark = page.locator(".bjs-powered-by")
        expect(watermark).to_be_visible()
        watermark.scroll_into_view_if_needed()
        box = watermark.bounding_box()
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        assert page.evaluate("([x, y]) => !!document.elementFromPoint(x, y).closest('.bjs-powered-by')", middle)
