"""Who hears of a draft: those who may decide when it is handed in, its authors when something is decided."""

import re
import time
from datetime import timedelta

import pytest

import engine
from tests.webforms.test_models_pages import draft as _draft
from tests.webforms.test_models_pages import house as _house
from tests.webforms.test_models_pages import modelled as _modelled
from tests.webforms.test_models_pages import post

draft, house, modelled = _draft, _house, _modelled


def told(house, username):
    """What the unread notices of somebody say, the newest first."""
    page = house.client(username).get("/notices").text
    return re.findall(r'<span class="unread">(.*?)</span>', page)


def handed_in(house, draft, **data):
    ann = house.client("ann")
    for _ in range(100):
        if "可以提交审批" in ann.get(draft).text:
            break
        time.sleep(0.05)
    assert post(house, ann, draft + "/submit", reason="新办法<施行>", **data).status_code == 303


@pytest.fixture
def ready(house, draft):
    ann = house.client("ann")
    post(house, ann, draft + "/changes", heading="期限改为七日", words="依据：新办法第五条。")
    post(house, ann, draft + "/trial")
    return draft


def test_who_may_decide_is_told_and_the_author_hears_what_was_decided(house, ready):
    handed_in(house, ready)
    title = re.search(r"<h1>(.*?)</h1>", house.client("ann").get(ready).text)[1]
    [words] = told(house, "justice")
    assert words == f"ann 同志 提交了“{title}”，请您审批。说明：新办法&lt;施行&gt;"
    assert told(house, "ben") == told(house, "boss") == [words]
    assert told(house, "ann") == told(house, "head") == told(house, "desk") == []
    justice = house.client("justice")
    number = re.search(r"/notices/(\d+)/open", justice.get("/notices").text)[1]
    assert "打开草稿" in justice.get("/notices").text
    assert post(house, justice, f"/notices/{number}/open").location == ready

    post(house, justice, ready + "/refuse", note="请补充依据")
    assert told(house, "ann") == [f"justice 同志 退回了“{title}”。说明：请补充依据"]
    assert told(house, "justice") == []

    handed_in(house, ready, effective_on="2026-03-05")
    assert "拟自 2026-03-05（周四） 起施行" in told(house, "ben")[0]
    post(house, justice, ready + "/approve", note="")
    assert told(house, "ann")[0] == f"justice 同志 已批准“{title}”，自 2026-03-05（周四） 起施行。"
    house.clock.forward(days=4)
    with house.database.sessions.begin() as session:
        engine.publish_draft(session, int(ready.split("/")[2]), actor=engine.CLOCK, now=house.clock())
    assert told(house, "ann")[0] == f"“{title}”已发布，新案件按此办理。"
    assert len(told(house, "ann")) == 3


def test_a_publication_that_fails_is_urgent_for_author_and_approver(house, ready):
    handed_in(house, ready, effective_on="2026-03-05")
    post(house, house.client("justice"), ready + "/approve", note="同意")
    with house.database.sessions.begin() as session:
        at = house.clock() + timedelta(days=4)
        error = engine.NotReady([engine.Problem("gate-trial", "x", {})])
        engine.fail_publication(session, int(ready.split("/")[2]), error, actor=engine.CLOCK, now=at)
    page = house.client("ann").get(ready).text
    assert "到期时缺少发布所需的条件" in page
    assert "not-ready" not in page
    for username in ("ann", "justice"):
        assert "到期未能发布" in told(house, username)[0]
        assert "urgent-mark" in house.client(username).get("/notices").text


def test_whoever_lost_the_role_reads_the_notice_without_a_link(house, ready):
    handed_in(house, ready)
    with house.database.sessions.begin() as session:
        actor = engine.Actor(house.ids["boss"], "boss", frozenset({("administrator", "justice_bureau")}))
        justice = house.ids["justice"]
        engine.set_roles(session, justice, [("registrar", "yuxi_town")], actor=actor, now=house.clock())
    page = house.client("justice").get("/notices").text
    assert "请您审批" in page
    assert "打开草稿" not in page
