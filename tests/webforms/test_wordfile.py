"""Papers as Word documents: what is on the sheet is in the file, set for A4."""

import io
from datetime import UTC, datetime

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Pt

from webforms.wordfile import word_file

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PAPER = """<article class="paper"><header><p class="paper-organ">渔溪镇人民政府</p>
<h1 class="paper-title">行政调解工作月报表</h1><p class="paper-number">恩渔月报〔2026〕3号</p></header>
<section class="paper-body"><h2>一、总体情况</h2>
<p>本期受理 <strong>12 件</strong>，
  办结<span class="blank">　　　　</span>件。<br>换行</p>
<p class="pre">第一行
第二行</p>
<ol><li>清单</li><li>名录</li></ol><ul><li>场所</li></ul>
<table class="paper-table"><thead><tr><th rowspan="2">指标</th><th colspan="2">数字</th></tr>
<tr><th>系统</th><th>上报</th></tr></thead><tbody>
<tr><td>受理</td><td class="amount">12</td><td><p>13</p></td></tr><tr><td colspan="3"></td></tr></tbody></table>
散落的文字</section>
<footer class="paper-sign"><p>填表人：李明</p><p class="paper-date">2026年3月2日</p></footer></article>"""


@pytest.fixture(scope="module")
def opened():
    return Document(io.BytesIO(word_file(PAPER, title="月报表 3号", at=AT)))


def paragraph(document, text):
    return next(one for one in document.paragraphs if text in one.text)


def font(run):
    return run._element.rPr.rFonts.get(qn("w:eastAsia")), run.font.size


def test_the_page_is_a4_with_a_number_at_its_foot(opened):
    [section] = opened.sections
    sides = (section.page_width, section.page_height, section.left_margin)
    assert [round(side.mm) for side in sides] == [210, 297, 28]
    assert "PAGE" in section.footer.paragraphs[0]._p.xml
    told = opened.core_properties
    assert (told.title, told.author, told.created.replace(tzinfo=UTC)) == ("月报表 3号", "", AT)


def test_text_is_set_as_official_documents_are(opened):
    title, body = paragraph(opened, "月报表"), paragraph(opened, "本期受理")
    assert font(title.runs[0]) == ("宋体", Pt(22)) and title.runs[0].bold and title.alignment == 1
    assert font(paragraph(opened, "一、").runs[0]) == ("黑体", Pt(16))
    assert font(body.runs[0]) == ("仿宋", Pt(16)) and body.paragraph_format.first_line_indent == Pt(32)
    assert body.text == "本期受理 12 件， 办结　　　　件。\n换行"
    assert [run.text for run in body.runs if run.bold] == ["12 件"]
    assert [run.text for run in body.runs if run.underline] == ["　　　　"]
    assert paragraph(opened, "第一行").text == "第一行\n第二行"
    assert paragraph(opened, "恩渔月报").alignment == 2 and paragraph(opened, "填表人").paragraph_format.left_indent


def test_everything_is_there_in_order(opened):
    assert [one.text for one in opened.paragraphs] == [
        "渔溪镇人民政府",
        "行政调解工作月报表",
        "恩渔月报〔2026〕3号",
        "一、总体情况",
        "本期受理 12 件， 办结　　　　件。\n换行",
        "第一行\n第二行",
        "1．清单",
        "2．名录",
        "·场所",
        "散落的文字",
        "填表人：李明",
        "2026年3月2日",
    ]


def test_tables_keep_their_spans_and_repeat_their_heads(opened):
    [table] = opened.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["指标", "数字", "数字"],
        ["指标", "系统", "上报"],
        ["受理", "12", "13"],
        ["", "", ""],
    ]
    assert table.cell(2, 1).paragraphs[0].alignment == 2 and font(table.cell(2, 0).paragraphs[0].runs[0])[0] == "宋体"
    assert [row._tr.trPr is not None for row in table.rows] == [True, True, False, False]


@pytest.mark.parametrize("body", ["", "只有文字", "<table></table>", "<p>未闭合<b>粗", "<table><tr><td colspan=''>a</table>", "<!-- x --><p>a&amp;b</p>"])  # fmt: skip # noqa: E501
def test_whatever_a_template_gives_opens(body):
    assert Document(io.BytesIO(word_file(body, title="x", at=AT))).sections
