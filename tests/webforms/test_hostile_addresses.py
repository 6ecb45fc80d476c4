"""Addresses nobody would type, people who should see nothing, and what every answer tells the browser."""

import io
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from werkzeug.exceptions import HTTPException

import engine
from engine.model import Notice
from scheduler.play_keeping import Plays
from webforms import model_pages, security

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
ABOUT_A_CASE = {"case_id", "task_id", "deadline_id", "paper_id", "file_id", "request_id", "draft_id", "play_id"}
OTHERS_MAY = {  # everybody signed in may ask for what these say
    "process": "mediation", "code": "en", "register": "roster", "version_id": 1,
}  # fmt: skip
STYLED = {  # drawn by libraries that write style attributes: these pages of drafts and versions alone allow them
    "view/decisions/clock_profile.dmn", "preview/forms/review_application.form", "edit/process.bpmn",
    "edit/decisions/clock_profile.dmn", "edit/forms/review_application.form",
}  # fmt: skip
STRICT = {
    "view/process.bpmn", "view/manifest.toml", "preview/forms/review_application.form?as=handler",
    "preview/forms/review_application.form?as=printed", "source/process.bpmn", "edit/manifest.toml",
    "text/process.bpmn", "scenarios", "repair", "replay", "play",
}  # fmt: skip
SPEAK_JSON = ("element_templates.show", "engine_rest.")  # asked by the desktop Modeler
BINARY = {  # what is taken away and is no text has no character set
    "application/pdf", "application/zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip
JSON = {"model_edit.save": {"json": {"text": "x", "revision": 1}}}  # scripts send this instead of a form
FILES = {"model_view.preview": "forms/review_application.form"}  # of a published version
ADMINISTRATORS = {"person_id", "incident_id"}
LIBRARY = ("models.", "migrations.")  # for who draws or approves models: for others there is nothing
LEADERS = {  # who leads nobody gets 403; what another leader gets: no person of ours, no step that is not named
    "desk_load.person": 404, "heat.show": 200, "heat.source": 200, "heat.stays": 404,
}  # fmt: skip
OWN = {"notice_id", "absence_id", "token_id"}  # one's own: another's do not exist
OURS = ("王建国", "李秀兰", "恩渔溪行调", "院坝", "水沟现场", "13881700001")


def asked(rule):
    """The arguments an address is asked with; what the address itself settles is none."""
    return rule.arguments - set(rule.defaults or {})


def rules(app, argument=True):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static" and bool(asked(rule)) == argument]


def filled(rule, values):
    if "version_id" in rule.arguments:
        values = {**values, "name": FILES.get(rule.endpoint, "process.bpmn")}
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: str(values[found[1]]), rule.rule)


@pytest.fixture
def ours(house):
    """One of each in the town, with something typed and a file, known by its address."""
    desk, clock = house.client("desk"), house.clock
    house.app.config["PLAYS"] = Plays()
    answer = house.post(desk, "/cases/new/mediation", **house.answers, evidence=(io.BytesIO(PDF), "水沟现场.pdf"))
    assert answer.status_code == 303
    with house.database.reads() as session:
        case_id = engine.cases(session, house.actor("desk"), now=clock()).rows[0].case_id
    house.post(desk, f"/tasks/{house.task(case_id)}", review_finding="accept")
    head = house.actor("head")
    with house.database.sessions.begin() as session:
        task = engine.case_page(session, case_id, head, now=clock()).tasks[0].task_id
        answers = {"acceptance_decision": "accept", "accepted_on": "2026-03-02"}
        engine.complete_task(session, task, answers, actor=head, now=clock())
    with house.database.reads() as session:
        page = engine.case_page(session, case_id, head, now=clock())
        incident = session.scalar(text("select max(id) from incident")) or 1
        version_id = session.scalar(text("select id from version where process = 'mediation'"))
    with house.database.sessions.begin() as session:
        notice = Notice(key="n", person_id=house.ids["head"], case_id=case_id, kind="told", text=OURS[0], params={},
                        created_at=clock())  # fmt: skip
        session.add(notice)
        session.flush()
        notice_id = notice.id
        boss = house.actor("boss")
        draft_id = engine.create_draft(session, version_id=version_id, title=OURS[3], actor=boss, now=clock())
        setup = {"process": "mediation", "office": "yuxi_town", "at": "2026-03-02T09:00", "by": "registrar"}
        play_id = engine.begin_play(session, draft_id, setup, digest="", actor=boss, now=clock())
        engine.make_token(session, OURS[3], actor=boss, now=clock())
        token_id = session.scalar(text("select max(id) from api_token"))
        request_id = engine.ask_change(session, case_id, "cancel", {}, reason=OURS[3], actor=head, now=clock())
    return {
        "case_id": case_id,
        "task_id": page.tasks[0].task_id,
        "deadline_id": page.deadlines[0].deadline_id,
        "paper_id": page.papers[0].id,
        "file_id": page.files[0].id,
        "kind": "acceptance_notice",
        "name": page.raisable[0].name,
        "request_id": request_id,
        "repair": "cancel",
        "person_id": house.ids["desk"],
        "incident_id": incident,
        "notice_id": notice_id,
        "absence_id": 999,
        "token_id": token_id,
        "draft_id": draft_id,
        "play_id": play_id,
        "definition": "draft:1",
        **OTHERS_MAY,
        "version_id": version_id,
    }


@pytest.fixture
def newcomer(house):
    """Somebody who may sign in and holds no role."""
    with house.database.sessions.begin() as session:
        engine.create_person(
            session,
            username="newcomer",
            name="新同志",
            roles=[],
            password=house.password,
            must_change_password=False,
            hasher=engine.CHEAP_HASHER,
            actor=engine.SYSTEM,
            now=house.clock(),
        )
    client = house.client()
    assert house.post(client, "/sign-in", username="newcomer", password=house.password).status_code == 303
    return client


def test_every_argument_of_every_address_is_judged_here(house):
    """An address with a new kind of argument says here who may use it, or this fails."""
    known = ABOUT_A_CASE | ADMINISTRATORS | OWN | set(OTHERS_MAY) | {"kind", "name", "repair", "definition"}
    for rule in rules(house.app):
        assert asked(rule) <= known, f"{rule.rule}: say in this file who may open it"
        if "definition" in rule.arguments:
            assert rule.endpoint.startswith("engine_rest."), "these show a token at every call"
        elif not rule.arguments & (ABOUT_A_CASE | OWN | set(OTHERS_MAY)) and rule.endpoint not in LEADERS:
            assert security.access_of(house.app, rule.endpoint) == "administrator", rule.rule


def everything(house, client, ours):
    """(rule, method, answer) of every address with an argument."""
    page = client.get("/sign-in", follow_redirects=True).text
    token = house.hidden(page, "csrf_token")
    for rule in rules(house.app):
        for method in sorted(rule.methods & {"GET", "POST"}):
            data = {"csrf_token": token, "reason": "x", "to": "1", "review_finding": "accept"}
            sent = {} if method == "GET" else JSON.get(rule.endpoint) or {"data": data}
            answer = client.open(filled(rule, ours), method=method, headers={"X-CSRFToken": token}, **sent)
            yield rule, method, answer


@pytest.mark.parametrize("who", ["stranger", "newcomer"])
def test_another_offices_case_cannot_be_told_from_none(house, ours, request, who):
    client = request.getfixturevalue("newcomer") if who == "newcomer" else house.client(who)
    nothing = {name: uuid4() if isinstance(value, UUID) else value for name, value in ours.items()}
    nothing |= {"request_id": 999, "draft_id": 999, "play_id": 999}
    there = list(everything(house, client, ours))
    for (rule, method, answer), (_, _, other) in zip(there, everything(house, client, nothing), strict=True):
        place = f"{method} {rule.rule} for {who}"
        assert not any(word in answer.text for word in OURS), place
        if rule.arguments & ABOUT_A_CASE:
            assert answer.status_code == 404, place
            assert other.status_code in {404, 409}, place
        elif rule.arguments & OWN:
            assert answer.status_code in {404, 405}, place
        elif "definition" in rule.arguments:
            assert answer.status_code == 401, place
        elif rule.endpoint.startswith(LIBRARY):
            assert answer.status_code == 404, place
        elif rule.endpoint in LEADERS:
            assert answer.status_code == (403 if who == "newcomer" else LEADERS[rule.endpoint]), place
        elif rule.arguments & {"register", "version_id"}:
            assert answer.status_code == 200, place
        elif rule.arguments & ADMINISTRATORS:
            assert answer.status_code == 403, place
        else:
            assert answer.status_code in {200, 303, 403, 404, 422}, place
    assert len(there) >= 20


def test_a_visitor_is_sent_to_sign_in_everywhere(house, ours):
    for rule, method, answer in everything(house, house.client(), ours):
        if security.access_of(house.app, rule.endpoint) != "public":
            assert answer.status_code == (303 if method == "GET" else 401), f"{method} {rule.rule}"
            assert not any(word in answer.text for word in OURS)


def test_lists_hold_nothing_of_other_offices(house, ours, newcomer):
    lists = ["/tasks?view=mine", "/tasks?view=claimable", "/tasks?view=overdue", "/tasks?view=office"]
    lists += [address + "&office=yuxi_town" for address in lists] + ["/tasks?view=office&q=王建国", "/"]
    lists += ["/cases", "/cases?office=yuxi_town", "/cases?q=王建国", "/cases?q=恩渔溪", "/cases?status=running"]
    lists += ["/cases?format=csv", "/cases?format=csv&office=yuxi_town&q=院坝", "/search?q=王建国", "/search?q=院坝"]
    lists += ["/search?q=13881700001", "/search?q=511903198001011234", "/account", "/cases/new"]
    house.clock.forward(days=1)
    house.post(newcomer, "/sign-in", username="newcomer", password=house.password)  # a session lasts a day's work
    for client in (house.client("stranger"), newcomer):
        for address in lists:
            answer = client.get(address, follow_redirects=True)
            assert answer.status_code == 200, address
            shown = answer.text.split("<main")[-1]
            asked = re.sub(r'value="[^"]*"|href="[^"]*"|<title>.*?</title>', "", shown)
            assert "/cases/" + str(ours["case_id"]) not in shown and "恩渔溪行调〔" not in asked, address
            assert "王建国与" not in asked, address
    desks = [rule.rule for rule in rules(house.app, argument=False) if rule.rule.startswith("/desk")]
    desks += [f"{address}?{more}" for address in desks for more in ("format=csv", "office=yuxi_town", "q=院坝")]
    leader = house.client("stranger")
    for address in [*desks, "/processes/mediation/heat/stays?element=review_application", "/reports", "/statistics"]:
        assert not any(word in leader.get(address).text for word in ("王建国与", "恩渔溪行调〔")), address
        assert newcomer.get(address).status_code == 403 or not address.startswith("/desk"), address
    found = house.client("head")
    assert "王建国与" in found.get("/search?q=院坝").text and "王建国与" in found.get("/cases?format=csv").text


def test_drafts_are_read_by_their_writer_only(house, ours):
    head, task = house.client("head"), f"/tasks/{ours['task_id']}"
    typed = "只有我知道的想法"
    fields = re.findall(r'<(?:textarea|input)[^>]*name="(\w+)"', head.get(task).text)
    field = next(name for name in fields if not name.startswith(("_", "csrf", "to", "reason", "q")))
    assert house.post(head, task + "/draft", at=task, **{field: typed}).status_code == 200
    with house.database.reads() as session:
        assert session.scalar(text("select count(*) from draft where key = :key"), {"key": str(ours["task_id"])}) == 1
    for other in ("desk", "mediator", "leader", "boss"):
        assert typed not in house.client(other).get(task).text, other


NOBODY = "5d2f7a90-3c1e-4b6d-9a57-0f6e8d1c2b34"
STRANGE = [
    f"/tasks?after=2026-01-01~{NOBODY}",
    f"/tasks?view=office&after=9999-12-31T23:59:59-14:00~{NOBODY}",
    f"/cases?after=2026-01-01~{NOBODY}",
    f"/cases?after=0001-01-01T00:00:00%2B14:00~{NOBODY}",
    f"/search?q=x&after=0001-01-01T00:00:00%2B14:00~{NOBODY}",
    "/cases?opened_to=9999-12-31",
    "/cases?opened_from=0001-01-01",
    "/cases?opened_from=9999-12-31&opened_to=0001-01-01&format=csv",
    "/cases?q=%00&status=%00&office=%ED%A0%80",
    "/search?q=%00%22*NEAR(",
    "/search?q=" + "a" * 20_000,
    "/cases?q=" + "%E9%95%BF" * 5_000,
    "/tasks?view=office&q=" + "%25" * 5_000,
    "/tasks?view=mine&view=office&q[]=1&__class__=x",
]


@pytest.mark.parametrize("address", STRANGE, ids=[address[:40] for address in STRANGE])
def test_strange_filters_find_what_they_find(house, address):
    assert house.client("desk").get(address).status_code == 200


@pytest.mark.parametrize("number", ["999999999999999999999999", "4294967296", "0", "-1", "1.5", "²", "%00"])
def test_numbers_no_database_holds(house, number):
    boss, head = house.client("boss"), house.client("head")
    tokens = {client: house.hidden(client.get("/tasks").text, "csrf_token") for client in (boss, head)}
    for rule in rules(house.app):
        if rule.arguments & (ADMINISTRATORS | OWN | {"request_id"}):
            address = re.sub(r"<[^>]+>", number, rule.rule)
            client = boss if security.access_of(house.app, rule.endpoint) == "administrator" else head
            for method in rule.methods & {"GET", "POST"}:
                data = {"csrf_token": tokens[client], "reason": "x", "name": "x"} if method == "POST" else None
                answer = client.open(address, method=method, data=data)
                assert answer.status_code in {404, 405}, f"{method} {address}: {answer.status_code}"


@pytest.mark.parametrize("part", ["not-a-uuid", "%00", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%ff", "x" * 5000])
def test_ids_that_are_none(house, part):
    desk = house.client("desk")
    for start in ("/cases/", "/tasks/", "/files/", "/papers/", "/deadlines/", "/static/", "/cases/new/"):
        with desk.get(start + part) as answer:
            assert answer.status_code in {303, 308, 404}, start


@pytest.mark.parametrize(
    "target",
    [
        "//[",
        "http://[x",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        "\x00",
        "///evil.example",
        "/\\evil",
        "//evil",
        "x",
    ],
)
def test_signing_in_leads_to_this_site_only(house, target):
    answer = house.post(house.client(), "/sign-in", username="desk", password=house.password, next=target)
    assert answer.status_code == 303 and answer.location == "/"
    assert "a=b" not in str(answer.headers)
    desk = house.client("desk")
    assert house.post(desk, "/language/en", at="/tasks", next=target).location == "/"


@pytest.mark.parametrize("name", ["\x00", "a" * 500_000, "😀", "\u202e", "' or 1=1 --", "desk\x00", ""])
def test_names_nobody_has(house, name):
    client = house.client()
    token = house.hidden(client.get("/sign-in").text, "csrf_token")
    answer = client.post("/sign-in", data={"csrf_token": token, "username": name, "password": "p" * 10_000})
    assert answer.status_code == 422 and "用户名或密码不正确" in answer.text


EXPORTED = ("/cases", "/registers/roster", "/public/registers/matters", "/obligations")


def endpoint_of(app, answer):
    """The name of the view that answered; None where there is none."""
    found = app.url_map.bind("localhost")
    try:
        return found.match(answer.request.path, method=answer.request.method)[0]
    except HTTPException:
        return None


def has_no_charset(app, answer):
    """JSON, which is UTF-8, where scripts ask for it; files to be kept that are no text."""
    kind = answer.headers.get("Content-Type", "")
    if kind == "application/json":
        return (endpoint_of(app, answer) or "").startswith(SPEAK_JSON)
    return kind in BINARY and answer.headers.get("Content-Disposition", "").startswith("attachment;")


def test_inline_styles_are_allowed_where_libraries_draw_and_nowhere_else(house, ours):
    """Scripts stay strict there too; a page that cannot be drawn is as strict as any other."""
    boss, found = house.client("boss"), set()
    for base in (f"/models/versions/{ours['version_id']}/", f"/models/{ours['draft_id']}/"):
        for page in STYLED | STRICT:
            answer = boss.get(base + page)
            policy = answer.headers["Content-Security-Policy"]
            if answer.status_code == 200 and policy == model_pages.STYLED:
                found.add(page)
            elif answer.status_code == 200:
                found.add("strict " + page)
            if policy != model_pages.STYLED:
                assert "unsafe" not in policy, base + page
    assert found == STYLED | {f"strict {page}" for page in STRICT}
    assert model_pages.STYLED.replace(" 'unsafe-inline'", "", 1) == security.POLICY


def test_every_answer_has_its_headers(house, ours):
    desk = house.client("desk")
    answers = [desk.get(filled(rule, ours)) for rule in rules(house.app) if "GET" in rule.methods]
    answers += [desk.get(rule.rule) for rule in rules(house.app, argument=False) if "GET" in rule.methods]
    answers += [desk.get(f"{exported}?format={kind}") for exported in EXPORTED for kind in ("xlsx", "csv")]
    answers += [
        desk.get("/nowhere"),
        desk.put("/tasks"),
        desk.post("/tasks/claim"),
        house.client().post("/tasks/claim"),
    ]
    house.app.config["MAX_CONTENT_LENGTH"] = 10
    answers += [desk.post("/cases/new/mediation", data={"issue": "x" * 100})]
    assert {answer.status_code for answer in answers} >= {200, 303, 400, 401, 403, 404, 405, 413}
    for answer in answers:
        headers, place = answer.headers, f"{answer.request.method} {answer.request.path} {answer.status_code}"
        assert "default-src 'none'" in headers["Content-Security-Policy"], place
        if not (endpoint_of(house.app, answer) == "model_view.preview" and answer.status_code == 200):
            assert "unsafe" not in headers["Content-Security-Policy"], place
        assert headers["X-Content-Type-Options"] == "nosniff" and "Server" not in headers, place
        assert headers["Cache-Control"].startswith(("no-store", "private")), place
        assert "charset=utf-8" in headers.get("Content-Type", "") or has_no_charset(house.app, answer), place
        for cookie in headers.getlist("Set-Cookie"):
            assert "HttpOnly" in cookie and "SameSite=Lax" in cookie, place
        answer.close()


def test_a_page_that_fails_has_its_headers_too(house, monkeypatch):
    desk = house.client("desk")
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("webforms.errors.render_template", lambda *_a, **_k: 1 / 0)
    answer = desk.get("/nowhere")
    assert answer.status_code == 500 and "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "ZeroDivisionError" not in answer.text


def test_a_session_ends_with_the_role_the_account_and_the_password(house):
    """A cookie is worth what the database says at this moment."""
    boss = house.client("boss")
    desk, address = house.client("desk"), f"/people/{house.ids['desk']}"
    assert desk.get("/cases/new/mediation").status_code == 200
    house.post(boss, address, name="desk", phone="")
    assert desk.get("/cases/new/mediation").status_code == 403
    house.post(boss, address + "/password", at=address)
    assert desk.get("/tasks").status_code == 303
    forged = house.client()
    forged.set_cookie("tiaojie", "eyJ0b2tlbiI6IngifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb")
    assert forged.get("/tasks").status_code == 303
    house.clock.now += timedelta(days=400)
    assert boss.get("/tasks").status_code == 303


def test_the_export_speaks_chinese(house, ours):
    [heading] = house.client("head").get("/cases?format=csv").text.splitlines()[:1]
    assert not re.search(r"[A-Za-z]", heading)
