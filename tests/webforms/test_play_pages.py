"""A draft tried out through its pages, without JavaScript: begun, answered, waited, taken back, recorded, rehearsed."""

import re

import pytest

import engine
from scheduler.play_keeping import Plays
from scheduler.rehearsal import rehearse
from tests.house import PASSWORD, PROCESSES, prepare
from tests.house import open_house as opened


@pytest.fixture(scope="session")
def modelled(tmp_path_factory):
    """The house of the other tests, with two analysts."""
    folder = tmp_path_factory.mktemp("played")
    ids = prepare(folder)
    house = opened((folder, ids), folder)
    with house.database.sessions.begin() as session:
        for username in ("ann", "ben"):
            engine.create_person(
                session, username=username, name=f"{username} 同志", roles=[("analyst", "justice_bureau")],
                password=PASSWORD, must_change_password=False, hasher=engine.CHEAP_HASHER, actor=engine.SYSTEM,
                now=house.clock(),
            )  # fmt: skip
    house.database.bind.dispose()
    return folder, ids


@pytest.fixture
def house(modelled, tmp_path):
    house = opened(modelled, tmp_path)
    house.app.config["PLAYS"] = Plays()
    yield house
    house.database.bind.dispose()


@pytest.fixture
def draft(house):
    files = engine.read_files(PROCESSES / "mediation") | engine.read_scenarios(PROCESSES / "mediation")
    with house.database.sessions.begin() as session:
        return engine.create_draft(session, files=files, actor=engine.SYSTEM, now=house.clock())


def renamed_in(diagram):
    """The diagram with another id for one step; its form stays."""
    return re.sub(
        r'(id|bpmnElement|sourceRef|targetRef|attachedToRef)="review_application"', r'\1="examine_application"', diagram
    )


class Player:
    """Somebody at the pages of a play."""

    def __init__(self, house, username, draft):
        self.house, self.client, self.draft = house, house.client(username), draft
        self.place = ""

    def begin(self, at="2026-02-10T09:00", entry="by:registrar", office="yuxi_town"):
        answer = self.post(f"/models/{self.draft}/play", entry=entry, office=office, at=at)
        assert answer.status_code == 303, answer.text
        self.place = re.match(rf"/models/{self.draft}/play/\d+", answer.location)[0]
        return answer

    def post(self, address, on=None, **fields):
        page = self.client.get(on or address).text
        hidden = {name: self.house.hidden(page, name) for name in ("csrf_token", "_revision")}
        return self.client.post(address, data={**hidden, **fields}, content_type="multipart/form-data")

    def page(self, of=""):
        answer = self.client.get(self.place + (f"?of={of}" if of else ""))
        assert answer.status_code == 200, answer.text
        return answer.text

    def hand_in(self, address, **answers):
        return self.post(self.place + address, _samples="1", **answers)

    def act(self, verb, **fields):
        answer = self.post(f"{self.place}/{verb}", on=self.place, **fields)
        assert answer.status_code == 303, answer.text


@pytest.fixture
def ann(house, draft):
    return Player(house, "ann", draft)


def record(house, ann, draft):
    """Record the play, whatever it offers ticked; the text of the scenario and the files of the draft."""
    record = ann.place + "/record"
    kept = re.findall(r'name="keep" value="([^"]+)"', ann.client.get(record).text)
    assert "0.deadlines.accept" in kept and "1" in kept, "the refused answers are a step that may be left out"
    assert ann.post(record, name="Bad Name", title="").status_code == 422
    assert ann.post(record, name="agreed_written", title="有了").status_code == 422, "nothing is overwritten"
    answer = ann.post(record, name="over_the_festival", title="跨春节的“审查”", keep=kept)
    assert answer.status_code == 303, answer.text
    assert "跨春节的“审查”" in ann.client.get(answer.location).text, "its page tells it step by step"
    with house.database.reads() as session:
        files = dict(engine.draft(session, draft, engine.SYSTEM).files)
    return files["scenarios/over_the_festival.toml"], files


def test_a_play_from_start_to_scenario(house, draft, ann):
    assert f"/models/{draft}/play" in ann.client.get(f"/models/{draft}").text
    assert ann.begin().location.endswith("/start")
    page = ann.client.get(ann.place + "/start").text
    assert "接待登记员" in page and "2026-02-10 09:00" in page
    answers = {**house.answers, "received_on": "2026-02-10"}
    assert ann.hand_in("/start", **{**answers, "issue": ""}).status_code == 422
    added = ann.hand_in("/start", **answers, _row="add:respondents")
    assert added.status_code == 200 and "respondents[1].name" in added.text, "a row more is drawn, nothing handed in"
    assert ann.hand_in("/start", **answers).status_code == 303
    page = ann.page()
    assert "2026-02-24" in page and "春节" in page and "受日历影响" in page, "why the limit ends after the festival"
    assert "/do/review_application" in page and "恩渔溪行调〔2026〕" in page

    wrong = ann.hand_in("/do/review_application", review_finding="")
    assert wrong.status_code == 422 and "error-summary" in wrong.text
    assert ann.hand_in("/do/review_application", review_finding="accept").status_code == 303
    assert "提交被退回" in ann.page() and "decide_acceptance" in ann.page()
    ann.act("wait", next="1")
    assert "2026-02-13 09:00" in ann.page() and "提醒" in ann.page()
    ann.act("wait", until="2026-02-24T10:00")
    ann.act("back")
    assert "2026-02-24 10:00" not in ann.page()
    ann.act("wait", until="2026-01-01T10:00")
    assert "只能向前" in ann.page()
    ann.act("wait", until="2026-02-24T10:00")

    page = ann.client.get(ann.place + "/do/decide_acceptance?like=agreed_written").text
    assert 'value="accept"' in page
    assert (
        ann.hand_in("/do/decide_acceptance", acceptance_decision="accept", accepted_on="2026-02-24").status_code == 303
    )
    page = ann.page()
    assert "受理通知书" in page
    paper = ann.client.get(ann.place + "/paper?n=0")
    assert paper.status_code == 200 and "王建国" in paper.text
    assert ann.client.get(ann.place + "/paper?n=99").status_code == 404
    assert "<bpmn" in ann.client.get(ann.place + "/diagram.bpmn").text

    text, files = record(house, ann, draft)
    assert "refused" in text and "2026-02-24" in text
    few = {name: body for name, body in files.items() if not name.startswith("scenarios/")}
    result = rehearse(house.database, {**few, "scenarios/over_the_festival.toml": text})
    rows = {row["name"]: row["problems"] for row in result["scenarios"]}
    assert rows["over_the_festival"] == [], text
    with house.database.reads() as session:
        assert engine.table_sizes(session)["case"] == 0, "nothing of it is in the house"


def test_a_draft_that_changes_under_a_play(house, draft, ann):
    ann.begin()
    ann.hand_in("/start", **{**house.answers, "received_on": "2026-02-10"})
    ann.hand_in("/do/review_application", review_finding="accept")
    with house.database.sessions.begin() as session:
        found = engine.draft(session, draft, engine.SYSTEM)
        text = renamed_in(found.files["process.bpmn"])
        engine.write_draft_file(
            session, draft, "process.bpmn", text, revision=found.row.revision, actor=engine.SYSTEM, now=house.clock()
        )
    page = ann.page()
    assert "第 2 步走不通了" in page and "is-gone" in page and "按现在的流程，这一步走不通" in page
    assert ann.client.get(ann.place + "/record").status_code == 404
    ann.act("back", keep="1")
    assert "/do/examine_application" in ann.page() and "走不通" not in ann.page()
    with house.database.sessions.begin() as session:
        revision = engine.draft(session, draft, engine.SYSTEM).row.revision
        engine.write_draft_file(
            session, draft, "process.bpmn", "<x", revision=revision, actor=engine.SYSTEM, now=house.clock()
        )
    refused = ann.client.get(ann.place)
    assert refused.status_code == 422 and "process.bpmn" in refused.text and "暂时不能试办" in refused.text


def test_two_windows_and_strange_posts(house, draft, ann):
    ann.begin(entry="by:mediator")
    other = Player(house, "ben", draft)
    other.place = ann.place
    stale = house.hidden(ann.client.get(ann.place + "/start").text, "_revision")
    assert other.hand_in("/start", **{**house.answers, "received_on": "2026-02-10"}).status_code == 303
    token = house.hidden(ann.page(), "csrf_token")
    answer = ann.client.post(ann.place + "/wait", data={"csrf_token": token, "_revision": stale, "next": "1"})
    assert answer.status_code == 303 and "另一个窗口" in ann.page()
    for verb, fields in (("wait", {"until": "9999-12-31T00:00"}), ("wait", {"until": "x"}), ("back", {"keep": "-1"})):
        ann.act(verb, **fields)
    assert ann.client.get(ann.place + "/start").status_code in (200, 404)
    for address in ("/do/nothing", "/raise/nothing", "/do/review_application?of=escalation", "/paper", "/paper?n=-1"):
        assert ann.client.get(ann.place + address).status_code == 404, address
    for fields in ({}, {"entry": "by:nobody", "office": "nowhere", "at": "x"}, {"entry": "x" * 500}):
        assert ann.post(f"/models/{draft}/play", **fields).status_code == 422
    assert house.client("desk").get(ann.place).status_code == 404
    ann.post(ann.place + "/discard", on=f"/models/{draft}/play")
    assert ann.client.get(ann.place).status_code == 404
