"""The scenarios of a draft, played in a copy of the house; and the clock that publishes on the day."""

from datetime import UTC, datetime, timedelta

import pytest

import engine
from scheduler.rehearsal import neighbours, rehearse
from scheduler.sandbox import House
from scheduler.tick import tick
from tests.house import PROCESSES

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
ANN = engine.Actor(1, "安", frozenset({("analyst", "justice_bureau")}))
LEADER = engine.Actor(3, "局长", frozenset({("justice_leader", "justice_bureau")}))


@pytest.fixture(scope="module")
def prepared():
    return House(PROCESSES, [PROCESSES / "inspection"])


@pytest.fixture
def stage(prepared):
    stage = prepared.sandbox(NOW)
    yield stage
    stage.close()


@pytest.fixture
def draft(stage):
    with stage.database.sessions.begin() as session:
        version = engine.active_versions(session, ANN)[0]
        draft = engine.create_draft(session, version_id=version.id, actor=ANN, now=NOW)
        engine.add_change_entry(session, draft, "试", "- 试", actor=ANN, now=NOW)
    return draft


def files_of(stage, draft):
    with stage.database.reads.begin() as session:
        return dict(engine.draft(session, draft, ANN).files)


def test_a_sound_draft_holds_and_the_house_is_untouched(stage, draft):
    seen = []
    with stage.database.reads.begin() as session:
        before = engine.table_sizes(session)
    result = rehearse(stage.database, files_of(stage, draft), lambda done, total: seen.append((done, total)))
    assert result["scenarios"] and not any(one["problems"] for one in result["scenarios"])
    assert (result["missed"], result["unreached"]) == ([], []) and seen[0] == (0, len(result["scenarios"]))
    with stage.database.reads.begin() as session:
        assert engine.table_sizes(session) == before
    with stage.database.sessions.begin() as session:
        engine.keep_trial(session, draft, result, actor=ANN, now=NOW)
        assert engine.draft_checks(session, draft, ANN)[1] == [], "ready to be handed in"
        day = NOW.date() + timedelta(days=2)
        engine.submit_draft(session, draft, reason="试", effective_on=day, actor=ANN, now=NOW)
        engine.decide_draft(session, draft, approve=True, actor=LEADER, now=NOW)
    assert tick(stage.database, NOW, calendar=frozenset()).published == 0
    later = NOW + timedelta(days=2)
    assert tick(stage.database, later, calendar=frozenset()).published == 1
    with stage.database.reads.begin() as session:
        assert engine.draft(session, draft, ANN).row.state == "published"
        assert [version.active for version in engine.versions(session, "inspection", ANN)] == [True, False]


def test_what_does_not_hold_is_said(stage, draft):
    files = files_of(stage, draft)
    scenarios = [name for name in files if name.startswith("scenarios/")]
    kept = scenarios[0]
    few = {name: text for name, text in files.items() if name == kept or name not in scenarios}
    assert rehearse(stage.database, few)["missed"], "flows that no scenario travels"
    broken = rehearse(stage.database, {**few, kept: few[kept].replace("title", "titel", 1)})
    assert "titel" in broken["scenarios"][0]["problems"][0] and "rehearsal" not in str(broken["scenarios"])
    extra = {**few, "scenarios/broken.toml": "x ="}
    [unread, read] = rehearse(stage.database, extra)["scenarios"]
    assert unread["name"] == "broken" and unread["problems"] and not read["problems"], "the others are played"
    with pytest.raises(engine.InvalidDefinition):
        rehearse(stage.database, {**few, "process.bpmn": "<x"})
    away = few["manifest.toml"].replace('id = "inspection"', 'id = "../../inspection"', 1)
    refused = rehearse(stage.database, {**few, "manifest.toml": away})
    assert "no process" in refused["scenarios"][0]["problems"][0], "an id is no way out of the folder"


def test_what_is_travelled_is_kept_and_what_has_not_changed_is_not_played_again(stage, draft):
    files = files_of(stage, draft)
    first = rehearse(stage.database, files)
    for row in first["scenarios"]:
        assert row["flows"] and all(times > 0 for times in row["flows"].values()) and row["failures"] == []
    assert first["scenarios"][0]["outcomes"] == ["assessed"]
    asked = []

    def again(changed):
        asked.clear()
        result = rehearse(stage.database, changed, lambda _, total: asked.append(total), first)
        assert [row["name"] for row in result["scenarios"]] == [row["name"] for row in first["scenarios"]]
        return result

    assert again(files) == first and asked == []
    assert again({**files, "CHANGES.md": "# other"})["digest"] == first["digest"] and asked == []
    name = "scenarios/assessed.toml"
    again({**files, name: files[name] + "\n"})
    assert asked == [1], "one scenario is another"
    again({**files, "manifest.toml": files["manifest.toml"] + "\n"})
    assert asked == [len(first["scenarios"])] * len(first["scenarios"]), "the model is another"


def test_a_failure_says_which_step_expected_what_and_what_was_instead(stage, draft):
    files = files_of(stage, draft)
    name = "scenarios/assessed.toml"
    text = files[name].replace('plan = "2026-12-15"', 'plan = "2026-12-16"').replace('stage = "visit"', 'stage = "x"')
    few = {each: words for each, words in files.items() if not each.startswith("scenarios/")}
    [row] = rehearse(stage.database, {**few, name: text})["scenarios"]
    found = [(one["step"], one["part"], one["key"], one["wanted"], one["found"]) for one in row["failures"]]
    assert found == [(1, "stage", "", "x", "visit"), (1, "deadlines", "plan", "2026-12-16", "2026-12-15")]
    text = files[name].replace('do = "plan_visit"', 'do = "record_visit"')
    [row] = rehearse(stage.database, {**few, name: text})["scenarios"]
    found = [(one["step"], one["part"], one["wanted"], one["found"]) for one in row["failures"]]
    assert found == [(2, "task", "record_visit", ["plan_visit"]), (0, "covers", "assessed", [])]
    text = files[name].replace("visit_on = ", "visit_off = ")
    [row] = rehearse(stage.database, {**few, name: text})["scenarios"]
    assert row["failures"][0]["part"] == "answers" and "visit_on" in row["failures"][0]["found"]


def test_neighbours_that_act_in_its_cases_are_played_too(tmp_path):
    for process, step in (("own", ""), ("near", 'process = "own"'), ("far", "")):
        folder = tmp_path / process / "scenarios"
        folder.mkdir(parents=True)
        story = f'title = "t"\noffice = "x"\nat = "2026-03-02"\n[[steps]]\ndo = "a"\n{step}\n'
        (folder / "one.toml").write_text(story, "utf-8")
    (tmp_path / "far" / "scenarios" / "broken.toml").write_text("x", "utf-8")
    assert [(story.process, story.name) for story in neighbours(tmp_path, "own")] == [("near", "one")]


def test_what_cannot_be_published_on_its_day_goes_back(stage, draft):
    with stage.database.sessions.begin() as session:
        files = engine.draft(session, draft, ANN).files
        sound = {"digest": engine.behaviour_digest(files), "missed": [], "unreached": []}
        rows = [{"name": "a", "title": "", "problems": [], "seconds": 0}]
        engine.keep_trial(session, draft, {**sound, "scenarios": rows}, actor=ANN, now=NOW)
        day = NOW.date() + timedelta(days=2)
        engine.submit_draft(session, draft, reason="试", effective_on=day, actor=ANN, now=NOW)
        engine.decide_draft(session, draft, approve=True, actor=LEADER, now=NOW)
        other = {**engine.draft(session, draft, ANN).base, "documents/note.html": "<p>x</p>"}
        engine.deploy_files(session, other, actor=engine.SYSTEM, now=NOW)
    done = tick(stage.database, NOW + timedelta(days=2), calendar=frozenset())
    assert (done.published, done.failed) == (0, 1)
    with stage.database.reads.begin() as session:
        page = engine.draft(session, draft, ANN)
        assert page.row.state == "open" and page.publications[0].state == "failed"
        assert "not-ready" in page.publications[0].note
