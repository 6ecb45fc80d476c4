"""The scenarios of a draft through their pages: played for real; what differs is taken over, expectations edited."""

import html
import json
import re
import time
import tomllib
from time import perf_counter

import pytest

import engine
from scheduler.rehearsal import rehearse
from tests.house import PROCESSES
from webforms.rehearsals import SETTLED, Rehearsals, Running


def made(house, process, edit):
    """The address of a draft of a process, with the scenarios that `edit` makes of those it has."""
    boss, now = house.actor("boss"), house.clock()
    folder = PROCESSES / process
    files = {**engine.read_files(folder), **engine.read_scenarios(folder)}
    texts = {name: text for name, text in files.items() if not name.startswith("scenarios/")}
    texts |= {f"scenarios/{name}.toml": text for name, text in edit(files).items()}
    with house.database.sessions.begin() as session:
        number = engine.create_draft(session, files=texts, actor=boss, now=now)
    return f"/models/{number}"


@pytest.fixture
def draft(house):
    """A draft of the escalation process, in whose cases mediation acts too."""
    kept = "scenarios/handed_over.toml"
    return made(house, "escalation", lambda files: {"handed_over": files[kept], "broken": "title ="})


@pytest.fixture
def inspection(house):
    """A draft with two scenarios that differ in what they expect of the first step: one is wrong about it."""
    house.app.config["REHEARSE"] = rehearse

    def edit(files):
        text = files["scenarios/visited.toml"]
        wrong = text.replace('status = "completed"', 'status = "cancelled"  # 状态')
        return {"visited": text, "wrong": wrong, "broken": "title ="}

    return made(house, "inspection", edit)


@pytest.fixture
def boss(house):
    return house.client("boss")


def post(house, client, address, **data):
    page = client.get(address.partition("#")[0]).text
    revision = re.search(r'name="revision" value="(\d+)"', page)
    token = house.hidden(client.get("/account").text, "csrf_token")
    known = {"csrf_token": token} | ({"revision": revision[1]} if revision else {})
    return client.post(address, data={**known, **data})


def text_of(boss, draft, name):
    return boss.get(f"{draft}/source/scenarios/{name}.toml").text


def play(house, boss, draft):
    """The page when all is played."""
    token = house.hidden(boss.get("/account").text, "csrf_token")
    answer = boss.post(draft + "/trial", data={"csrf_token": token})
    assert answer.status_code == 303 and answer.location == draft + "/scenarios"
    for _ in range(400):
        if "正在运行" not in (page := boss.get(draft + "/scenarios").text) and "正在准备" not in page:
            return page
        assert "还没有运行。" not in page, "either they are being played, or there is what came of it"
        time.sleep(0.05)
    raise AssertionError(page)


def marks(page):
    return json.loads(html.unescape(re.search(r'data-marks="([^"]*)"', page)[1]))


def test_before_they_are_played(boss, draft):
    page = boss.get(draft + "/scenarios").text
    assert "还没有运行" in page and "无法读取" in page and "data-marks" not in page
    assert f'href="{draft}/scenarios/handed_over"' in page
    assert f'href="{draft}/scenarios"' in boss.get(draft).text, "the page of the draft leads here"
    assert "其他流程中涉及本流程案件的场景" in page and f"{draft}/scenarios/mediation/high_impact" in page
    told = boss.get(draft + "/scenarios/handed_over").text
    for words in (
        "区行调办",
        "接收并核定等级",
        "核定等级",
        "这一步之后应当是",
        'href="' + draft + "/edit/process.bpmn#",
    ):
        assert words in told
    assert "无法读取" in boss.get(draft + "/scenarios/broken").text


def test_what_they_travel_and_what_differs_is_taken_over(house, boss, inspection):
    played = play(house, boss, inspection)
    assert "不符合预期" in played and "1 处不符" in played
    every = marks(played)
    assert max(every["flows"].values()) == 2 and every["missed"]
    assert "没有场景经过的连线和结果" in played and f"{inspection}/edit/process.bpmn#{every['missed'][0]}" in played
    one = marks(boss.get(inspection + "/scenarios?show=visited").text)
    assert one["missed"] == [] and set(one["flows"]) <= set(every["flows"])
    assert marks(boss.get(inspection + "/scenarios?show=nonsense").text) == every
    asked = boss.get(inspection + "/scenarios", headers={"HX-Request": "true"})
    assert asked.headers["HX-Refresh"] == "true"
    address = inspection + "/scenarios/wrong"
    page = boss.get(address).text
    assert page.count('name="take"') == 1 and "已撤销" in page and "is-failed" in page
    assert post(house, boss, address, do="accept").status_code == 422
    assert post(house, boss, address, do="accept", take="0").status_code == 303
    text = text_of(boss, inspection, "wrong")
    assert re.search(r'status = "completed"\s+# 状态', text)
    page = boss.get(address).text
    assert "运行后已修改" in page and 'name="take"' not in page
    assert post(house, boss, address, do="accept", take="0").status_code == 422, "there is nothing played to take over"
    play(house, boss, inspection)
    page = boss.get(address).text
    assert "符合预期" in page and "is-failed" not in page


def step_with_expectation(text):
    return next(
        n for n, step in enumerate(tomllib.loads(text)["steps"], start=1) if "deadlines" in step.get("expect", {})
    )


def test_an_expectation_is_edited(house, boss, draft):
    address = draft + "/scenarios/handed_over"
    before = text_of(boss, draft, "handed_over")
    number = step_with_expectation(before)
    old = tomllib.loads(before)["steps"][number - 1]["expect"]
    page = boss.get(f"{address}?edit={number}").text
    for part, value in old["deadlines"].items():
        assert f'<option value="{part}" selected' in page and f'value="{value}"' in page
    typed = {
        "do": "expect", "edit": str(number), "status": "running", "on_open": "1", "open": ["review_impact"],
        "deadlines_key": ["first_report", ""], "deadlines_value": ["nonsense", ""],
        "facts_key": ["people_count", "impact_note"], "facts_value": ["33", "三人"], "incidents": "",
    }  # fmt: skip
    refused = post(house, boss, address, **typed)
    assert refused.status_code == 422 and "nonsense" in refused.text and 'value="三人"' in refused.text
    assert text_of(boss, draft, "handed_over") == before
    assert post(house, boss, address, **{**typed, "deadlines_value": ["met", ""]}).status_code == 303
    assert tomllib.loads(text_of(boss, draft, "handed_over"))["steps"][number - 1]["expect"] == {
        "status": "running", "open": ["review_impact"], "deadlines": {"first_report": "met"},
        "facts": {"people_count": 33, "impact_note": "三人"},
    }  # fmt: skip
    post(house, boss, address, do="unexpect", edit=str(number))
    assert text_of(boss, draft, "handed_over").count("[steps.expect]") == before.count("[steps.expect]") - 1


def test_an_untouched_form_changes_nothing(house, boss, draft):
    address = draft + "/scenarios/handed_over"
    before = text_of(boss, draft, "handed_over")
    for number, step in enumerate(tomllib.loads(before)["steps"], start=1):
        if "expect" not in step:
            continue
        page = boss.get(f"{address}?edit={number}").text
        form = page.split('value="expect"')[1].split("</form>")[0]
        sent = {"do": "expect", "edit": str(number)}
        for name, body in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
            chosen = re.search(r'value="([^"]*)" selected', body)
            sent.setdefault(name, []).append(html.unescape(chosen[1]) if chosen else "")
        for name, value in re.findall(r'<input class="form-control"[^>]* name="(\w+)"[^>]* value="([^"]*)"', form):
            sent.setdefault(name, []).append(html.unescape(value))
        for name, value in re.findall(r'type="checkbox" name="(\w+)" value="([^"]*)" checked', form):
            sent.setdefault(name, []).append(value)
        assert post(house, boss, address, **sent).status_code == 303
    assert text_of(boss, draft, "handed_over") == before


def test_title_copy_and_removal(house, boss, draft):
    address = draft + "/scenarios/handed_over"
    assert post(house, boss, address, do="head", title=" ").status_code == 422
    assert post(house, boss, address, do="head", title='新 "题" <b>', covers=["resolved"]).status_code == 303
    assert tomllib.loads(text_of(boss, draft, "handed_over"))["covers"] == ["resolved"]
    assert "新 &#34;题&#34; &lt;b&gt;" in boss.get(address).text
    for name, words in (("../x", "名称只能"), ("broken", "已经有同名"), ("", "名称只能")):
        refused = post(house, boss, address, do="copy", copy=name)
        assert refused.status_code == 422 and words in refused.text
    answer = post(house, boss, address, do="copy", copy="again")
    assert answer.location == draft + "/scenarios/again" and "（副本）" in boss.get(answer.location).text
    assert post(house, boss, draft + "/scenarios/again", do="remove").location == draft + "/scenarios"
    assert boss.get(draft + "/scenarios/again").status_code == 404
    assert post(house, boss, draft + "/scenarios/broken", do="remove").status_code == 303


def test_two_people_change_the_same_scenario(house, boss, draft):
    address = draft + "/scenarios/handed_over"
    assert post(house, boss, address, do="head", title="先").status_code == 303
    answer = post(house, boss, address, do="head", title="后", revision="1")
    assert answer.status_code == 409 and "没有覆盖任何内容" in answer.text
    assert tomllib.loads(text_of(boss, draft, "handed_over"))["title"] == "先"


@pytest.mark.parametrize("revision", ["", "x", "²", "9" * 30, "0"])
def test_a_revision_that_is_none_overwrites_nothing(house, boss, draft, revision):
    before = text_of(boss, draft, "handed_over")
    answer = post(house, boss, draft + "/scenarios/handed_over", do="head", title="后", revision=revision)
    assert answer.status_code == 409 and text_of(boss, draft, "handed_over") == before


@pytest.mark.parametrize("name", ["nothing", "../manifest", "mediation/nothing", "a/b/c", "..%2f..%2fx", "%00"])
def test_scenarios_that_are_not_there(house, boss, draft, name):
    assert boss.get(f"{draft}/scenarios/{name}").status_code in {404, 308}
    token = house.hidden(boss.get("/account").text, "csrf_token")
    for sent in ({"do": "remove"}, {"do": "steal"}, {}):
        assert boss.post(f"{draft}/scenarios/{name}", data={"csrf_token": token, **sent}).status_code in {404, 308}
    other = f"{draft}/scenarios/mediation/high_impact"
    assert boss.post(other, data={"csrf_token": token, "do": "remove"}).status_code == 404, "another process's"


HOSTILE = [
    'title = ["x"]\ncovers = 5\noffice = 7\nat = 1\nafter = 3\n[[steps]]\ndo = 5\nrefused = true\nprocess = 9',
    '[[steps]]\nraise = []\nwait = "date:zzz"\n[steps.expect]\nopen = 5\npapers = "x"\nstage = []\nincidents = "y"',
    (
        '[[steps]]\nuntil = 2026-03-02T10:00:00\nwait = "P1M"\nby = []\n[steps.answers]\nx = [[1], { y = [] }]\n'
        "[steps.expect.facts]\nz = { a = { b = 1 } }\n[steps.expect.deadlines]\nq = 5\n[steps.expect.what]\nv = 1"
    ),
]


@pytest.mark.parametrize("text", HOSTILE, ids=["head", "parts", "values"])
def test_whatever_a_file_says_its_page_opens(house, boss, draft, text):
    with house.database.sessions.begin() as session:
        actor, number = house.actor("boss"), int(draft.rpartition("/")[2])
        engine.write_draft_files(
            session, number, {"scenarios/odd.toml": text}, revision=9, actor=actor, now=house.clock()
        )
    for address in ("", "/odd", "/odd?edit=1", "/odd?edit=99", "/odd?edit=x"):
        assert boss.get(f"{draft}/scenarios{address}").status_code == 200, address


def test_who_began_to_look_before_the_end_is_told_that_they_are_being_played():
    """Such a page reads the draft as it was before the result, and asks afterwards how far the playing is."""
    playing = Rehearsals()
    playing.running[1] = ended = Running(62, 62)
    assert playing.now(1) is ended
    ended.ended = perf_counter()
    assert playing.now(1) is ended
    ended.ended -= SETTLED + 1
    assert playing.now(1) is None and playing.now(2) is None
