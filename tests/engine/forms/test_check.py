import contextlib
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import forms

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
AB = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]


def value(form, raw, **more):
    return forms.check(form, {"x": raw}, **more)["x"]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("12", Decimal(12)),
        (" 1,234.50 ", Decimal("1234.50")),
        ("１２３", Decimal(123)),
        ("¥12.5", Decimal("12.5")),
        ("-0", Decimal(0)),
        (3, Decimal(3)),
        (0.1, Decimal("0.1")),
        (Decimal("1E+3"), Decimal(1000)),
        ("", None),
        (None, None),
        (["", "4"], Decimal(4)),
    ],
)
def test_numbers(one, raw, clean):
    assert value(one("number"), raw) == clean


@pytest.mark.parametrize("raw", ["0", 0, "0.00"])
def test_nought_answers_a_required_question(one, raw):
    assert value(one("number", validate={"required": True}), raw) == 0


@pytest.mark.parametrize(
    "raw",
    [
        *("x", "1e5", "NaN", "Infinity", "1,23", "1.2.3", "9" * 30, "0x10", "1_000"),
        *(True, float("inf"), Decimal("NaN"), 10**30, {}, {"a": 1}, [{"a": 1}], b"1", object()),
    ],
)
def test_what_is_no_number(one, codes, raw):
    assert codes(one("number"), {"x": raw}) in ({"x": "not-a-number"}, {"x": "wrong-type"})


def test_bounds_digits_and_steps(one, codes):
    form = one("number", decimalDigits=2, increment="0.5", validate={"min": 1, "max": "10"})
    found = [codes(form, {"x": raw}).get("x") for raw in ("0", "11", "1.234", "1.2", "1.5", "10")]
    assert found == ["too-small", "too-big", "too-many-digits", "not-a-multiple", None, None]
    assert codes(one("number", decimalDigits=0), {"x": "1.5"}) == {"x": "not-whole"}


@pytest.mark.parametrize("raw", ["2026-03-02", "2026/3/2", "2026年3月2日", "20260302", date(2026, 3, 2), NOW])
def test_dates(one, raw):
    assert value(one("datetime"), raw) == date(2026, 3, 2)


@pytest.mark.parametrize(
    "raw", ["2026-02-30", "0001-01-01", "tomorrow", "2026-3", 5, True, date(1, 1, 1), "9999-99-99"]
)
def test_what_is_no_date(one, codes, raw):
    assert codes(one("datetime"), {"x": raw}) == {"x": "not-a-date"}


def test_instants_are_on_the_offices_clock(one):
    form = one("datetime", subtype="datetime")
    nine = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
    for raw in ("2026-03-02T09:00", "2026-03-02 09:00:00", "2026-03-02T01:00Z", "2026-03-02T01:00:00+00:00", nine, NOW):
        assert value(form, raw) == nine and value(form, raw).tzinfo == SHANGHAI
    assert value(form, datetime(2026, 3, 2, 9, 0)) == nine  # noqa: DTZ001 a scenario's local time


def test_what_is_no_instant(one, codes):
    form = one("datetime", subtype="datetime")
    hostile = [
        "2026-03-02",
        "T",
        "2026-03-02T25:00",
        "9999-12-31T23:59-23:00",
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
        1,
        "x" * 999,
    ]
    assert [codes(form, {"x": raw}) for raw in hostile] == [{"x": "not-a-datetime"}] * len(hostile)


def test_times_of_day(one, codes):
    form = one("datetime", subtype="time", validate={"min": "08:00"})
    assert value(form, "9:05") == time(9, 5) and value(form, "09：05:30") == time(9, 5, 30)
    assert codes(form, {"x": "24:00"}) == {"x": "not-a-time"}
    assert codes(form, {"x": time(7)}) == {"x": "too-early"}


def test_dates_have_bounds_from_the_facts(one, codes):
    form = one("datetime", validate={"min": "=received_on", "max": "=today()"})
    facts = {"received_on": date(2026, 3, 1)}
    found = [
        codes(form, {"x": f"2026-{day}"}, facts=facts, now=NOW).get("x") for day in ("02-28", "03-01", "03-02", "03-03")
    ]
    assert found == ["too-early", None, None, "too-late"]
    assert codes(form, {"x": "2026-02-28"}, facts={"received_on": datetime(2026, 2, 27, 16, 30, tzinfo=UTC)}) == {}
    assert codes(form, {"x": "2026-02-28"}, facts={"received_on": "text"}) == {}


def test_past_dates_can_be_refused(one, codes):
    form = one("datetime", disallowPassedDates=True)
    assert codes(form, {"x": "2026-03-01"}, now=NOW) == {"x": "in-the-past"}
    assert codes(form, {"x": "2026-03-02"}, now=NOW) == {}


def test_text_is_stripped_and_composed(one):
    assert value(one("textfield"), " \u3000Cafe\u0301\u200b\ufeff ") == "Caf\u00e9"
    assert value(one("textarea"), "a\r\nb\rc\td ") == "a\nb\nc\td"
    assert value(one("textfield"), " \u200b ") is None
    assert value(one("textfield"), 12) == "12"


@pytest.mark.parametrize("raw", ["a\x00b", "a\x1bb", "a\u202eb", "a\ud800b", "a\nb", "a\x85b"])
def test_control_characters_are_refused(one, codes, raw):
    assert codes(one("textfield"), {"x": raw}) == {"x": "bad-characters"}


@pytest.mark.parametrize("raw", [["a", "b"], {"a": "b"}, True, [["a"], "b"], object()])
def test_text_of_another_type(one, codes, raw):
    assert codes(one("textfield"), {"x": raw}) == {"x": "wrong-type"}


def test_lengths(one, codes):
    form = one("textfield", validate={"minLength": 2, "maxLength": 3})
    assert [codes(form, {"x": raw}).get("x") for raw in ("a", "ab", "abcd")] == ["too-short", None, "too-long"]
    assert codes(one("textfield"), {"x": "字" * 201}) == {"x": "too-long"}
    assert codes(one("textarea"), {"x": "字" * 10_000}) == {}
    assert codes(one("textarea"), {"x": "字" * 10_001}) == {"x": "too-long"}


def test_patterns_are_matched_in_linear_time(one, codes):
    form = one("textfield", validate={"pattern": "^(a+)+$", "patternErrorMessage": "Only a"})
    assert codes(form, {"x": "aaa"}) == {} and codes(form, {"x": "a" * 150 + "!"}) == {"x": "pattern"}
    form = one("textfield", validate={"pattern": "^[\\u4e00-\\u9fa5]+$"})
    assert codes(form, {"x": "张三"}) == {} and codes(form, {"x": "Zhang"}) == {"x": "pattern"}


PHONE = {"validate": {"validationType": "phone"}}
EMAIL = {"validate": {"validationType": "email"}}
ID_NUMBER = {"properties": {"check": "id_number"}}
CREDIT_CODE = {"properties": {"check": "credit_code"}}


@pytest.mark.parametrize(
    ("more", "good", "clean", "bad", "code"),
    [
        (PHONE, "138 0013-8000", "13800138000", "12345", "bad-phone"),
        (PHONE, "+86 13800138000", "13800138000", "1380013800", "bad-phone"),
        (PHONE, "（0718）4567890", "0718-4567890", "4567890", "bad-phone"),
        (PHONE, "010-12345678-12", "010-12345678-12", "0100-1", "bad-phone"),
        (PHONE, "400-123-4567", "4001234567", "phone", "bad-phone"),
        (EMAIL, "a.b@x-y.cn", "a.b@x-y.cn", "a@b", "bad-email"),
        (ID_NUMBER, "11010519491231002x", "11010519491231002X", "110105194912310021", "bad-id-number"),
        (ID_NUMBER, "11010519491231002X", "11010519491231002X", "11010519491331002X", "bad-id-number"),
        (CREDIT_CODE, "91350100M000100Y43", "91350100M000100Y43", "91350100M000100Y44", "bad-credit-code"),
    ],
)
def test_formats(one, codes, more, good, clean, bad, code):
    form = one("textfield", **more)
    assert value(form, good) == clean and value(form, clean) == clean
    assert codes(form, {"x": bad}) == {"x": code}


def test_choices(one, codes):
    for kind in ("radio", "select"):
        assert value(one(kind, values=AB), "a") == "a"
        assert codes(one(kind, values=AB), {"x": "c"}) == {"x": "not-an-option"}
        assert codes(one(kind, values=AB), {"x": ["a", "b"]}) == {"x": "wrong-type"}
        assert codes(one(kind, values=AB, validate={"required": True}), {}) == {"x": "required"}
    form = one("checklist", values=AB)
    assert value(form, ["", "b", "a", "b"]) == ["a", "b"] and value(form, "a") == ["a"] and value(form, "") == []
    assert codes(form, {"x": ["a", {"b": 1}]}) == {"x": "not-an-option"}


def test_choices_from_the_directory_keep_their_type(one, codes):
    form = one("select", valuesKey="people:judge")
    asked = []

    def options(key):
        asked.append(key)
        return [forms.Option(7, "Li"), forms.Option(8, "Wu")]

    for raw in ("7", 7, Decimal(7), 7.0):
        if raw != 7.0 or isinstance(raw, int | Decimal):
            assert value(form, raw, options=options) == 7
    assert codes(form, {"x": "9"}, options=options) == {"x": "not-an-option"}
    assert codes(form, {"x": "7"}) == {"x": "not-an-option"}
    assert set(asked) == {"people:judge"}


def test_boxes(one, codes):
    form = one("checkbox", validate={"required": True})
    assert value(form, "true") is True and value(form, ["", "true"]) is True and value(form, True) is True
    assert value(one("checkbox"), "") is False and value(one("checkbox"), None) is False
    assert codes(form, {"x": ""}) == {"x": "required"} and codes(form, {"x": "maybe"}) == {"x": "wrong-type"}


def test_files(one, codes):
    known = {"1": {"file": "1", "name": "a.PDF", "type": "application/pdf", "size": 3}}
    known |= {"2": {"file": "2", "name": "b.jpeg", "type": "image/jpeg", "size": 4}}
    many = one("filepicker", multiple=True, properties={"accept": ".pdf,jpg", "maxItems": "2", "minItems": "1"})
    assert value(many, ["1", "", "2", "1"], files=known.get) == [known["1"], known["2"]]
    assert value(many, [known["2"]], files=known.get) == [known["2"]]
    assert codes(many, {"x": "3"}, files=known.get) == {"x": "unknown-file"}
    assert codes(many, {"x": [1, {"file": {}}]}, files=known.get) == {"x": "unknown-file"}
    single = one("filepicker", validate={"required": True}, properties={"accept": "pdf"})
    assert codes(single, {}, files=known.get) == {"x": "required"}
    assert codes(single, {"x": ["1", "2"]}, files=known.get) == {"x": "too-many-files"}
    assert codes(single, {"x": "2"}, files=known.get) == {"x": "bad-file"}


def test_problems_carry_label_and_parameters(one):
    from engine.errors import InvalidAnswers

    with pytest.raises(InvalidAnswers) as refusal:
        forms.check(one("textfield", validate={"maxLength": 2}), {"x": "abc"})
    assert refusal.value.problems["x"].params == {"label": "Label", "limit": 2, "count": 3}
    assert refusal.value.problems["x"].message == "Label: at most 2 characters"


def test_unknown_and_readonly_keys_are_dropped(form_of):
    form = form_of(
        {"type": "text", "id": "t", "text": "Hello"},
        {"type": "textfield", "key": "a", "label": "A", "readonly": True, "validate": {"required": True}},
        {"type": "textfield", "key": "b", "label": "B"},
    )
    assert forms.check(form, {"a": "changed", "b": "x", "c": "y", "t": "z"}, facts={"a": "1"}) == {"b": "x"}


def test_a_missing_key_keeps_its_fact_and_an_empty_one_clears_it(form_of):
    form = form_of({"type": "number", "key": "a", "label": "A"}, {"type": "checkbox", "key": "b", "label": "B"})
    assert forms.check(form, {}, facts={"a": Decimal(3), "b": True}) == {"a": Decimal(3), "b": True}
    assert forms.check(form, {"a": "", "b": ""}, facts={"a": Decimal(3), "b": True}) == {"a": None, "b": False}


def test_hidden_answers_are_dropped_and_not_asked(form_of, codes):
    form = form_of(
        {"type": "radio", "key": "kind", "label": "K", "values": AB},
        {"type": "textfield", "key": "why", "label": "W", "validate": {"required": True},
            "conditional": {"hide": '=kind != "b"'}},
        {"type": "group", "id": "g", "label": "G", "conditional": {"hide": 'not(why = "x")'}, "components": [
            {"type": "number", "key": "n", "label": "N", "validate": {"required": True}}]},
    )  # fmt: skip
    assert forms.check(form, {"kind": "a", "why": "x", "n": "1"}) == {"kind": "a"}
    assert codes(form, {"kind": "b"}) == {"why": "required"}
    assert codes(form, {"kind": "b", "why": "x"}) == {"n": "required"}
    assert forms.visible(form, {"kind": "b", "why": "x"}) == {"kind", "why", "g", "n"}
    assert forms.visible(form, {"kind": "a", "why": "x"}) == {"kind"}


def test_conditions_see_typed_answers_and_facts(form_of):
    form = form_of(
        {"type": "number", "key": "n", "label": "N"},
        {"type": "text", "id": "t", "text": "big", "conditional": {"hide": "=n < limit"}},
    )
    assert "t" in forms.visible(form, {"n": "10"}, facts={"limit": Decimal(9)})
    assert "t" not in forms.visible(form, {"n": "10"}, facts={"limit": Decimal(11)})


def test_conditions_that_hide_each_other_settle(form_of):
    form = form_of(
        {"type": "textfield", "key": "a", "label": "A", "conditional": {"hide": "b != null"}},
        {"type": "textfield", "key": "b", "label": "B", "conditional": {"hide": "a != null"}},
    )
    assert forms.check(form, {"a": "1", "b": "2"}) in ({"a": "1"}, {"b": "2"})


@pytest.fixture
def people(form_of):
    return form_of(
        {"type": "textfield", "key": "place", "label": "P"},
        {"type": "dynamiclist", "path": "people", "label": "People", "properties": {"minItems": "1", "maxItems": "3"},
         "components": [
            {"type": "select", "key": "kind", "label": "K", "values": AB, "defaultValue": "a"},
            {"type": "textfield", "key": "name", "label": "N", "validate": {"required": True}},
            {"type": "textfield", "key": "post", "label": "Q", "validate": {"required": True},
             "conditional": {"hide": '=kind = "a" or place = "x"'}}]},
        {"type": "text", "id": "many", "text": "many", "conditional": {"hide": "count(people) < 2"}},
    )  # fmt: skip


def test_rows_have_their_own_scope(people, codes):
    rows = [{"kind": "a", "name": "Li"}, {"kind": "b", "name": "Wu"}]
    assert codes(people, {"people": rows}) == {"people[1].post": "required"}
    assert codes(people, {"people": rows, "place": "x"}) == {}
    assert forms.check(people, {"people": rows, "place": "x"})["people"] == rows
    assert "people[1].post" in forms.visible(people, {"people": rows})
    assert "many" in forms.visible(people, {"people": rows}) and "many" not in forms.visible(people, {})


def test_empty_rows_do_not_count_and_keep_the_paths(people, codes):
    rows = [{"kind": "a", "name": ""}, {"kind": "a", "name": "Li"}, {}]
    assert forms.check(people, {"people": rows})["people"] == [{"kind": "a", "name": "Li"}]
    assert codes(people, {"people": [{"kind": "a", "name": ""}]}) == {"people[0].name": "required"}
    assert codes(people, {"people": []}) == {"people": "too-few-rows"}
    assert codes(people, {"people": [{}, {"name": "x" * 300}]}) == {
        "people[1].post": "required",
        "people[1].name": "too-long",
    }
    assert codes(people, {"people": [{"name": "a", "kind": "a"}] * 4}) == {"people": "too-many-rows"}


@pytest.mark.parametrize("raw", ["x", 5, {"a": 1}, [1], ["a", {}], [[{}]], True])
def test_what_is_no_list_of_rows(people, codes, raw):
    assert codes(people, {"people": raw})["people"] == "wrong-type"


def test_columns_that_are_not_asked_survive(form_of):
    name = {"type": "textfield", "key": "name", "label": "N", "readonly": True}
    agrees = {"type": "checkbox", "key": "agrees", "label": "A"}
    base = {"type": "dynamiclist", "path": "people", "label": "P", "components": [name, agrees]}
    facts = {"people": [{"name": "Li", "phone": "1"}, {"name": "Wu", "phone": "2"}]}
    form = form_of(base)
    raw = {"people": [{"_was": "1", "agrees": "true", "name": "changed"}, {"agrees": "true"}]}
    assert forms.check(form, raw, facts=facts) == {
        "people": [{"name": "Wu", "phone": "2", "agrees": True}, {"agrees": True}]
    }
    fixed = form_of({**base, "allowAddRemove": False})
    assert forms.check(fixed, {"people": [{"agrees": True}, {}]}, facts=facts)["people"] == [
        {"name": "Li", "phone": "1", "agrees": True},
        {"name": "Wu", "phone": "2", "agrees": False},
    ]
    assert forms.check(form, {}, facts=facts)["people"][0] == {"name": "Li", "phone": "1", "agrees": False}
    hostile = {"people": [{"_was": "99999", "agrees": "true"}, {"_was": "-1"}, {"_was": {}}]}
    assert forms.check(form, hostile, facts=facts)["people"][0] == {"agrees": True}


def test_lists_within_lists(form_of, codes):
    inner = {"type": "dynamiclist", "path": "agents", "label": "A", "components": [
        {"type": "textfield", "key": "name", "label": "N", "validate": {"required": True}},
        {"type": "number", "key": "age", "label": "G",
         "conditional": {"hide": 'name = "x" or place = "y"'}}]}  # fmt: skip
    form = form_of(
        {"type": "textfield", "key": "place", "label": "P"},
        {"type": "dynamiclist", "path": "people", "label": "L", "components": [inner]},
    )
    raw = {"people": [{"agents": [{"age": "1"}, {"name": "x", "age": "2"}]}]}
    assert codes(form, raw) == {"people[0].agents[0].name": "required"}
    raw["people"][0]["agents"][0]["name"] = "n"
    assert forms.check(form, raw)["people"] == [{"agents": [{"name": "n", "age": Decimal(1)}, {"name": "x"}]}]


def test_an_expensive_condition_hides_nothing(form_of):
    rows = {
        "type": "dynamiclist",
        "path": "r",
        "label": "R",
        "components": [{"type": "number", "key": "n", "label": "N"}],
    }
    slow = {"type": "textfield", "key": "t", "label": "T", "conditional": {
        "hide": "count(for a in r, b in r, c in r return a.n) > 0"}}  # fmt: skip
    assert "t" in forms.visible(form_of(rows, slow), {"r": [{"n": "1"}] * 200})


ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates(), st.datetimes(), st.decimals()
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "_was"]), inner, max_size=3),
    max_leaves=8,
)
COMPONENTS = [
    {"type": "textfield", "key": "text", "label": "T"},
    {"type": "textarea", "key": "long", "label": "T"},
    {"type": "textfield", "key": "phone", "label": "T", "validate": {"validationType": "phone"}},
    {"type": "number", "key": "number", "label": "T", "validate": {"min": "=other"}},
    {"type": "datetime", "key": "day", "label": "T"},
    {"type": "datetime", "subtype": "time", "key": "clock", "label": "T"},
    {"type": "datetime", "subtype": "datetime", "key": "moment", "label": "T"},
    {"type": "checkbox", "key": "box", "label": "T"},
    {"type": "radio", "key": "radio", "label": "T", "values": AB},
    {"type": "select", "key": "person", "label": "T", "valuesKey": "people:x"},
    {"type": "checklist", "key": "checks", "label": "T", "values": AB},
    {"type": "filepicker", "key": "files", "label": "T", "multiple": True},
]
EVERYTHING = [
    *COMPONENTS,
    {"type": "dynamiclist", "path": "rows", "label": "T", "components": COMPONENTS, "defaultRepetitions": 0},
]
KEYS = [each.get("key", "rows") for each in EVERYTHING]
FILES = {"f1": {"file": "f1", "name": "a.pdf", "type": "application/pdf", "size": 1}}
SOURCES = {"options": lambda _: [forms.Option(1, "One"), forms.Option(2, "Two")], "files": FILES.get, "now": NOW}


@given(
    st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=8),
    st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_hostile_answers_are_problems_never_errors(raw, facts):
    from engine.errors import InvalidAnswers

    form = everything()
    with contextlib.suppress(InvalidAnswers):
        forms.check(form, raw, facts=facts, **SOURCES)
    forms.visible(form, raw, facts=facts, **SOURCES)
    forms.shown(form, raw, facts)


def everything():
    import json

    return forms.Form.parse(json.dumps({"schemaVersion": 19, "components": EVERYTHING}))


def rare(strategy, nothing=None):
    return st.just(nothing) | strategy


ROW = {
    "text": st.text(max_size=10),
    "long": st.text(max_size=30),
    "phone": st.sampled_from(["", "13800138000", "(010)12345678"]),
    "number": st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**15), max_value=10**15),
    "day": st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    "clock": st.times(),
    "moment": st.datetimes(datetime(1990, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 hypothesis adds it
    "box": st.booleans(),
    "radio": st.sampled_from(["a", "b", ""]),
    "person": st.sampled_from([1, 2, None]),
    "checks": st.lists(st.sampled_from(["a", "b"])),
    "files": st.lists(st.just("f1")),
}
ANSWERS = st.fixed_dictionaries({**ROW, "rows": st.lists(st.fixed_dictionaries(ROW), max_size=2)})


@given(ANSWERS)
@settings(max_examples=150, deadline=None)
def test_what_is_shown_is_read_back(raw):
    from engine.errors import InvalidAnswers

    form = everything()
    try:
        clean = forms.check(form, raw, **SOURCES)
    except InvalidAnswers as error:
        assert {problem.code for problem in error.problems.values()} == {"bad-characters"}  # noqa: PT017 strange text
        return
    assert forms.check(form, forms.shown(form, clean), **SOURCES) == clean
