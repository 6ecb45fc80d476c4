"""A real browser keeps the content policy on every page, error pages included, and runs nothing that was typed."""

import threading

import pytest
from werkzeug.serving import make_server

import engine

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=window.evil=1>'\"><script>window.evil=1</script>{{7*7}}"
LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", e => window.violations.push(e.violatedDirective + " " + e.blockedURI));
"""  # noqa: E501 one line of another language


@pytest.fixture
def address(house):
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_page_breaks_the_policy_or_runs_what_was_typed(house, browser, address):
    case_id = house.register(issue=EVIL, **{"applicants[0].name": EVIL[:40], "respondents[0].name": "{{7*7}}"})
    desk = house.actor("desk")
    with house.database.sessions.begin() as session:
        answers = {"review_finding": "accept", "review_note": EVIL}
        task = house.task(case_id)
        engine.complete_task(session, task, answers, actor=desk, now=house.clock())
    task = house.task(case_id, "head")
    case = f"/cases/{case_id}"
    pages = {
        "head": ["/tasks?view=office", f"/tasks/{task}", case, f"{case}/diagram", f"{case}/papers/acceptance_notice",
                 "/cases", f"/search?q={EVIL}", "/account", "/nowhere", f"/tasks?view={EVIL}", "/cases/new/mediation"],
        "boss": ["/people", "/people/new", "/people/import", "/people/changes", "/incidents"],
    }  # fmt: skip
    for username, paths in pages.items():
        context = browser.new_context(locale="zh-CN")
        context.add_init_script(LISTEN)
        page, wrong = context.new_page(), []
        page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
        page.on(
            "console", lambda line, wrong=wrong: wrong.append(line.text) if "Security Policy" in line.text else None
        )
        page.on("dialog", lambda dialog, wrong=wrong: wrong.append("a dialog") or dialog.dismiss())
        page.goto(f"{address}/sign-in?next={EVIL}")
        page.get_by_label("用户名").fill(username)
        page.get_by_label("密码", exact=True).fill(house.password)
        page.get_by_role("button", name="登录").click()
        for path in paths:
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            assert page.evaluate("window.violations") == [], path
            assert page.evaluate("window.evil") is None, path
            assert ">49<" not in page.content(), path
        context.close()
        assert wrong == []
