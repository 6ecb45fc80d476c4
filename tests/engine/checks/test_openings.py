"""The calendar of a process: each rule by one edit of a good folder."""

import pytest

from engine.checks import check_files
from tests.engine.checks.folders import FOLDER, edited

CALENDAR = """
[[start.calendar]]
id = "monthly"
every = "month"
on = "20"
at = "08:30"
roll = "back"
begins = "26"
period = "current"
for_each = "offices.reporting"
by_hand = ["judge"]
facts = { count = "=period_first.month", subject = "period_name" }
[[start.calendar]]
id = "yearly"
every = "year"
on = "01-05"
office = "north"
"""
M = "manifest.toml"
GOOD = {**FOLDER, M: edited(FOLDER[M], "[stages.first]", f"{CALENDAR}[stages.first]")}
EDITS = [
    ("calendar-missing", "semantics", 'every = "month"\n', ""),
    ("calendar-twice", "semantics", 'id = "yearly"', 'id = "monthly"'),
    ("calendar-value", "semantics", '"month"', '"fortnight"'),
    ("calendar-value", "semantics", '"08:30"', '"half past"'),
    ("calendar-value", "semantics", '"back"', '"forward"'),
    ("calendar-value", "semantics", '"26"', '"31"'),
    ("calendar-value", "semantics", '"current"', '"next"'),
    ("calendar-value", "semantics", '"offices.reporting"', '"everybody"'),
    ("calendar-value", "semantics", 'every = "month"\non = "20"', 'every = "week"\non = "2"'),
    ("calendar-day", "semantics", '"20"', '"32"'),
    ("calendar-day", "semantics", '"01-05"', '"5"'),
    ("calendar-office", "semantics", 'office = "north"', ""),
    ("calendar-office", "semantics", 'office = "north"', 'office = "north"\nfor_each = "offices"'),
    ("calendar-start", "semantics", 'office = "north"', 'office = "north"\nmessage = "told"'),
    ("manifest-shape", "semantics", 'on = "20"', "on = 20"),
    ("manifest-shape", "semantics", '["judge"]', '"judge"'),
    ("manifest-shape", "semantics", '{ count = "=period_first.month", subject = "period_name" }', "[1]"),
    ("manifest-key", "warning", 'at = "08:30"', 'hour = "08:30"'),
    ("unknown-role", "house", '["judge"]', '["cook"]'),
    ("unknown-office", "house", '"north"', '"nowhere"'),
    ("unknown-office", "house", '"offices.reporting"', '["north", "nowhere"]'),
    ("undeclared-result", "house", "count =", "amount ="),
    ("unknown-name", "house", '"=period_first.month"', '"=first_period.month"'),
    ("expression", "semantics", '"=period_first.month"', '"=period_first."'),
]


def rules(files):
    return {(f.rule, f.level) for f in check_files(files, roles={"clerk", "judge"}, offices={"north", "south"})}


@pytest.mark.parametrize(("rule", "level", "old", "new"), EDITS, ids=[f"{e[0]}-{n}" for n, e in enumerate(EDITS)])
def test_one_edit_breaks_one_rule(rule, level, old, new):
    text = edited(GOOD[M], old, new)
    assert (rule, level) in rules({**GOOD, M: text})


def test_the_good_calendar_adds_no_finding():
    assert rules(GOOD) == rules(FOLDER)


def test_a_calendar_that_is_no_list_is_said_so():
    text = edited(FOLDER[M], 'roles = ["clerk"]', 'roles = ["clerk"]\ncalendar = "monthly"')
    assert ("manifest-shape", "semantics") in rules({**FOLDER, M: text})


def test_a_calendar_is_a_way_to_begin():
    text = edited(GOOD[M], 'roles = ["clerk"]\nform = "open"\n', "")
    assert ("start-impossible", "house") not in rules({**GOOD, M: text})
