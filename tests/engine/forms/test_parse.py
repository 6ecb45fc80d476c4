import json

import pytest

from engine import forms
from engine.errors import Finding


def rules(text, level=None):
    found = forms.problems(text, "forms/a.form")
    assert all(isinstance(each, Finding) and each.message and each.file == "forms/a.form" for each in found)
    return [each.rule for each in found if level in (None, each.level)]


def test_every_problem_is_listed_at_once(text_of):
    text = text_of(
        {"type": "table", "id": "t"},
        {"type": "textfield", "id": "a", "label": "A"},
        {"type": "textfield", "id": "b", "key": "two words", "label": "B"},
        {"type": "number", "id": "c", "key": "n", "label": "C", "conditional": {"hide": "=1 +"}},
        {"type": "number", "id": "d", "key": "n", "label": "D", "validate": {"min": "many"}},
        {"type": "select", "id": "e", "key": "s", "label": "E"},
        {"type": "select", "id": "g", "key": "s2", "label": "G", "valuesKey": "people:"},
        {"type": "textfield", "id": "h", "key": "p", "label": "H", "validate": {"pattern": "(?=x)"}},
        {"type": "group", "id": "i", "label": "I", "path": "nested", "components": []},
        {"type": "text", "id": "j", "text": "{{ name }}"},
    )
    assert rules(text) == [
        "form-component-unsupported",
        "form-key-missing",
        "form-key-invalid",
        "form-condition-syntax",
        "form-property-invalid",
        "form-options-missing",
        "form-options-source",
        "form-pattern-invalid",
        "form-group-path",
        "form-template-unsupported",
        "form-key-duplicate",
    ]
    with pytest.raises(forms.InvalidForm) as refusal:
        forms.Form.parse(text)
    assert len(refusal.value.findings) == 11


def test_a_finding_names_component_and_line():
    text = json.dumps({"schemaVersion": 19, "components": [{"type": "table", "id": "tab"}]}, indent=1)
    (found,) = forms.problems(text, "x.form")
    assert (found.element, found.line, found.level) == ("tab", 6, "semantics")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"schemaVersion": 19, "components": {}}', "[" * 100_000, '{"a": 1}' + " " * 600_000],
)
def test_what_is_no_form_is_one_finding(text):
    assert set(rules(text)) <= {"form-json", "form-schema-version"} and rules(text)


def test_components_that_are_no_objects(text_of):
    assert rules(text_of(1, None, {"type": 3}, "x")) == ["form-json"] * 4


def test_another_schema_version_is_refused(text_of):
    assert rules(text_of(schemaVersion=99)) == ["form-schema-version"]


def test_a_missing_label_is_a_house_rule(text_of):
    text = text_of({"type": "textfield", "id": "a", "key": "a"})
    assert rules(text, "house") == ["form-label-missing"] and rules(text, "semantics") == []
    forms.Form.parse(text)


def test_columns_and_fields_may_share_a_key_but_columns_may_not(text_of):
    name = {"type": "textfield", "key": "name", "label": "Name"}
    people = {"type": "dynamiclist", "id": "p", "path": "people", "label": "People", "components": [name]}
    assert rules(text_of(name, people)) == []
    assert rules(text_of({**people, "components": [name, {**name, "id": "again"}]})) == ["form-key-duplicate"]
    group = {"type": "group", "id": "g", "label": "G", "components": [name]}
    assert rules(text_of(name, group)) == ["form-key-duplicate"]


def test_depth_and_number_of_components_are_bounded(text_of):
    field = {"type": "textfield", "key": "a", "label": "A"}
    for level in range(9):
        field = {"type": "dynamiclist", "path": f"l{level}", "label": "L", "components": [field]}
    assert rules(text_of(field)) == ["form-too-deep"]
    many = [{"type": "spacer", "id": f"s{n}"} for n in range(700)]
    assert rules(text_of(*many)) == ["form-too-large"]


@pytest.mark.parametrize(
    ("component", "rule"),
    [
        ({"type": "datetime", "subtype": "week"}, "form-component-unsupported"),
        ({"type": "number", "decimalDigits": 99}, "form-property-invalid"),
        ({"type": "number", "increment": "0"}, "form-property-invalid"),
        ({"type": "textfield", "readonly": "=x"}, "form-property-invalid"),
        ({"type": "textfield", "validate": {"required": "=x"}}, "form-property-invalid"),
        ({"type": "textfield", "validate": {"maxLength": "ten"}}, "form-property-invalid"),
        ({"type": "textfield", "validate": {"validationType": "iban"}}, "form-property-invalid"),
        ({"type": "textfield", "properties": {"check": "email"}}, "form-property-invalid"),
        ({"type": "datetime", "validate": {"min": "soon"}}, "form-property-invalid"),
        ({"type": "filepicker", "properties": {"accept": "exe"}}, "form-property-invalid"),
        ({"type": "filepicker", "properties": {"maxItems": "many"}}, "form-property-invalid"),
        ({"type": "select", "valuesExpression": "=x"}, "form-options-unsupported"),
        ({"type": "select", "values": [{"label": "A"}]}, "form-options-invalid"),
        ({"type": "select", "values": [{"value": "a"}, {"value": "a"}]}, "form-options-duplicate"),
        ({"type": "textfield", "label": "=name"}, "form-template-unsupported"),
        ({"type": "textfield", "conditional": {"hide": "unknown function(1)"}}, "form-condition-syntax"),
        ({"type": "textfield", "conditional": {"hide": True}}, "form-condition-syntax"),
    ],
)
def test_wrong_properties(text_of, component, rule):
    assert rules(text_of({"id": "x", "key": "x", "label": "X", **component})) == [rule]


def test_the_tree(form_of):
    form = form_of(
        {"type": "group", "id": "g", "label": "G", "components": [{"type": "number", "key": "n", "label": "N"}]},
        {
            "type": "dynamiclist",
            "path": "rows",
            "label": "R",
            "components": [{"type": "checkbox", "key": "c", "label": "C"}],
        },
        {"type": "datetime", "key": "d", "dateLabel": "D", "conditional": {"hide": "=n > 3"}},
    )
    assert [field.key for field in form.questions] == ["n", "rows", "d"]
    assert form.questions[2].kind == "date" and form.questions[2].label == "D"
    assert [(field.key, made.free_names) for field, made in form.expressions] == [("d", {"n"})]
    assert form.questions[1].children[0].kind == "checkbox"


def test_host_functions_are_offered_to_conditions(text_of):
    text = text_of({"type": "number", "key": "n", "label": "N", "conditional": {"hide": "office name(1) = 2"}})
    assert rules(text) == ["form-condition-syntax"]
    assert forms.problems(text, functions={"office name": lambda place: place}) == []
