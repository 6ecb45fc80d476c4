"""Registers: filled by processes only, versioned in time, read as of a day."""

import tomllib
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

import engine
from engine.directory import directory
from engine.feel import compile_expression
from engine.functions import FUNCTIONS
from engine.model import Edition, Effect, Entry, Incident, Ledger
from tests.engine.house import CLERK, NOW, House, folder, form, question
from tests.engine.runtime.bpmn import end, node, path, properties, start, user

TODAY = date(2026, 3, 2)
TOOLS = """
[register]
title = "Tools"
effective = 2026-01-01
new_key = "{stem}-{seq:03d}"
public = ["name"]
[register.words]
lapsed = " (no ground left)"
[register.fields.name]
label = "Name"
required = true
[register.fields.offices]
type = "offices"
label = "Offices"
[register.fields.state]
type = "choice"
label = "State"
choices = { good = "good", broken = "broken" }
[register.fields.weight]
type = "integer"
label = "Weight"
[register.fields.grounds]
type = "list"
label = "Grounds"
rests = true
[register.fields.grounds.fields.law]
label = "Law"
required = true
[register.fields.grounds.fields.valid_from]
type = "date"
label = "from"
[register.fields.grounds.fields.valid_to]
type = "date"
label = "to"
[[tools]]
id = "T1"
name = "hammer"
offices = ["north"]
grounds = [{ law = "old act", valid_to = 2026-03-10 }, { law = "older act", valid_to = 2025-01-01 }]
[[tools]]
id = "T2"
name = "saw"
offices = ["north", "south"]
"""
CREW = """
[register]
title = "Crew"
account = "account"
instead = "clerk"
offered = { state = "active" }
narrowed = { tools = "tool" }
[register.words]
unpublished = "nothing published yet"
narrowed = "nobody for this tool"
nobody = "nobody at all"
[register.fields.name]
label = "Name"
required = true
[register.fields.account]
type = "username"
label = "Account"
[register.fields.tools]
type = "references"
register = "tools"
label = "Tools"
[register.fields.state]
type = "choice"
label = "State"
choices = { active = "active", left = "left" }
"""
PAYLOAD = (
    '={register: "tools", office: case.office, rows: rows, effective: effective, address: "https://x/1", note: "n"}'
)


@pytest.fixture
def stocked(house, tmp_path):
    """A house with two registers, the first of them with rows of its own."""
    (tmp_path / "registers").mkdir()
    (tmp_path / "offices.toml").write_text(
        "".join(f'[[offices]]\nid = "{n.lower()}"\nname = "{n}"\nshort = "{n[0]}"\n' for n in ("North", "South"))
    )
    roles = '[[roles]]\nid = "clerk"\nname = "Clerk"\n[[roles]]\nid = "administrator"\nname = "A"\nscope = "district"\n'
    (tmp_path / "roles.toml").write_text(roles)
    (tmp_path / "registers" / "tools.toml").write_text(TOOLS)
    (tmp_path / "registers" / "crew.toml").write_text(CREW)
    with house.writing() as session:
        engine.load_reference(session, tmp_path, actor=engine.SYSTEM, now=NOW)
    return house


def publishing(payload: str = PAYLOAD) -> dict[str, str]:
    """A process that publishes what was typed."""
    body = (
        start("s"),
        user("fill", camunda_candidateGroups="clerk", camunda_formRef="fill"),
        node("serviceTask", "publish", properties(payload=payload), camunda_type="external",
             camunda_topic="publish_register"),
        end("e"),
        path("s", "fill", "publish", "e"),
    )  # fmt: skip
    columns = [question("id"), question("name"), question("weight"), question("state")]
    rows = {"type": "dynamiclist", "id": "rows", "path": "rows", "label": "rows", "components": columns,
            "isRepeating": True, "allowAddRemove": True}  # fmt: skip
    day = question("effective", "datetime", subtype="date", dateLabel="d")
    return folder(*body, forms={"fill": form(day, rows)})


def publish(house: House, rows, effective=TODAY):
    """Run the process that publishes these rows; the case."""
    case_id = house.start()
    house.do(case_id, "fill", rows=rows, effective=effective.isoformat())
    house.tick()
    return case_id


def rows_of(house, day=TODAY, office="", **more):
    with house.database.reads() as session:
        return engine.register_rows(session, "tools", as_of=day, office=office, **more)


def labels(page):
    return [row.label for row in page.rows]


def feel(house, text, now=NOW, **context):
    with house.database.reads() as session:
        directory(session)
        return compile_expression(text, functions=FUNCTIONS)(context, now=now)


def test_rows_of_a_declaration_are_published_once(stocked, tmp_path):
    assert labels(rows_of(stocked)) == ["hammer", "saw"]
    assert rows_of(stocked, day=date(2025, 12, 31)).total == 0
    path_to = tmp_path / "registers" / "tools.toml"
    path_to.write_text(path_to.read_text().replace("hammer", "mallet"))
    with stocked.writing() as session:
        engine.load_reference(session, tmp_path, actor=engine.SYSTEM, now=NOW + timedelta(days=3))
        assert session.query(Edition).count() == 1
    assert labels(rows_of(stocked)) == ["hammer", "saw"]


def test_a_process_publishes_and_the_list_as_of_a_day_is_what_it_was(stocked):
    stocked.install(publishing())
    publish(stocked, [{"id": "T1", "name": "hammer"}, {"name": "axe", "weight": "3"}])
    later = TODAY + timedelta(days=10)
    stocked.now = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)
    publish(stocked, [{"id": "N-001", "name": "axe", "weight": "4"}, {"name": "drill"}], effective=later)
    own = rows_of(stocked, office="north")
    assert (labels(own), own.own) == (["hammer", "axe"], True)
    assert [row.key for row in rows_of(stocked, day=later, office="north").rows] == ["N-001", "N-002"]
    assert labels(rows_of(stocked, day=TODAY - timedelta(days=1), office="north")) == ["hammer", "saw"]
    south = rows_of(stocked, day=later, office="south")
    assert (labels(south), south.own) == (["saw"], False)
    with stocked.database.reads() as session:
        editions = engine.register_editions(session, "tools", office="north")
        assert [(e.number, e.added, e.changed, e.removed, e.by) for e in editions] == [
            (2, 1, 1, 1, "Clerk"), (1, 2, 0, 0, "Clerk")
        ]  # fmt: skip
        assert editions[0].case_number
        changes = engine.register_diff(session, "tools", editions[1].id, editions[0].id)
        assert [(c.kind, c.key, c.fields) for c in changes] == [
            ("changed", "N-001", ("weight",)), ("added", "N-002", ("name",)), ("removed", "T1", ("name",))
        ]  # fmt: skip
        by_day = engine.register_diff(session, "tools", TODAY, later, office="north")
        assert by_day == changes
        entries = session.scalars(select(Ledger.kind)).all()
    assert entries.count("register_published") == 3
    assert stocked.verify() == []


def test_publishing_twice_with_one_key_is_once(stocked):
    said = {"register": "tools", "office": "north", "rows": [{"name": "axe"}], "effective": TODAY}
    with stocked.writing() as session:
        from engine.editions import publish_edition

        first = publish_edition(session, "k", None, said, now=NOW)
        assert publish_edition(session, "k", None, said, now=NOW) == first
        assert session.query(Entry).filter(Entry.office == "north").count() == 1


@pytest.mark.parametrize(
    ("rows", "effective", "words"),
    [
        ([{"name": "axe", "state": "lost"}], TODAY, "state is 'lost'"),
        ([{"weight": "3"}], TODAY, "name must be given"),
        ([{"name": "axe", "weight": "3.5"}], TODAY, "weight is not of the type integer"),
        ([{"id": "T1", "name": "a"}, {"id": "T1", "name": "b"}], TODAY, "T1 is there twice"),
    ],
)
def test_what_does_not_fit_becomes_an_incident_at_once(stocked, rows, effective, words):
    stocked.install(publishing())
    case_id = stocked.start()
    stocked.do(case_id, "fill", rows=rows, effective=effective.isoformat())
    with stocked.database.reads() as session:
        [effect_id] = engine.due_effects(session, now=stocked.now)
    with pytest.raises(engine.InvalidRegister, match="Tools"), stocked.writing() as session:
        engine.deliver_effect(session, effect_id, now=stocked.now)
    with stocked.writing() as session, pytest.raises(engine.InvalidRegister) as raised:
        engine.deliver_effect(session, effect_id, now=stocked.now)
    with stocked.writing() as session:
        engine.fail_effect(session, effect_id, raised.value, now=stocked.now)
        assert words in session.scalars(select(Incident.error)).one()
        assert session.get_one(Effect, effect_id).state == "dead"
    assert rows_of(stocked, office="north").own is False


def test_an_edition_cannot_apply_before_the_one_before_it(stocked):
    stocked.install(publishing())
    publish(stocked, [{"name": "axe"}])
    with pytest.raises(engine.InvalidRegister, match="cannot apply from 2026-03-01"):
        publish(stocked, [{"name": "drill"}], effective=TODAY - timedelta(days=1))


def test_changes_are_told_apart(stocked):
    payload = PAYLOAD.replace("rows: rows", 'changes: for r in rows return context put(r, "change", r.state)')
    files = publishing(payload.replace("r.state", 'if r.id = null then "add" else "remove"'))
    stocked.install(files)
    publish(stocked, [{"name": "axe"}, {"name": "drill"}])
    publish(stocked, [{"id": "N-001", "name": "axe"}, {"name": "vice"}])
    assert labels(rows_of(stocked, office="north")) == ["drill", "vice"]


def test_expressions_read_the_register_as_of_their_moment(stocked):
    stocked.install(publishing())
    later = TODAY + timedelta(days=10)
    publish(stocked, [{"id": "T1", "name": "big hammer"}])
    stocked.now = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)
    publish(stocked, [{"name": "axe"}], effective=later)
    assert feel(stocked, 'register("tools", "T1").name') == "hammer"
    assert feel(stocked, 'register("tools", "T1", "north").name') == "big hammer"
    after = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)
    gone = feel(stocked, 'register("tools", "T1", "north")', now=after)
    assert (gone["name"], gone["valid_to"]) == ("hammer", None), "the whole house's row still applies"
    assert feel(stocked, 'register("tools", "N-001", "south").name', now=after) == "axe"
    assert feel(stocked, 'register("tools", "N-001").name', now=NOW) == "axe", "a key keeps its name"
    assert feel(stocked, 'register("tools", "none")') is None
    assert feel(stocked, 'register("none", "T1")') is None
    assert feel(stocked, 'registers("tools", "north").name') == ["big hammer"]
    assert feel(stocked, 'registers("tools", "north").name', now=after) == ["axe"]
    assert feel(stocked, 'registers("tools", "south").id') == ["T2"]
    assert feel(stocked, 'registers("tools").office') == ["", "", "north"]
    assert feel(stocked, 'registers("tools", nobody)', nobody=None) is None


def test_what_changes_between_two_lists_is_told_in_words(stocked):
    before = [{"id": "T1", "name": "hammer", "state": "good", "offices": ["north"]}, {"id": "T2", "name": "saw"}]
    after = [
        {"id": "T1", "name": "hammer", "state": "broken", "offices": ["north", "south"], "weight": 3},
        {"name": "axe", "grounds": [{"law": "act", "valid_from": date(2026, 1, 1)}]},
    ]
    told = feel(stocked, 'register changes("tools", a, b)', a=before, b=after)
    assert told == [
        {
            "change": "change",
            "key": "T1",
            "name": "hammer",
            "what": "Offices：North → North、South；State：good → broken",
        },
        {"change": "add", "key": None, "name": "axe", "what": "Name：axe；Grounds：act 2026-01-01"},
        {"change": "remove", "key": "T2", "name": "saw", "what": "Name：saw"},
    ]
    assert feel(stocked, 'register changes("tools", a, a)', a=before) == []
    assert feel(stocked, 'register changes("tools", a, null)', a=before) is None


def test_a_row_whose_every_ground_has_ended_is_marked(stocked):
    assert [row.lapsed for row in rows_of(stocked, day=date(2026, 3, 10)).rows] == [False, False]
    assert [row.lapsed for row in rows_of(stocked, day=date(2026, 3, 11)).rows] == [True, False]
    with stocked.database.reads() as session:
        known = engine.directory(session)
        late = datetime(2026, 3, 11, 1, 0, tzinfo=UTC)
        options = engine.options_for(session, known, "north", CLERK, now=late)
        assert [option.label for option in options("tools")] == ["hammer (no ground left)", "saw"]


def crew(house, *rows):
    with house.writing() as session:
        from engine.editions import publish_edition

        said = {"register": "crew", "office": "north", "rows": rows, "effective": TODAY}
        publish_edition(session, f"crew {len(rows)}", None, said, now=NOW)


def offered(house, **facts):
    with house.database.reads() as session:
        found = engine.options_for(session, engine.directory(session), "north", CLERK, now=NOW, facts=facts)("crew")
        return [(option.value, option.label) for option in found], found.note


def test_people_are_chosen_from_the_published_list_and_until_then_by_role(stocked):
    assert offered(stocked) == ([("1", "Clerk"), ("2", "Other")], "nothing published yet")
    crew(
        stocked,
        {"name": "C. Lerk", "account": "Clerk", "tools": ["T1"], "state": "active"},
        {"name": "O. Ther", "account": "Other", "state": "left"},
        {"name": "S. Tranger", "account": "Stranger", "state": "active", "tools": ["T2"]},
        {"name": "N. Oaccount", "state": "active"},
    )
    assert offered(stocked, tool="T1") == ([("1", "C. Lerk")], "")
    assert offered(stocked) == ([("1", "C. Lerk"), ("3", "S. Tranger")], "")
    assert offered(stocked, tool="T9") == ([("1", "C. Lerk"), ("3", "S. Tranger")], "nobody for this tool")


def test_a_published_list_without_anybody_offers_nobody(stocked):
    crew(stocked, {"name": "O. Ther", "account": "Other", "state": "left"})
    assert offered(stocked) == ([], "nobody at all")


def test_lists_are_searched_and_paged(stocked):
    assert labels(rows_of(stocked, q="saw")) == ["saw"]
    page = rows_of(stocked, page=2, limit=1)
    assert (labels(page), page.total) == (["saw"], 2)
    assert labels(rows_of(stocked, office="south", q="hammer")) == []


def test_the_list_as_of_a_day_is_an_index_range(stocked):
    with stocked.database.reads() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT * FROM register_entry WHERE register='tools' AND office='north'"
            " AND valid_to > '2026-03-02' AND valid_from <= '2026-03-02'"
        )
        assert "ix_register_entry_office (register=? AND office=? AND valid_to>?)" in str(plan.all())


def test_reading_a_register_again_costs_no_statement(stocked):
    feel(stocked, 'register("tools", "T1").name')
    with stocked.counted() as found:
        feel(stocked, 'register("tools", "T1").name')
    assert found["statements"] == 1, "which state the reference data are in"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("[other]", "the head"),
        ('[register]\npublic = ["x"]', "public names x"),
        ('[register]\n[register.fields.name]\ntype = "colour"', "unknown type colour"),
        ('[register]\n[register.fields.name]\ntype = "choice"', "nothing to choose"),
        ('[register]\nlabel = "title"', "title is no field"),
    ],
)
def test_a_declaration_that_is_wrong_is_refused(head, words):
    from engine.registry import read_register

    with pytest.raises(engine.InvalidRegister, match=words):
        read_register("tools", tomllib.loads(head))
