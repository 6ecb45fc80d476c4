"""The half-year report: drafted from data, frozen when it is handed in, a paper and a Word document."""

import io
from datetime import date
from pathlib import Path

import pytest
from docx import Document
from sqlalchemy import select

import engine
from engine.model import Paper
from scheduler.playing import Player
from scheduler.stories import read_story, stories_before
from webforms.wordfile import word_file

FOLDER = Path(__file__).parents[2] / "processes" / "half_year_report"
HEADINGS = [
    *("一、总体情况", "二、分部门、分镇街情况", "三、纠纷类型与热点", "四、重大纠纷与风险研判", "五、工作机制进展"),
    *("六、月报报送情况", "七、存在的问题", "八、典型案例", "九、下步工作建议"),
    *("附表一　各单位情况", "附表二　纠纷类型", "附表三　逾期、未报月报的单位", "附表四　全部指标"),
]


@pytest.fixture(scope="module")
def reported(built_house):
    """The report of a half year in which one unit closed a case: the case's id in its house."""
    names = ("half_year_report", "monthly_report", "mediation")
    definitions = {name: engine.define(engine.read_files(FOLDER.parent / name)) for name in names}
    story = read_story(FOLDER / "scenarios" / "reported.toml")
    stories = [*stories_before(story), story]
    stage = built_house.sandbox(min(each.at for each in stories))
    for each in stories:
        player = Player(stage, each, definitions)
        for instant in player.play():
            stage.advance(instant)
        assert player.problems == []
    yield stage, player.case_id
    stage.close()


def test_the_draft_tells_the_figures_and_what_is_annexed_agrees_with_them(reported):
    stage, case = reported
    with stage.database.reads() as session:
        facts = engine.snapshot(session, case).variables
        live = engine.figures(
            session, engine.SYSTEM, periods=[("2026-01", "2026-06")], indicators=["accepted", "closed"]
        )
    values = {row["id"]: row["value"] for row in facts["table_figures"]}
    assert {key: figure.value for (_, _, key), figure in live.items()} == {n: values[n] for n in ("accepted", "closed")}
    assert sum(row["accepted"] for row in facts["table_units"]) == values["accepted"] == 1
    assert len(facts["table_units"]) == 43 and facts["table_types"][0]["accepted"] == 1
    assert "受理1件（同比基数为零" in facts["s_overall"] and "占办结的100%" in facts["s_overall"]
    assert "渔溪镇人民政府1件" in facts["s_units"] and "民间纠纷1件" in facts["s_types"]
    assert "应报月报的单位43个" in facts["s_late"] and "调解事项46项" in facts["s_mechanism"]


def test_what_was_handed_in_is_frozen(reported):
    stage, case = reported
    with stage.database.reads() as session:
        [handed] = engine.report_revisions(session, engine.SYSTEM, case)
        board = engine.report_board(session, engine.SYSTEM, "half_year_report", now=stage.now)
    assert handed.values["accepted"] == 1 and handed.accepted_at is not None and handed.period_first == date(2026, 1, 1)
    assert [row.office for row in board.rows] == ["justice_bureau"] and board.name == "2026年上半年"


def test_it_is_a_paper_and_a_word_document_with_every_part(reported):
    stage, case = reported
    with stage.database.reads() as session:
        paper = session.scalar(select(Paper).where(Paper.case_id == case))
        page = engine.paper_page(session, paper.id, engine.SYSTEM)
    document = Document(io.BytesIO(word_file(page.html, title=page.title, at=page.issued_at)))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert page.paper_number == "恩司〔2026〕01号" and "关于2026年上半年\n行政调解工作情况的报告" in texts
    assert [text for text in texts if text in HEADINGS] == HEADINGS
    assert "某镇调解一起摊位占道纠纷，双方当场达成协议，赔偿三百元当场付清。" in texts
    units, types, figures = document.tables
    assert len(units.rows) == 44 and units.rows[0].cells[0].text == "单位"
    assert types.rows[1].cells[0].text == "民间纠纷" and len(figures.rows) > 50
