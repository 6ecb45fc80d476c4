"""Statistics pages: numbers with their cases, offices see their own, addresses say everything, tables to take away."""

import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import event

import engine
from tests.house import open_house

PAGES = ("/statistics", "/statistics/offices", "/statistics/quality", "/statistics/table")
MARCH = "from=2026-03&to=2026-03"


def accept(house, case_id):
    """Let a registered case be accepted."""
    for username, answers in (
        ("desk", {"review_finding": "accept"}),
        ("head", {"acceptance_decision": "accept", "accepted_on": "2026-03-02"}),
    ):
        with house.database.sessions.begin() as session:
            task = engine.case_page(session, case_id, house.actor(username), now=house.clock()).tasks[0]
            engine.complete_task(session, task.task_id, answers, actor=house.actor(username), now=house.clock())


@pytest.fixture(scope="module")
def counted(prepared, tmp_path_factory):
    """Three registered cases, two of them accepted; nobody changes it."""
    house = open_house(prepared, tmp_path_factory.mktemp("counted"))
    for number in range(3):
        house.clock.forward(minutes=1)
        case_id = house.register(people_count=str(10 + number))
        if number:
            accept(house, case_id)
    yield house
    house.database.bind.dispose()


def get(house, address, username="desk"):
    answer = house.client(username).get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_number_opens_its_cases(counted):
    page = get(counted, f"/statistics?{MARCH}")
    found = re.findall(r'href="(/statistics/cases\?[^"]*indicator=accepted[^"]*)">2<', page)
    assert found, page
    listed = get(counted, found[0].replace("&amp;", "&"))
    assert listed.count("data-row") == 2
    assert "统计期内受理的案件" in listed
    assert get(counted, f"/statistics/cases?{MARCH}&indicator=applied").count("data-row") == 3


def test_a_part_of_a_number_opens_its_cases(counted):
    page = get(counted, f"/statistics/offices?{MARCH}")
    assert "民间纠纷" in page
    address = re.search(r'href="(/statistics/cases\?[^"]*value=M43[^"]*)"', page)[1].replace("&amp;", "&")
    listed = get(counted, address)
    assert listed.count("data-row") == 2 and "受理（按调解事项）：民间纠纷" in listed


def test_what_is_computed_says_from_what(counted):
    page = get(counted, f"/statistics/cases?{MARCH}&indicator=success_of_mediated")
    assert "办结 − 移送 − 撤回" in page and "计算所用的数" in page
    assert "data-row" not in page


def test_a_sum_says_what_each_case_adds(counted):
    page = get(counted, f"/statistics/cases?{MARCH}&indicator=claimed_amount")
    assert page.count("0.50") >= 2, "5,000 yuan each"


def test_an_office_sees_its_own(counted):
    assert get(counted, f"/statistics/cases?{MARCH}&indicator=applied", "stranger").count("data-row") == 0
    assert counted.client("desk").get("/statistics?office=yushan_town").status_code == 404
    assert counted.client("desk").get("/statistics/cases?indicator=applied&office=yushan_town").status_code == 404


@pytest.mark.parametrize("page", [*PAGES, f"/statistics/cases?indicator=applied&{MARCH}"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_tables_to_take_away(counted, page, kind):
    join = "&" if "?" in page else "?"
    answer = counted.client("desk").get(f"{page}{join}{MARCH}&format={kind}")
    assert answer.status_code == 200
    if kind == "xlsx":
        rows = list(load_workbook(io.BytesIO(answer.data)).active.values)
        assert len(rows) >= 2
    else:
        assert answer.data.decode("utf-8-sig").count("\n") >= 2


@pytest.mark.parametrize(
    "query",
    ["from=x&to=y", "from=0001-01&to=9999-12", "from=2026-13", "to=2026-00", "from=2026-05&to=2026-01", "from=-1-1",
     "from=９９９９-０１", "after=zzz&indicator=applied", "value=%00&indicator=not_accepted", "format=exe"],
)  # fmt: skip
def test_addresses_that_make_no_sense_are_no_failure(counted, query):
    client = counted.client("desk")
    assert [client.get(f"{page}?{query}").status_code for page in PAGES] == [200] * len(PAGES)
    assert client.get(f"/statistics/cases?{query}").status_code in {200, 404}


def test_unknown_figures_are_not_found(house):
    assert house.client("desk").get("/statistics/cases?indicator=nothing").status_code == 404


def test_figures_that_do_not_agree_are_told(counted):
    page = get(counted, f"/statistics/table?{MARCH}")
    assert page.count("相符") == 7 and "不符" not in page


def test_a_page_asks_as_often_whatever_there_is(house):
    statements = []
    event.listen(house.database.bind, "before_cursor_execute", lambda _c, _u, text, *_: statements.append(text))
    counts = []
    for number in range(2):
        for _ in range(1 + 2 * number):
            house.clock.forward(minutes=1)
            accept(house, house.register())
        client = house.client("desk")
        for page in (*PAGES, "/statistics/cases?indicator=accepted"):
            statements.clear()
            client.get(f"{page}{'&' if '?' in page else '?'}from=2026-01&to=2026-12")
            counts.append(len(statements))
    assert counts[:5] == counts[5:]
    assert max(counts) <= 30
