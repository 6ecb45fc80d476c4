"""Every page that links lead to, in English: what is Chinese is content, and what can be pressed does something."""

import re
import sqlite3
from collections import deque
from html import unescape
from urllib.parse import urljoin

import pytest
from lxml import html
from werkzeug.exceptions import HTTPException

import engine
from scheduler.tick import tick
from tests.house import PROCESSES

CHINESE = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
LINK = re.compile(r'<a\b[^>]*? href="([^"]+)"')
SWITCH = re.compile(r'<button class="linklike" lang="zh-CN">中文</button>')
STARTS = ("/", "/cases/new/mediation", "/search?q=院坝", "/statistics/cases?indicator=applied", "/nowhere")


def in_english(house, username):
    client = house.client(username)
    assert house.post(client, "/language/en", at="/account", next="/account").status_code == 303
    return client


def content(house):
    """Everything Chinese that offices, processes and people have written."""
    files = [
        path for path in PROCESSES.rglob("*") if path.suffix in {".toml", ".bpmn", ".dmn", ".form", ".html", ".md"}
    ]
    with sqlite3.connect(house.database.bind.url.database) as connection:
        rows = "\n".join(connection.iterdump())
    return rows + "\n".join(path.read_text("utf-8") for path in files)


def walk(client, app):
    """One page of every address that can be reached by links, and one with filters."""
    waiting, seen, addresses = deque(STARTS), set(), app.url_map.bind("localhost")
    while waiting:
        address = waiting.popleft()
        path, _, query = address.partition("?")
        try:
            endpoint = addresses.match(path)[0]
        except HTTPException:
            endpoint = path
        kind = (endpoint, bool(query))
        if kind in seen or "format=" in query or endpoint in {"static", "cases.file"}:
            continue
        seen.add(kind)
        answer = client.get(address, follow_redirects=True)
        if answer.mimetype == "text/html":
            yield address, answer
            waiting.extend(urljoin(answer.request.path, unescape(each)) for each in LINK.findall(answer.text))


def dead(text):
    """What can be pressed without scripts and does nothing, and forms that cannot be sent."""
    page = html.fromstring(text)
    shown = [one for one in page.iter("button") if not one.xpath("ancestor-or-self::*[@hidden] or ancestor::template")]
    for one in shown:
        if one.get("type") == "button" or not (one.get("form") or one.xpath("ancestor::form")):
            yield one.text_content().strip()
    sent = {one.get("form") for one in shown}
    for form in page.xpath("//form[.//select or .//textarea or .//input[not(@type='hidden')]][not(@hidden)]"):
        if not form.xpath(".//button") and form.get("id", "") not in sent:
            yield form.get("action")


@pytest.fixture
def busy_house(house):
    """A case under way, a task overdue, something told, a draft."""
    house.register("desk")
    house.clock.forward(days=12)
    tick(house.database, house.clock(), anchors=False)
    with house.database.sessions.begin() as session:
        version = (
            session.connection().exec_driver_sql("select id from version where process = 'mediation'").scalar_one()
        )
        engine.create_draft(session, version_id=version, title="新稿", actor=house.actor("boss"), now=house.clock())
    return house


@pytest.mark.parametrize(("username", "pages"), [("head", 40), ("boss", 60)])
def test_pages_are_english_and_work_without_scripts(busy_house, username, pages):
    known, found, pressed, seen = content(busy_house) + "同志", {}, {}, 0
    for address, answer in walk(in_english(busy_house, username), busy_house.app):
        seen += 1
        assert '<html lang="en">' in answer.text, address
        text = unescape(SWITCH.sub("", answer.text))
        if strange := {run for run in CHINESE.findall(text) if run not in known}:
            found[address] = strange
        if nothing := list(dead(answer.text)):
            pressed[address] = nothing
    assert found == {}
    assert pressed == {}
    assert seen >= pages


def test_what_is_sent_to_others_is_in_the_language_of_the_office(house):
    """A colleague who reads English pages hands a task over: the other reads Chinese."""
    task, head = house.task(house.register("desk")), in_english(house, "head")
    more = {"task": task, "to": house.ids["desk"], "reason": "休假"}
    house.post(head, "/bulk/reassign", at=f"/bulk/reassign?task={task}", **more)
    house.post(head, "/bulk/urge", at=f"/bulk/urge?task={task}", task=task, reason="请抓紧")
    tick(house.database, house.clock(), anchors=False)
    notices = house.client("desk").get("/notices").text
    assert "转交给您" in notices and "。休假" in notices and "催办" in notices
    assert "hands over" not in notices and "urges" not in notices
