"""Nothing is open by accident: markers, tokens, headers and other offices' cases, for every address there is."""

import gzip
import re
from uuid import uuid4

import pytest
from flask import Flask

import engine
from webforms import auth, security


def addresses(app, method):
    """Every rule of this method with its endpoint, static files left out."""
    return [rule for rule in app.url_map.iter_rules() if method in rule.methods and rule.endpoint != "static"]


def filled(rule, values):
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda match: str(values[match[1]]), rule.rule)


def test_every_page_says_who_may_open_it(house):
    for rule in house.app.url_map.iter_rules():
        assert security.access_of(house.app, rule.endpoint) in {"public", "signed-in", "administrator"}


def test_a_page_without_a_marker_is_found():
    app = Flask("bare")
    app.add_url_rule("/open", view_func=lambda: "hello", endpoint="open")
    with pytest.raises(security.UnguardedPage):
        security.access_of(app, "open")


def test_only_a_handful_of_pages_is_public(house):
    rules = house.app.url_map.iter_rules()
    public = {rule.endpoint for rule in rules if security.access_of(house.app, rule.endpoint) == "public"}
    lists = {"registers.public", "registers.public_index"}
    tools = {f"engine_rest.{name}" for name in ("version", "deployments", "create", "start")}  # who shows a token
    assert public - tools == {"auth.sign_in", "auth.open_session", "i18n.language", "static", "healthz"} | lists


@pytest.fixture
def everything(house):
    """One of each: a case with a task, a file, a deadline, a paper and everything else an address may name."""
    case_id = house.register()
    desk, clock = house.actor("desk"), house.clock
    with house.database.sessions.begin() as session:
        page = engine.case_page(session, case_id, desk, now=clock())
        task = page.tasks[0].task_id
        engine.complete_task(session, task, {"review_finding": "accept"}, actor=desk, now=clock())
    with house.database.sessions.begin() as session:
        head = house.actor("head")
        task = engine.case_page(session, case_id, head, now=clock()).tasks[0].task_id
        answers = {"acceptance_decision": "accept", "accepted_on": "2026-03-02"}
        engine.complete_task(session, task, answers, actor=head, now=clock())
    with house.database.reads() as session:
        page = engine.case_page(session, case_id, house.actor("head"), now=clock())
    with house.database.sessions.begin() as session:
        request = engine.ask_change(session, case_id, "cancel", {}, reason="x", actor=house.actor("head"), now=clock())
    return {
        "token_id": 1,
        "definition": "x",
        "request_id": request,
        "repair": "cancel",
        "case_id": case_id,
        "task_id": page.tasks[0].task_id,
        "deadline_id": page.deadlines[0].deadline_id,
        "paper_id": page.papers[0].id,
        "version_id": 1,
        "draft_id": 1,
        "file_id": uuid4(),
        "process": "mediation",
        "kind": "acceptance_notice",
        "name": page.raisable[0].name,
        "person_id": house.ids["desk"],
        "code": "en",
        "incident_id": 1,
        "notice_id": 1,
        "register": "matters",
        "absence_id": 1,
        "play_id": 1,
    }


def test_another_offices_case_does_not_exist_whatever_the_address(house, everything):
    """Every address with an id of a case, a task, a deadline, a paper or a file answers 404 to a stranger."""
    stranger, seen = house.client("stranger"), 0
    about = {"case_id", "task_id", "deadline_id", "paper_id", "file_id", "request_id"}
    token = house.hidden(stranger.get("/tasks").text, "csrf_token")
    for method in ("GET", "POST"):
        for rule in addresses(house.app, method):
            if not rule.arguments & about:
                continue
            address, seen = filled(rule, everything), seen + 1
            data = {"csrf_token": token, "to": house.ids["stranger"], "reason": "x"} if method == "POST" else None
            answer = stranger.open(address, method=method, data=data)
            assert answer.status_code == 404, f"{method} {address}: {answer.status_code}"
            assert "王建国" not in answer.text
    assert seen >= 15


def test_a_handler_sees_those_same_addresses(house, everything):
    """The test above would be worth nothing if the addresses were wrong."""
    head = house.client("head")
    for rule in addresses(house.app, "GET"):
        if rule.arguments & {"case_id", "task_id", "deadline_id", "paper_id", "request_id"}:
            answer = head.get(filled(rule, everything))
            assert answer.status_code == 200, f"{rule.rule}: {answer.status_code}"


def test_a_visitor_sees_nothing(house, everything):
    client = house.client()
    for rule in addresses(house.app, "GET"):
        if security.access_of(house.app, rule.endpoint) != "public":
            wanted = 401 if rule.endpoint in auth.UNATTENDED else 303  # nobody sits at what an open page asks for
            assert client.get(filled(rule, everything)).status_code == wanted, rule.rule


def test_pages_of_the_administrator_are_closed_to_others(house, everything):
    desk = house.client("desk")
    for rule in addresses(house.app, "GET"):
        if security.access_of(house.app, rule.endpoint) == "administrator":
            assert desk.get(filled(rule, everything)).status_code == 403, rule.rule


def test_every_post_needs_the_token(house, everything):
    boss = house.client("boss")
    for rule in addresses(house.app, "POST"):
        if rule.endpoint.startswith("engine_rest."):
            continue  # no cookie counts there
        answer = boss.post(filled(rule, everything), data={"username": "x"})
        assert answer.status_code == 400, f"{rule.rule}: {answer.status_code}"


@pytest.mark.parametrize("address", ["/sign-in", "/nowhere", "/static/app.css", "/healthz"])
def test_headers(house, address):
    answer = house.client().get(address)
    answer.close()
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept_by_the_browser_but_files_of_the_site_are(house):
    client = house.client("desk")
    page = client.get("/tasks")
    assert page.headers["Cache-Control"] == "no-store"
    asset = re.search(r'href="(/static/app\.css\?v=[0-9a-f]+)"', page.text)[1]
    file = client.get(asset)
    file.close()
    assert "immutable" in file.headers["Cache-Control"]


def test_files_of_the_site_travel_compressed_and_pages_do_not(house):
    """The style sheet is most of what a first visit loads; pages hold secrets, and no part of a file is squeezed."""
    client, wide, address = house.client(), {"Accept-Encoding": "gzip"}, "/static/vendor/tabler-1.6.1/tabler.min.css"
    with client.get(address) as plain, client.get(address, headers=wide) as squeezed:
        assert gzip.decompress(squeezed.data) == plain.data and len(squeezed.data) * 6 < len(plain.data)
        assert squeezed.headers["Content-Length"] == str(len(squeezed.data)) and "Content-Encoding" not in plain.headers
        assert plain.headers["Vary"] == squeezed.headers["Vary"] == "Accept-Encoding"
        known = squeezed.headers["ETag"]
    with client.get(address, headers={**wide, "If-None-Match": known}) as same:
        assert same.status_code == 304
    with client.get(address, headers={**wide, "Range": "bytes=0-9"}) as part:
        assert part.status_code == 206 and len(part.data) == 10
    assert "Content-Encoding" not in client.get("/sign-in", headers=wide).headers


def test_pages_hold_no_inline_script_or_style(house, everything):
    head = house.client("head")
    for rule in addresses(house.app, "GET"):
        if rule.endpoint.startswith("diagrams.source"):
            continue
        answer = head.get(filled(rule, everything))
        if answer.mimetype != "text/html":  # a file to download
            continue
        text = answer.text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son[a-z]+=|\sstyle=", text), rule.rule
