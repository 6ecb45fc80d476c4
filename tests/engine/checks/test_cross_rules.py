"""The checks of a manifest are refused at deployment when they cannot be read or name what no form asks."""

import pytest

from engine.checks import check_files
from engine.definitions import define
from tests.engine.checks.folders import FOLDER

GOOD = """
[checks.people_named]
forms = ["open"]
given = { n = "=count(people)" }
rules = [
  { holds = "=n < 3 or subject != null", message = '="人员 " + string(n)', fields = ["subject", "people[a].name"] },
  { each = "people", holds = "=name != subject", message = "姓名有误", fields = ["name"] },
]
"""

EDITS = [
    ('["open"]', '["shut"]', "check-form-unknown"),
    ('["open"]', "[1]", "manifest-shape"),
    ('"=n < 3 or', '"=n < or', "expression"),
    ('"=n < 3 or', '"=m < 3 or', "unknown-name"),
    ('"=count(people)"', '"=count(persons)"', "unknown-name"),
    ('"=count(people)"', '"=count(people"', "expression"),
    ("string(n)", "string(k)", "unknown-name"),
    ('"subject", ', '"topic", ', "check-field-unknown"),
    ("people[a].name", "people[a].age", "check-field-unknown"),
    ("people[a].name", "subject[a].name", "check-field-unknown"),
    ('each = "people"', 'each = "subject"', "check-each-unknown"),
    ('fields = ["name"]', 'fields = ["subject"]', "check-field-unknown"),
    ('message = "姓名有误", ', "", "manifest-shape"),
    ("rules = [", "rules = [ 5,", "manifest-shape"),
    ('message = "姓名有误"', 'message = "姓名有误", colour = "red"', "manifest-key"),
    ("[checks.people_named]", "[checks]\nother = 5\n[checks.people_named]", "manifest-shape"),
]


def rules(text):
    form = FOLDER["forms/open.form"].replace('"path": "people"', '"path": "people", "properties": {"rowKey": "name"}')
    files = {**FOLDER, "forms/open.form": form, "manifest.toml": FOLDER["manifest.toml"] + text}
    found = check_files(files, roles={"clerk"})
    return {f.rule for f in found if (f.element or f.params.get("entry", "")).startswith("checks")}


def test_good_checks_are_accepted_and_belong_to_their_form():
    assert rules(GOOD) == set()
    form = define({**FOLDER, "manifest.toml": FOLDER["manifest.toml"] + GOOD}).form("open")
    assert [len(group.rules) for group in form.checks] == [2]


@pytest.mark.parametrize(("before", "after", "rule"), EDITS)
def test_each_mistake_has_its_rule(before, after, rule):
    assert before in GOOD
    assert rule in rules(GOOD.replace(before, after, 1))


def test_a_list_needs_a_key_column_before_rules_can_name_its_rows():
    files = {**FOLDER, "manifest.toml": FOLDER["manifest.toml"] + GOOD}
    assert "check-field-unknown" in {f.rule for f in check_files(files)}
