import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import forms


def test_rows_are_nested_and_gaps_closed():
    items = [("people[7].name", "Li"), ("people[7].agents[3].name", "Wu"), ("people[2].name", "Hu"), ("x", "1")]
    assert forms.decode(items) == {
        "people": [{"name": "Hu"}, {"name": "Li", "agents": [{"name": "Wu"}]}],
        "x": "1",
    }


def test_repeated_names_make_lists():
    assert forms.decode([("kind", ""), ("kind", "a"), ("kind", "b")]) == {"kind": ["", "a", "b"]}


def test_an_empty_marker_gives_way_to_rows():
    assert forms.decode([("people", ""), ("people[0].name", "Li")]) == {"people": [{"name": "Li"}]}
    assert forms.decode([("people[0].name", "Li"), ("people", "")]) == {"people": [{"name": "Li"}]}
    assert forms.decode([("people", "")]) == {"people": ""}


def test_control_fields_are_no_answers():
    items = [("_row", "add:people"), ("csrf_token", "t"), ("_refresh", "1"), ("a", "1"), ("people[0]._was", "3")]
    assert forms.decode(items) == {"a": "1", "people": [{"_was": "3"}]}


def test_removed_files_are_left_out():
    items = [("files", "1"), ("files", "2"), ("rows[0].files", "1"), ("_remove", "files:1")]
    assert forms.decode(items) == {"files": "2", "rows": [{"files": "1"}]}


@pytest.mark.parametrize(
    "name",
    [
        *("", "a[", "a[]", "a[-1].b", "a..b", ".a", "a[0]", "a[0][1].b", "a b", "__class__", "a.__class__", "a" * 200),
        *("a[0].b[0].c[0].d[0].e", "a[9999999].b", "a[1].b c", "a\n", "a[0]._x"),
    ],
)
def test_strange_names_are_ignored(name):
    assert forms.decode([(name, "x")]) == {}


def test_contradicting_names_keep_the_first():
    assert forms.decode([("a", "1"), ("a[0].b", "2"), ("a.b", "3")]) == {"a": "1"}
    assert forms.decode([("a[0].b", "2"), ("a", "1"), ("a.b", "3")]) == {"a": [{"b": "2"}]}


def test_too_many_answers_are_refused():
    with pytest.raises(forms.TooManyAnswers):
        forms.decode(("a", "1") for _ in range(100_000))


@given(st.lists(st.tuples(st.text(alphabet="ab[]0._", max_size=12), st.text(max_size=3)), max_size=30))
def test_hostile_names_never_break_it(items):
    found = forms.decode(items)
    assert all(isinstance(key, str) for key in found)
