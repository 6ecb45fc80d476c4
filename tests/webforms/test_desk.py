"""The supervisor's desk: who has one, what it says, that every number opens its list, and what can be taken away."""

import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook

import engine
from tests.house import PEOPLE, TOWN
from webforms.desk import month_end
from webforms.spans import span, until

STEERING = {"mediation_head", "organ_leader", "justice_officer", "justice_leader", "district_coordinator", "auditor"}
STEERING |= {"leading_group"}


@pytest.fixture
def late_case(house):
    """A case whose examination is overdue."""
    case_id = house.register()
    house.clock.forward(days=20)
    return case_id


def texts(page, pattern):
    return re.findall(pattern, page, re.DOTALL)


def test_only_those_who_lead_or_see_everything_have_a_desk(house):
    for username in PEOPLE:
        client = house.client(username)
        leads = PEOPLE[username][0] in STEERING
        assert ("督办台" in client.get("/tasks").text) == leads, username
        assert client.get("/desk").status_code == (200 if leads else 403), username


def test_the_desk_counts_what_its_lists_show(house, late_case):
    client = house.client("head")
    page = client.get("/desk").text
    [late] = texts(page, r'href="/desk/overdue"><strong class="is-red">(\d+)</strong>')
    rows = client.get("/desk/overdue").text
    assert int(late) == rows.count('name="task"') == 1
    assert "超 9 个工作日" in rows
    assert "王建国" in rows and 'formaction="/bulk/urge"' in rows


def test_every_number_opens_a_page(house, late_case):
    client = house.client("head")
    for start in ("/desk", "/desk/load", "/processes/mediation/heat"):
        addresses = set(texts(client.get(start).text, r'<a class="figure[^"]*" href="([^"]+)"'))
        assert addresses, start
        for address in addresses:
            answer = client.get(address.replace("&amp;", "&"))
            assert answer.status_code == 200, address
            assert "<tr data-row" in answer.text, address


def test_a_leader_of_one_office_sees_nothing_of_another(house, late_case):
    client = house.client("stranger")
    for address in ("/desk", "/desk/overdue", "/desk/open", f"/desk/overdue?office={TOWN}", "/desk/load",
                    "/processes/mediation/heat/stays?element=review_application"):  # fmt: skip
        page = client.get(address)
        assert page.status_code == 200 and "王建国" not in page.text, address
    assert client.get(f"/desk/load/{house.ids['desk']}").status_code == 404


@pytest.mark.parametrize("address", ["/desk/overdue", "/desk/open", "/desk/dangerous", "/desk/forecast", "/desk/load",
                                     "/desk/filings", "/processes/mediation/heat",
                                     "/processes/mediation/heat/stays?element=review_application"])  # fmt: skip
def test_lists_are_taken_away_as_tables(house, late_case, address):
    client = house.client("head")
    joint = "&" if "?" in address else "?"
    sheet = client.get(f"{address}{joint}format=xlsx")
    heading = next(load_workbook(io.BytesIO(sheet.data), read_only=True).active.iter_rows(values_only=True))
    assert sheet.status_code == 200 and len(heading) > 5
    rows = client.get(f"{address}{joint}format=csv").data.decode("utf-8-sig").splitlines()
    assert rows[0].split(",")[0] == heading[0]


def test_filters_are_in_the_address_and_nonsense_does_no_harm(house, late_case):
    client = house.client("head")
    assert client.get("/desk/overdue?limit=accept").text.count('name="task"') == 1
    assert client.get("/desk/overdue?limit=archive").text.count('name="task"') == 0
    assert client.get("/desk/overdue?person=0").text.count('name="task"') == 1
    assert client.get(f"/desk/overdue?person={house.ids['desk']}").text.count('name="task"') == 0
    for nonsense in ("person=x&version=99999999999&within=z&after=x~y", "office=nowhere", "after=2026~1", "q=%25"):
        for page in ("overdue", "due", "dangerous", "forecast", "filings", "load", "incidents"):
            assert client.get(f"/desk/{page}?{nonsense}&until=0001-01-01&state=x&level=y").status_code == 200
    assert client.get("/processes/mediation/heat?since=2026-99&until=x&version=y&measure=z&sort=q").status_code == 200
    assert client.get("/processes/nothing/heat").status_code == 404
    assert client.get("/processes/mediation/heat?version=999").status_code == 404


def test_the_dangerous_block_is_a_part_of_the_page_and_says_when(house):
    client = house.client("head")
    part = client.get("/desk/dangerous/now")
    assert part.status_code == 200 and "<html" not in part.text and "09:00:00" in part.text
    assert 'hx-get="/desk/dangerous/now" hx-trigger="every 30s"' in client.get("/desk").text


def test_an_open_page_does_not_keep_a_sign_in_alive(house):
    client = house.client("head")

    def seen():
        from sqlalchemy import text

        with house.database.reads() as session:
            return session.execute(text("SELECT max(seen_at) FROM sign_in")).scalar()

    before = seen()
    house.clock.forward(minutes=20)
    client.get("/desk/dangerous/now")
    assert seen() == before
    client.get("/desk")
    assert seen() != before


def test_the_heat_map_counts_what_is_there_and_what_has_been(house):
    house.register()
    house.clock.forward(hours=5)
    client = house.client("head")
    page = client.get("/processes/mediation/heat").text
    assert "审查申请" in page and "which=now" in page
    assert client.get("/processes/mediation/heat/model.bpmn").text.startswith("<?xml")
    rows = client.get("/processes/mediation/heat/stays?element=review_application").text
    assert "王建国" in rows and "5 小时" in rows


def test_the_month_ends_on_the_offices_clock(house):
    with house.app.test_request_context():
        assert month_end(house.clock()).isoformat() == "2026-03-31T16:00:00+00:00"
        assert month_end(month_end(house.clock()) - timedelta(seconds=1)) == month_end(house.clock())


def test_a_chance_is_only_told_where_there_is_history(house, late_case):
    with house.database.reads() as session:
        found = engine.forecast(
            session,
            house.actor("head"),
            until=house.clock() + timedelta(days=99),
            now=house.clock() - timedelta(days=19),
        )
    assert found.looked_at == found.unknown == 1 and found.misses == ()


@pytest.mark.parametrize(
    ("length", "words"),
    [({"minutes": 80}, "1 小时 20 分"), ({"hours": 47, "minutes": 59}, "47 小时 59 分"), ({"seconds": 20}, "0 分"),
     ({"days": 3, "hours": 5}, "3 日"), ({"hours": 20}, "20 小时")],
)  # fmt: skip
def test_lengths_are_told_in_hours_while_they_are_near(house, length, words):
    with house.app.test_request_context():
        assert span(timedelta(**length)) == words
        assert until(house.clock() + timedelta(**length), house.clock()).level != "red"
        past = until(house.clock() - timedelta(**length), house.clock())
        assert (past.level, past.text) == ("red", f"已超 {words}")


def test_the_next_hours_are_pressing(house):
    with house.app.test_request_context():
        at = house.clock()
        levels = [until(at + timedelta(hours=hours), at).level for hours in (1, 4, 5, 47, 49)]
        assert levels == ["orange", "orange", "blue", "blue", "none"]
        assert until(None, at).level == "none"


def test_the_load_says_who_is_away_and_who_stands_in(house):
    today = house.clock().date()
    with house.database.sessions.begin() as session:
        engine.record_absence(
            session,
            house.ids["desk"],
            deputy_id=house.ids["head"],
            first_day=today,
            last_day=today + timedelta(days=3),
            reason="学习",
            actor=house.actor("head"),
            now=house.clock(),
        )
    client = house.client("head")
    for address in ("/desk", "/desk/load", f"/desk/load/{house.ids['desk']}"):
        page = client.get(address).text
        assert "不在岗 2026-03-02 至 2026-03-05 · 代办：head 同志" in page, address
