from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine import documents
from engine.documents import BLANK, DocumentFailed, cn_money, render


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "零元整"),
        ("0.05", "伍分"),
        ("0.5", "伍角整"),
        ("1.05", "壹元零伍分"),
        (10, "壹拾元整"),
        (1001, "壹仟零壹元整"),
        (10_010, "壹万零壹拾元整"),
        (100_000_001, "壹亿零壹元整"),
        (100_010_001, "壹亿零壹万零壹元整"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        (20_000_000_000_001, "贰拾万亿零壹元整"),
        (Decimal(-3), "负叁元整"),
        ("0.999", "壹元整"),
        (None, BLANK),
        ("much", BLANK),
        ("NaN", BLANK),
    ],
)
def test_amounts_in_capital_numerals(amount, words):
    assert cn_money(amount) == words


def test_values_look_as_on_paper():
    context = {
        "day": date(2026, 3, 2),
        "at": datetime(2026, 3, 2, 1, 0, tzinfo=UTC),
        "amount": Decimal("12.50"),
        "yes": True,
        "list": ["a", "b"],
    }
    page = render("{{ day }}|{{ cn_date(at) }}|{{ at }}|{{ amount }}|{{ yes }}|{{ list }}|{{ day|cn_date }}", context)
    assert page == "2026年3月2日|2026年3月2日|2026年3月2日 09:00|12.50|是|a、b|2026年3月2日"


def test_text_is_escaped():
    assert render("{{ a }}", {"a": "<script>&"}) == "&lt;script&gt;&amp;"


@pytest.mark.parametrize(
    "template",
    [
        "{{ a }}",
        "{{ a.b.c }}",
        "{{ case.x }}",
        "{{ a[0].b }}",
        "{{ cn_date(a) }}",
        "{{ cn_money(a) }}",
        "{{ nothing }}",
    ],
)
def test_a_missing_fact_is_a_blank(template):
    assert render(template, {"case": {}, "nothing": None}) == BLANK


def test_missing_facts_in_conditions_and_loops():
    template = (
        "{% if a %}x{% endif %}{% for r in rows %}x{% endfor %}{{ 'x' if a.b }}{% if a > 3 or n < 3 %}x{% endif %}"
    )
    assert render(template, {"n": None}) == ""
    assert render("{{ rows|length }}{{ names[kind] }}", {"names": {"a": "A"}}) == f"0{BLANK}"


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ a.__init__.__globals__ }}",
        "{{ cn_date.__globals__ }}",
        "{{ rows.append(1) }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 999999999 }}",
        "{{ [0] * 1000000000 }}",
        "{% for a in range(1000000000) %}x{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}xxxxxxxxxx{% endfor %}{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ 1 / 0 }}",
        "{{ self._TemplateReference__context }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{",
        "{{ 'x'|nofilter }}",
        "{{ cycler.__init__ }}{{ lipsum() }}",
    ],
)
def test_hostile_and_broken_templates_fail_cleanly(template):
    with pytest.raises(DocumentFailed) as refusal:
        render(template, {"a": "text", "rows": [1]})
    assert refusal.value.code == "document-failed"


def test_problems_are_findings():
    rules = {each.rule: each.line for each in documents.problems("a\n{% include 'x' %}\n{{ a.__class__ }}", "x.html")}
    assert rules == {"document-outside": 2, "document-unsafe": 3}
    (found,) = documents.problems("a\n{% if %}", "x.html")
    assert (found.rule, found.line, found.file) == ("document-syntax", 2, "x.html")
    (found,) = documents.problems("{{ day }}\n{{ dya }}{{ case.number }}{{ cn_date(day) }}", "x.html", known={"day"})
    assert (found.rule, found.line, found.params["name"]) == ("document-unknown-fact", 2, "dya")
    assert documents.problems("{% macro m(x) %}{{ x }}{% endmacro %}{{ m(a) }}{{ 'b' if a }}") == []
    assert [each.rule for each in documents.problems("x" * 300_000)] == ["document-too-large"]
    assert [each.rule for each in documents.problems("{{ " + "(" * 5000)] == ["document-syntax"]


SHARED = {
    "documents/parts.html": "{% macro names(rows) %}{{ rows|join('、') }}{% endmacro %}"
    "{% macro cause() %}{{ names(applicants) }}一案{% endmacro %}",
    "documents/frame.html": "<h1>{% block title %}{% endblock %}</h1>{{ office.name }}",
    "manifest.toml": "{{ nothing of a paper }}",
}
TAKEN = '{% from "documents/parts.html" import cause with context %}{{ cause() }}，{{ day }}'
FRAMED = '{% extends "documents/frame.html" %}{% block title %}{{ day }}{% endblock %}'


def test_papers_share_parts_of_their_folder():
    parts = documents.parts_of(SHARED)
    told = {"applicants": ["甲", "乙"], "day": "今日", "office": {"name": "镇"}}
    assert render(TAKEN, told, parts) == "甲、乙一案，今日"
    assert render(FRAMED, told, parts) == "<h1>今日</h1>镇"
    assert documents.names(TAKEN, parts) == {"applicants", "day"}
    assert documents.taken(FRAMED, parts) == {"documents/frame.html"}
    assert documents.problems(TAKEN, "x.html", {"day", "applicants"}, parts) == []


@pytest.mark.parametrize(
    ("template", "rule"),
    [
        ('{% from "manifest.toml" import a with context %}', "document-outside"),
        ('{% include "documents/none.html" %}', "document-outside"),
        ("{% include day %}", "document-outside"),
        ('{% from "documents/parts.html" import cause %}', "document-blind-part"),
        ('{% import "documents/parts.html" as parts %}', "document-blind-part"),
    ],
)
def test_only_parts_of_the_folder_and_never_blind(template, rule):
    found = documents.problems(template, "x.html", parts=documents.parts_of(SHARED))
    assert [(each.rule, each.line) for each in found] == [(rule, 1)]


def test_a_template_that_takes_itself():
    files = {
        "documents/a.html": '{% include "documents/b.html" %}',
        "documents/b.html": '{% include "documents/a.html" %}',
    }
    parts = documents.parts_of(files)
    found = documents.problems(files["documents/a.html"], "documents/a.html", parts=parts)
    assert [each.rule for each in found] == ["document-circular"]
    with pytest.raises(DocumentFailed):
        render(files["documents/a.html"], {}, parts)


def test_names_are_the_facts_it_needs():
    template = "{{ a }}{% for r in rows %}{{ r.b }}{{ loop.index }}{% endfor %}{{ cn_money(c) }}"
    assert documents.names(template) == {"a", "rows", "c"}


def test_people_come_from_the_host():
    assert render("{{ person(3) }}", {"person": lambda key: f"Li {key}"}) == "Li 3"
    assert render("{{ person(3) }}", {}) == BLANK
