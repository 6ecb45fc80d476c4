"""The page of the plan's obligations: everybody who is signed in sees it; filters are in the address."""

import re


def rows(page):
    return re.findall(r'<tr data-row id="o-([^"]+)"', page)


def test_everybody_signed_in_sees_every_obligation(house):
    client = house.client("archivist")
    page = client.get("/obligations").text
    assert len(rows(page)) == 59
    assert rows(page)[:2] == ["1", "2"] and rows(page)[-1] == "47"
    assert "任务落实" in page
    assert "重大纠纷首报" in page, "the evidence by its name"
    assert "由区政府发文成立和调整" in page
    assert '<a href="/cases?process=training">' in page
    assert "待核实" in page
    assert house.app.test_client().get("/obligations").status_code in {302, 303}


def test_the_filters_narrow_the_list(house):
    client = house.client("archivist")
    assert set(rows(client.get("/obligations?process=venue_345").text)) == {"27"} | {f"27{c}" for c in "abcdefghijkl"}
    on_paper = client.get("/obligations?state=on_paper").text
    assert 0 < len(rows(on_paper)) <= 6
    assert "没有符合条件" in client.get("/obligations?state=overdue").text
    assert rows(client.get("/obligations?state=nonsense").text) == []


def test_the_list_can_be_taken_away(house):
    client = house.client("archivist")
    answer = client.get("/obligations?format=csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.text.count("\n") == 60
    assert client.get("/obligations?format=xlsx").status_code == 200
