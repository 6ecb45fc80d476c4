"""A form with every component, drawn and driven in a page of its own."""

import json
import re
import shutil
import threading
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask, current_app, render_template_string, request
from flask_babel import Babel
from werkzeug.serving import make_server

import engine
from engine.forms import check as check_form
from webforms import fields, i18n
from webforms.fields import view
from webforms.plaintext import marked_up
from webforms.problem_words import WORDS, in_words
from webforms.readings import answers_view
from webforms.rows import with_row_command

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
AXE = next((ROOT / "tests" / "vendor").glob("axe-core-*/axe.min.js"))
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'"
)
FILES = {
    "f1": {"file": "f1", "name": "借条照片 2026-02-11.jpg", "type": "image/jpeg", "size": 345_678},
    "f2": {"file": "f2", "name": "转账记录.pdf", "type": "application/pdf", "size": 1_234_567},
}
PEOPLE = [engine.Option("7", "李敏"), engine.Option("8", "王建国")]
FORM = engine.Form.parse((HERE / "everything.form").read_text("utf-8"))
FACTS = {"number": "恩舞行调〔2026〕003号", "evidence": [FILES["f1"]]}
GOOD = {
    "subject": "借款未还",
    "story": "2025 年 6 月借款 3 万元，约定年底归还，至今未还。",
    "people": [
        {"kind": "person", "name": "张三", "id_number": "11010519491231002X", "phone": "13800138000", "agents": []}
    ],
    "amount": "30,000.50",
    "wishes": ["money"],
    "received_on": "2026-03-01",
    "handler": "7",
    "evidence": ["f1", "f2"],
    "true_words": "true",
}
PAGE = (HERE / "form_page.html").read_text("utf-8")


def options(key):
    return PEOPLE if key == "people:clerk" else []


def page(raw, problems=None, answers=None):
    drawn = view(FORM, raw, problems or {}, options, FACTS, files=FILES.get, now=NOW)
    return render_template_string(PAGE, view=drawn, answers=answers)


def check(raw):
    return engine.forms.check(FORM, raw, facts=FACTS, options=options, files=FILES.get, now=NOW)


def posted():
    uploads = [(name, "f2") for name, upload in request.files.items(multi=True) if upload.filename]
    return engine.decode([*request.form.items(multi=True), *uploads])


def fill_in():
    return page({})


def hand_in():
    raw = posted()
    if (changed := fields.rows_changed(FORM, raw, request.form)) is not None:
        return page(changed)
    try:
        clean = check(raw)
    except engine.InvalidAnswers as error:
        return page(raw, error.problems), 422
    return page({}, answers=answers_view(FORM, clean, options, facts=FACTS))


def save():
    current_app.config["DRAFTS"].append(posted())
    return "Saved at 09:30"


def wrong():
    bad = {**GOOD, "subject": "", "amount": "many", "received_on": "2026-13-01", "wishes": [], "true_words": ""}
    bad["people"] = [*GOOD["people"], {"kind": "firm", "name": "", "code": "123", "phone": "12", "agents": [{}]}]
    with pytest.raises(engine.InvalidAnswers) as refusal:
        check(bad)
    return page(bad, refusal.value.problems)


def read():
    return page({}, answers=answers_view(FORM, check(GOOD), options, facts=FACTS))


def with_policy(response):
    response.headers["Content-Security-Policy"] = POLICY
    return response


def make_app():
    app = Flask("webforms")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["DRAFTS"] = []
    app.jinja_env.globals.update(colon=i18n.colon, bracketed=i18n.bracketed)
    Babel(app, default_locale="en")
    app.add_url_rule("/", view_func=fill_in)
    app.add_url_rule("/", view_func=hand_in, methods=["POST"])
    app.add_url_rule("/draft", view_func=save, methods=["POST"])
    app.add_url_rule("/wrong", view_func=wrong)
    app.add_url_rule("/read", view_func=read)
    app.after_request(with_policy)
    return app


@pytest.fixture
def app():
    return make_app()


@pytest.fixture
def drawn(app):
    """The view of some raw answers, within a request."""

    def draw(raw, problems=None, **more):
        with app.test_request_context():
            return view(FORM, raw, problems or {}, options, FACTS, files=FILES.get, now=NOW, **more)

    return draw


def block(page, name):
    from webforms.blocks import each_block

    return next(each for each in each_block(page.blocks) if each.name == name)


def test_facts_and_defaults_fill_the_form(drawn):
    page = drawn({})
    assert block(page, "number").display == "恩舞行调〔2026〕003号"
    assert [one.name for one in block(page, "evidence").uploads] == ["借条照片 2026-02-11.jpg"]
    assert len(block(page, "people").rows) == 1
    assert [one.is_chosen for one in block(page, "people[0].kind").choices] == [True, False]
    assert block(page, "people[0].code").hidden and not block(page, "people[0].id_number").hidden


def test_what_was_typed_stays_as_it_was(drawn):
    page = drawn({"amount": "12 thousand", "received_on": "明天", "wishes": ["other"], "evidence": ["f2"]})
    assert block(page, "amount").value == "12 thousand"
    assert (block(page, "received_on").value, block(page, "received_on").input["type"]) == ("明天", "text")
    assert not block(page, "other_wish").hidden
    assert [one.id for one in block(page, "evidence").uploads] == ["f2"]
    assert block(drawn({"received_on": "2026-13-01"}), "received_on").input["type"] == "text"
    assert block(drawn({"received_on": "2026-12-01"}), "received_on").input["type"] == "date"
    assert block(drawn({"meeting_at": "2026-12-01T09:30"}), "meeting_at").input["type"] == "datetime-local"


def test_problems_are_told_beside_the_field_and_in_the_summary(drawn):
    problem = engine.Problem("required", "x", {"label": "Name", "kind": "textfield"})
    page = drawn({}, {"people[0].name": problem, "gone": problem, "people[0].kind": problem})
    assert block(page, "people[0].name").error == "Enter Name"
    assert [(each.anchor, each.where) for each in page.problems] == [
        ("", ""),
        ("f-people-0-kind-1", "申请人 1"),
        ("f-people-0-name", "申请人 1"),
    ]
    assert block(page, "people[0].name").described_by == "f-people-0-name-error"


def test_conditions_name_what_drives_them(drawn):
    page = drawn({})
    assert block(page, "people[0].code").trigger == "change from:closest form target:[name='people[0].kind']"
    assert block(page, "other_wish").trigger == "change from:closest form target:[name='wishes']"
    assert block(page, "many").trigger == "change from:closest form target:[name^='people['], rows from:body"
    assert page.has_conditions and page.has_required


TABLE = {
    "schemaVersion": 19, "type": "default", "id": "t", "components": [
        {"type": "dynamiclist", "path": "figures", "label": "数字", "allowAddRemove": False,
         "properties": {"display": "table", "rowKey": "id", "rowTitle": "name", "rowHint": "hint", "rowGroup": "part"},
         "components": [
            {"type": "textfield", "key": "id", "label": "I", "readonly": True},
            {"type": "textfield", "key": "part", "label": "P", "readonly": True},
            {"type": "textfield", "key": "name", "label": "指标", "readonly": True},
            {"type": "textfield", "key": "hint", "label": "H", "readonly": True},
            {"type": "number", "key": "counted", "label": "系统数", "readonly": True, "decimalDigits": 0},
            {"type": "number", "key": "adjusted", "label": "改为"}]}],
}  # fmt: skip
FIGURES = [
    {"id": "a", "part": "一", "name": "受理", "hint": "按受理日", "counted": Decimal(1200)},
    {"id": "b", "part": "一", "name": "办结", "counted": Decimal(3)},
    {"id": "c", "part": "二", "name": "人数", "counted": Decimal(0)},
]


def test_a_folded_group_is_one_line_until_something_in_it_matters(app):
    signs = {"type": "textfield", "id": "sign", "key": "sign", "label": "情形", "validate": {"required": True}}
    group = {"type": "group", "id": "g", "label": "少见的情况", "components": [signs], "properties": {"folded": "true"}}
    form = engine.Form.parse(json.dumps({"schemaVersion": 19, "type": "default", "id": "f", "components": [group]}))

    def drawn(raw, problems=()):
        with app.test_request_context("/"):
            shown = view(form, raw, dict(problems), options, {}, now=NOW)
            return render_template_string(PAGE, view=shown, answers=None)

    assert '<details class="form-fold"><summary>少见的情况' in drawn({})
    assert '<details class="form-fold" open>' in drawn({"sign": "有"})
    assert '<details class="form-fold" open>' in drawn({}, {"sign": engine.Problem("required", "Enter it")}.items())


def test_rows_that_were_there_are_folded_under_their_names_and_keep_what_is_not_asked(app):
    law = {"type": "textfield", "id": "law", "key": "law", "label": "法"}
    grounds = {"type": "dynamiclist", "id": "grounds", "path": "grounds", "label": "依据", "components": [law]}
    name = {"type": "textfield", "id": "name", "key": "name", "label": "名", "validate": {"required": True}}
    listed = {"type": "dynamiclist", "id": "rows", "path": "rows", "label": "清单", "components": [name, grounds],
              "properties": {"display": "folded", "rowTitle": "name"}}  # fmt: skip
    form = engine.Form.parse(json.dumps({"schemaVersion": 19, "type": "default", "id": "f", "components": [listed]}))
    facts = {"rows": [{"id": "A", "name": "甲", "grounds": [{"law": "甲法", "sure": "V"}]}]}

    def drawn(raw, problems=()):
        with app.test_request_context("/"):
            shown = view(form, raw, dict(problems), options, facts, now=NOW)
            return shown, render_template_string(PAGE, view=shown, answers=None)

    html = drawn({})[1]
    assert '<details class="form-row-fold"><summary>甲</summary>' in html
    assert 'name="rows[0].grounds[0]._was" value="0"' in html, "a row inside a row knows its place, too"
    wrong = engine.Problem("required", "Enter it")
    assert '<details class="form-row-fold" open>' in drawn({}, {"rows[0].name": wrong}.items())[1]
    posted = {"rows": [{"_was": "0", "name": "甲", "grounds": [{"_was": "0", "law": "甲法"}]}, {"name": "乙"}]}
    assert drawn(posted)[1].count('<details class="form-row-fold" open>') == 1
    kept = check_form(form, posted, facts=facts)["rows"]
    assert kept[0] == facts["rows"][0]


def test_a_card_is_named_and_explained_by_columns_that_cannot_be_changed(app):
    cards = deepcopy(TABLE)
    del cards["components"][0]["properties"]["display"]
    with app.test_request_context():
        form = engine.Form.parse(json.dumps(cards))
        drawn = view(form, {"figures": [{"_was": "0"}]}, {}, options, {"figures": FIGURES})
        html = render_template_string(PAGE, view=drawn, answers=None)
    row, *_ = drawn.blocks[0].rows
    assert [one.label for one in row.blocks] == ["系统数", "改为"], "what names the row is not asked again"
    assert "<legend>受理</legend>" in html and "按受理日" in html and html.index("一") < html.index("受理")
    cards["components"][0]["components"][2]["readonly"] = False
    with app.test_request_context():
        drawn = view(engine.Form.parse(json.dumps(cards)), {"figures": [{"name": "受理"}]}, {}, options, {})
    assert [one.label for one in drawn.blocks[0].rows[0].blocks] == ["指标", "系统数", "改为"], "what names it is asked"


def test_a_list_is_drawn_as_a_table_with_named_rows_and_a_rule_is_told_once(app):
    form = engine.Form.parse(json.dumps(TABLE))
    raw = {"figures": [{"_was": "0", "adjusted": "7"}, {"_was": "1"}, {"_was": "2"}]}
    told = engine.Problem("disagrees", "x", {"texts": ("受理与办结不符",)})
    with app.test_request_context():
        drawn = view(form, raw, {f"figures[{n}].adjusted": told for n in (0, 1)}, options, {"figures": FIGURES})
        html = render_template_string(PAGE, view=drawn, answers=None)
        partly = view(form, {"figures": [{"_was": "2", "adjusted": "9"}]}, {}, options, {"figures": FIGURES})
    assert [row.blocks[1].value for row in partly.blocks[0].rows] == ["", "", "9"]
    [listed] = drawn.blocks
    assert [(row.title, row.hint, row.heading) for row in listed.rows] == [
        ("受理", "按受理日", "一"),
        ("办结", "", ""),
        ("人数", "", "二"),
    ]
    assert not listed.can_add and not listed.can_remove and [one.label for one in listed.columns] == ["系统数", "改为"]
    assert [(one.anchor, one.where, one.message) for one in drawn.problems] == [
        ("f-figures-0-adjusted", "", "受理与办结不符")
    ]
    assert html.count('scope="row"') == 3 and html.count('scope="rowgroup"') == 2 and "1,200" in html
    assert '<label class="visually-hidden" for="f-figures-0-adjusted">受理: 改为</label>' in html
    assert html.count('class="invalid-feedback"') == 2 and 'value="7"' in html and "按受理日" in html


def test_every_problem_of_the_engine_has_words(app):
    codes = set()
    for source in (ROOT / "engine" / "forms").glob("*.py"):
        codes |= set(re.findall(r'wrong\(\s*(?:field|each|cell\.field), "([a-z-]+)"', source.read_text("utf-8")))
    codes |= {"too-early", "too-late", "too-small", "too-big", "not-whole", "too-many-digits", "bad-email", "bad-phone"}
    codes |= set(re.findall(r'code = "(file-[a-z-]+)"', (ROOT / "engine" / "media.py").read_text("utf-8")))
    assert len(codes) > 25 and codes - {"file-refused"} <= set(WORDS)
    with app.test_request_context():
        assert in_words(engine.Problem("unheard-of", "English", {})) == "English"
        assert in_words(engine.Problem("too-long", "English", {"label": "A"})) == "English"
        assert in_words(engine.Problem("pattern", "E", {"label": "A", "text": "只能填数字"})) == "只能填数字"


def test_drawing_again_keeps_the_rest_of_the_address(app):
    with app.test_request_context("/?office=a&_refresh=1"):
        assert view(FORM, {}, {}, options).refresh == "?office=a&_refresh=1"


def test_row_buttons():
    raw = {"people": [{"name": "a", "agents": [{"name": "x"}, {"name": "y"}]}, {"name": "b"}]}
    assert len(with_row_command(raw, "add:people")["people"]) == 3
    assert with_row_command(raw, "remove:people[0]")["people"] == [{"name": "b"}]
    assert with_row_command(raw, "remove:people[0].agents[0]")["people"][0]["agents"] == [{"name": "y"}]
    assert with_row_command(raw, "add:people[1].agents")["people"][1]["agents"] == [{}]
    assert with_row_command({"people": ""}, "add:people") == {"people": [{}]}
    hostile = [
        "",
        None,
        "add:",
        "add:people[0]",
        "remove:people",
        "remove:people[99]",
        "add:people[9].agents",
        "x:people",
    ]
    for command in [*hostile, "add:people[0].name.x", "remove:people[0].name[1]", "add:[0]", "drop:people[0]"]:
        changed = with_row_command(raw, command)
        assert [row["name"] for row in changed["people"] if isinstance(row.get("name"), str)][-1] == "b"
    assert len(raw["people"]) == 2


def test_static_text_is_text():
    html = marked_up(
        "# 标题\n一行\n另一行\n\n- a\n- **b**\n1. c\n\n<script>x</script> [去](https://a.cn/x) [坏](javascript:x)"
    )
    assert html == (
        "<h2>标题</h2>\n<p>一行<br>另一行</p>\n<ul><li>a</li><li><strong>b</strong></li></ul>\n<ol><li>c</li></ol>\n"
        '<p>&lt;script&gt;x&lt;/script&gt; <a href="https://a.cn/x" rel="noopener">去</a> [坏](javascript:x)</p>'
    )


def test_answers_to_read(app):
    clean = check(GOOD)
    with app.test_request_context():
        answers = {one.label: one for one in answers_view(FORM, clean, options, facts=FACTS)}
    assert answers["登记编号"].text == "恩舞行调〔2026〕003号"
    assert answers["经办人"].text == "李敏" and answers["收到日期"].text == "2026-03-01"
    assert [one.text for one in answers["请求"].inner] == ["¥30,000.50元", "", "赔偿损失"]
    assert [file.name for file in answers["证据材料"].files] == [FILES["f1"]["name"], FILES["f2"]["name"]]
    assert [one.text for one in answers["申请人"].rows[0]][:3] == ["自然人", "张三", "11010519491231002X"]
    assert answers["以上内容属实，愿意承担相应责任"].text == "Yes"
    assert clean["amount"] == Decimal("30000.50") and clean["received_on"] == date(2026, 3, 1)


def test_markup_cannot_be_injected(app):
    evil = '"><script>alert(1)</script>'
    answer = app.test_client().post("/", data={"subject": evil, "people[0].name": evil, "story": f"</textarea>{evil}"})
    assert answer.status_code == 422 and "<script>alert" not in answer.text


def test_a_round_without_scripts_through_http(app):
    client = app.test_client()
    data = {"subject": "x", "people[0].kind": "person", "people[0].name": "张三", "_row": "add:people"}
    page = client.post("/", data=data).text
    assert 'name="people[1].name"' in page and 'value="张三"' in page and "error-summary" not in page
    page = client.post("/?_refresh=1", data={**data, "_row": "", "wishes": "other"}).text
    assert 'name="other_wish"' in page


pytest_browser = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")


@pytest.fixture(scope="module")
def server():
    app = make_app()
    served = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    served.app_drafts = app.config["DRAFTS"]
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture
def open_page(browser, server):
    contexts, complaints = [], []

    def opened(path="/", width=1280, **more):
        context = browser.new_context(locale="zh-CN", viewport={"width": width, "height": 900}, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{server.server_port}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in complaints if "422" not in text] == []


def violations(page):
    page.evaluate(AXE.read_text("utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("async rules => (await axe.run(document, {runOnly: rules})).violations", rules)
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]


@pytest_browser
@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/", "/wrong", "/read"])
def test_pages_are_accessible_and_fit(open_page, path, width, tmp_path):
    page = open_page(path, width)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 390:
        small = page.evaluate(
            "[...document.querySelectorAll('.btn, input:not([type=hidden], [type=checkbox], [type=radio]), select')]"
            ".filter(e => e.offsetHeight && e.offsetHeight < 44).map(e => e.outerHTML.slice(0, 120))"
        )
        assert [each for each in small if "btn-primary" not in each] == []
    page.screenshot(path=tmp_path / "page.png", full_page=True)


@pytest_browser
@pytest.mark.browser
def test_the_summary_leads_to_the_fields(open_page):
    page = open_page("/wrong")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.click(".error-summary a >> text=联系电话")
    assert page.evaluate("document.activeElement.name") == "people[1].phone"
    for link in page.query_selector_all(".error-summary a"):
        assert page.query_selector(f"[id='{link.get_attribute('href')[1:]}']")


@pytest_browser
@pytest.mark.browser
def test_rows_and_conditions_without_reloading(open_page, server):
    from playwright.sync_api import expect

    page = open_page()
    page.fill("[name=story]", "typed before")
    page.set_input_files(
        "[name=evidence][type=file]", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1"}
    )
    page.click("text=Add: 申请人")
    expect(page.locator("[name='people[1].name']")).to_be_visible()
    expect(page.locator("#f-many-c")).to_contain_text("推选代表", timeout=10) if page.locator(
        "#f-many-c p"
    ).count() else None
    assert page.evaluate("document.activeElement.name") == "people[1].kind"
    page.check("[name='people[1].kind'][value=firm]")
    expect(page.locator("[name='people[1].code']")).to_be_visible()
    expect(page.locator("[name='people[1].id_number']")).to_have_count(0)
    expect(page.locator("[name='people[0].id_number']")).to_have_count(1)
    page.fill("[name='people[0].name']", "张三")
    page.fill("[name='people[1].name']", "恩施某公司")
    page.dispatch_event("[name='people[1].name']", "change")
    expect(page.locator("#f-many-c")).to_contain_text("推选代表")
    page.check("[name=wishes][value=other]")
    page.fill("[name=other_wish]", "恢复原状")
    page.check("[name=wishes][value=money]")
    page.wait_for_timeout(300)
    assert page.input_value("[name=other_wish]") == "恢复原状"
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("button[value='remove:people[0]']")
    expect(page.locator("[name='people[1].name']")).to_have_count(0)
    assert page.input_value("[name='people[0].name']") == "恩施某公司"
    assert page.input_value("[name=story]") == "typed before"
    assert page.evaluate("document.querySelector('[name=evidence][type=file]').files.length") == 1
    expect(page.locator(".saved")).to_have_text("Saved at 09:30", timeout=8000)
    assert server.app_drafts[-1]["story"] == "typed before"


@pytest_browser
@pytest.mark.browser
def test_everything_works_without_scripts(open_page):
    page = open_page("/", java_script_enabled=False)
    page.fill("[name=subject]", "借款未还")
    page.click("button:has-text('Add: 申请人')")
    page.check("[name='people[1].kind'][value=firm]")
    page.click("button:has-text('Update the questions')")
    assert page.locator("[name='people[1].code']").count() == 1
    page.click("button[value='remove:people[1]']")
    page.click("button.btn-primary")
    assert page.locator(".error-summary li").count() >= 5
    page.fill("[name=story]", "至今未还。")
    page.fill("[name='people[0].name']", "张三")
    page.check("[name=wishes][value=money]")
    page.fill("[name=received_on]", "2026-03-01")
    page.select_option("[name=handler]", "8")
    page.check("[name=true_words][type=checkbox]")
    page.check("[name=_remove]")
    page.set_input_files(
        "[name=evidence][type=file]", {"name": "b.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1"}
    )
    page.click("button.btn-primary")
    text = page.inner_text("main")
    assert "核对" in text and "王建国" in text and "转账记录.pdf" in text and "借条照片" not in text
