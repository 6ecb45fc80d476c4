"""Drafts of models: nothing anybody saved is overwritten unseen, nothing hostile gets in, nobody decides alone."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

import engine
from engine.bundles import BundleEmpty, BundleName, BundleTooLarge, BundleTwice, BundleType, BundleUnreadable
from engine.model import Ledger, ModelDraft
from scheduler.sandbox import House
from tests.house import PROCESSES

ANN, BEN = (engine.Actor(n, name, frozenset({("analyst", "justice_bureau")})) for n, name in ((1, "安"), (2, "贝")))
LEADER = engine.Actor(3, "局长", frozenset({("justice_leader", "justice_bureau")}))
CLERK = engine.Actor(4, "登记", frozenset({("registrar", "yuxi_town")}))


@pytest.fixture(scope="module")
def prepared():
    return House(PROCESSES, [PROCESSES / "circular"])


@pytest.fixture
def now():
    return datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.fixture
def session(prepared, now):
    stage = prepared.sandbox(now)
    with stage.database.sessions() as session:
        yield session
    stage.close()


@pytest.fixture
def draft(session, now):
    version = engine.active_versions(session, ANN)[0]
    return engine.create_draft(session, version_id=version.id, actor=ANN, now=now)


def kinds(session):
    return list(session.scalars(select(Ledger.kind).order_by(Ledger.seq)))


def ready(session, draft_id, now, **changed):
    """Make the draft pass its gates: a new entry, and a trial of exactly these files."""
    engine.add_change_entry(session, draft_id, "签阅期限改为七日", "- 依据：通行做法。", actor=ANN, now=now)
    files = engine.draft(session, draft_id, ANN).files
    result = {"digest": engine.behaviour_digest(files), "missed": [], "unreached": [],
              "scenarios": [{"name": "settled", "title": "", "problems": [], "seconds": 0.1}]}  # fmt: skip
    engine.keep_trial(session, draft_id, {**result, **changed}, actor=ANN, now=now)


def test_a_draft_from_a_version_has_its_files_and_scenarios(session, draft):
    page = engine.draft(session, draft, ANN)
    assert page.row.process == "circular" and page.row.title == "情况通报" and page.files == page.base
    assert {name.partition("/")[0] for name in page.files} >= {"manifest.toml", "process.bpmn", "scenarios", "forms"}
    assert {line.change for line in page.lines} == {""}
    assert not [f for f in engine.draft_checks(session, draft, ANN)[0] if f.level != "warning"]


def test_saving_on_top_of_somebody_elses_save_is_refused_and_names_them(session, draft, now):
    mine = engine.write_draft_file(session, draft, "CHANGES.md", "# 安", revision=1, actor=ANN, now=now)
    other = engine.write_draft_file(session, draft, "manifest.toml", "id='x'", revision=1, actor=BEN, now=now)
    assert (mine, other) == (2, 3), "another file does no harm"
    with pytest.raises(engine.DraftChanged) as caught:
        engine.write_draft_file(session, draft, "CHANGES.md", "# 贝", revision=1, actor=BEN, now=now)
    assert caught.value.theirs == "# 安" and caught.value.params["who"] == "安" and caught.value.revision == 3
    assert engine.draft(session, draft, ANN).files["CHANGES.md"] == "# 安"
    merged = caught.value.revision
    engine.write_draft_file(session, draft, "CHANGES.md", "# 安和贝", revision=merged, actor=BEN, now=now)
    again = engine.write_draft_file(session, draft, "CHANGES.md", "# 安和贝", revision=1, actor=ANN, now=now)
    assert again == 4, "the same text is no conflict, and no save"


def test_removing_a_file_somebody_else_saved_is_refused_too(session, draft, now):
    engine.write_draft_file(session, draft, "CHANGES.md", None, revision=1, actor=ANN, now=now)
    with pytest.raises(engine.DraftChanged) as caught:
        engine.write_draft_file(session, draft, "CHANGES.md", "# 贝", revision=1, actor=BEN, now=now)
    assert caught.value.theirs is None
    assert [line.change for line in engine.draft(session, draft, ANN).lines if line.name == "CHANGES.md"] == ["removed"]


NAMES = ["../x.toml", "/x.toml", "a/../x.toml", ".x.toml", "a\\b.toml", "a/b/c/d.toml", "c:x.toml", "", "x.toml\n"]


@pytest.mark.parametrize("name", [*NAMES, "a//b.toml", "é" * 200 + ".toml"])
def test_names_that_lead_anywhere_else_are_refused(session, draft, now, name):
    with pytest.raises((BundleName, BundleType)):
        engine.write_draft_file(session, draft, name, "x", revision=1, actor=ANN, now=now)


def test_only_text_of_known_kinds_and_bounded_size(session, draft, now):
    for name, text, error in (
        ("x.py", "x", BundleType),
        ("x.md", "x" * 2_000_001, BundleTooLarge),
        ("x.md", "\ud800", BundleUnreadable),
    ):
        with pytest.raises(error):
            engine.write_draft_file(session, draft, name, text, revision=1, actor=ANN, now=now)
    assert engine.draft(session, draft, ANN).row.revision == 1


def test_who_may_not_draw_finds_nothing(session, draft, now):
    for question in (lambda: engine.draft(session, draft, CLERK), lambda: engine.drafts(session, CLERK)):
        with pytest.raises(engine.NotFound):
            question()
    for actor in (CLERK, LEADER):  # a leader looks and decides
        with pytest.raises(engine.NotFound):
            engine.write_draft_file(session, draft, "CHANGES.md", "x", revision=1, actor=actor, now=now)
    assert engine.draft(session, draft, LEADER).may_draw is False


def test_gates_say_everything_that_is_missing(session, draft, now):
    engine.write_draft_file(session, draft, "process.bpmn", "<broken", revision=1, actor=ANN, now=now)
    _, gates = engine.draft_checks(session, draft, ANN)
    assert {gate.code for gate in gates} == {"gate-findings", "gate-trial", "gate-changes"}
    with pytest.raises(engine.NotReady):
        engine.submit_draft(session, draft, reason="x", actor=ANN, now=now)
    assert engine.draft(session, draft, ANN).row.state == "open"


@pytest.mark.parametrize(("changed", "gate"), [
    ({"scenarios": []}, "gate-no-scenarios"),
    ({"scenarios": [{"name": "a", "title": "", "problems": ["no"], "seconds": 1}]}, "gate-scenarios"),
    ({"missed": ["flow_1"]}, "gate-coverage"),
    ({"digest": "of other files"}, "gate-trial"),
])  # fmt: skip
def test_scenarios_are_a_gate(session, draft, now, changed, gate):
    ready(session, draft, now, **changed)
    assert [found.code for found in engine.draft_checks(session, draft, ANN)[1]] == [gate]


def test_a_second_person_publishes_and_the_ledger_knows(session, draft, now):
    ready(session, draft, now)
    engine.submit_draft(session, draft, reason="法规修订", actor=ANN, now=now)
    with pytest.raises(engine.DraftClosed):
        engine.write_draft_file(session, draft, "CHANGES.md", "x", revision=9, actor=BEN, now=now)
    for actor, error in ((ANN, engine.OwnRequest), (CLERK, engine.NotFound)):
        with pytest.raises(error):
            engine.decide_draft(session, draft, approve=True, actor=actor, now=now)
    assert engine.drafts_to_decide(session, LEADER) == 1 and engine.drafts_to_decide(session, ANN) == 0
    assert engine.decide_draft(session, draft, approve=True, note="同意", actor=LEADER, now=now) == "published"
    newest, before = engine.versions(session, "circular", ANN)
    assert newest.active and not before.active and newest.why.startswith("签阅期限改为七日")
    assert (newest.asked_by, newest.approved_by, newest.reason) == ("安", "局长", "法规修订")
    assert kinds(session)[-4:] == ["draft_submitted", "draft_approved", "version_deployed", "draft_published"]
    assert engine.verify(session) == []


def test_whoever_has_written_in_it_does_not_decide(session, draft, now):
    engine.write_draft_file(session, draft, "documents/note.html", "<p>", revision=1, actor=BEN, now=now)
    engine.write_draft_file(session, draft, "documents/note.html", None, revision=2, actor=ANN, now=now)
    ready(session, draft, now)
    engine.submit_draft(session, draft, reason="x", actor=ANN, now=now)
    with pytest.raises(engine.OwnRequest):
        engine.decide_draft(session, draft, approve=True, actor=BEN, now=now)


def test_a_refused_draft_is_open_again_with_the_reason(session, draft, now):
    ready(session, draft, now)
    engine.submit_draft(session, draft, reason="x", actor=ANN, now=now)
    with pytest.raises(engine.InvalidAnswers):
        engine.decide_draft(session, draft, approve=False, actor=LEADER, now=now)
    assert engine.decide_draft(session, draft, approve=False, note="期限太长", actor=LEADER, now=now) == "open"
    assert engine.draft(session, draft, ANN).publications[0].note == "期限太长"


def test_it_waits_for_its_day(session, draft, now):
    ready(session, draft, now)
    day = now.date() + timedelta(days=3)
    with pytest.raises(engine.InvalidAnswers):
        engine.submit_draft(session, draft, reason="x", effective_on=date(2020, 1, 1), actor=ANN, now=now)
    engine.submit_draft(session, draft, reason="x", effective_on=day, actor=ANN, now=now)
    assert engine.decide_draft(session, draft, approve=True, actor=LEADER, now=now) == "approved"
    assert engine.due_publications(session, now=now + timedelta(days=2)) == []
    with pytest.raises(engine.NotAllowed):
        engine.publish_draft(session, draft, actor=engine.CLOCK, now=now + timedelta(days=2))
    later = now + timedelta(days=3)
    assert engine.due_publications(session, now=later) == [draft]
    engine.publish_draft(session, draft, actor=engine.CLOCK, now=later)
    assert engine.due_publications(session, now=later) == [] and len(engine.versions(session, "circular", ANN)) == 2


def test_what_others_published_meanwhile_is_not_set_back(session, draft, now):
    other = engine.create_draft(session, copy_of=draft, actor=BEN, now=now)
    for one in (draft, other):
        ready(session, one, now)
    text = session.get(ModelDraft, other).files["CHANGES.md"] + "\n再改一次\n"
    engine.write_draft_file(session, other, "CHANGES.md", text, revision=9, actor=ANN, now=now)
    engine.submit_draft(session, draft, reason="x", actor=ANN, now=now)
    engine.decide_draft(session, draft, approve=True, actor=LEADER, now=now)
    assert [gate.code for gate in engine.draft_checks(session, other, ANN)[1]] == ["gate-overtaken"]
    engine.rebase_draft(session, other, actor=BEN, now=now)
    assert engine.draft_checks(session, other, ANN)[1] == []


def zipped(**members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("__", "/"), body)
    return target.getvalue()


def test_a_zip_comes_back_as_it_went(session, draft):
    files = engine.draft(session, draft, ANN).files
    assert engine.unpack([("circular.zip", engine.pack(files, "circular"))]) == files
    assert engine.pack(files, "circular") == engine.pack(dict(reversed(files.items())), "circular")


def test_single_files_get_their_usual_place():
    given = [("a.form", b"{}"), ("b.dmn", b"<x/>"), ("a.bpmn", b"\xef\xbb\xbf<y/>\r\n"), ("x/__MACOSX/._a.form", b"\0")]
    assert engine.unpack(given) == {"forms/a.form": "{}", "decisions/b.dmn": "<x/>", "a.bpmn": "<y/>\n"}


def windows_zip(name, body):
    """As a Chinese Windows packs a folder: names in GBK, without the mark of UTF-8."""
    raw = zipped(**{"X" * len(name.encode("gbk")): body})
    return raw.replace(b"X" * len(name.encode("gbk")), name.encode("gbk"))


@pytest.mark.parametrize(
    ("name", "body", "place", "text"),
    [
        ("a.bpmn20.xml", b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>', "a.bpmn", "<def"),
        ("a.xml", b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "decisions/a.dmn", "<def"),
        ("a.bpmn", '<?xml version="1.0" encoding="GBK"?><x>调解</x>'.encode("gbk"), "a.bpmn", '"UTF-8"?><x>调解</x>'),
        ("a.bpmn", '<?xml version="1.0" encoding="UTF-16"?><x>调解</x>'.encode("utf-16"), "a.bpmn", "<x>调解</x>"),
        ("z.zip", windows_zip("表单.form", b"{}"), "forms/表单.form", "{}"),
    ],
)  # fmt: skip
def test_files_as_other_products_write_them(name, body, place, text):
    [(found, written)] = engine.unpack([(name, body)]).items()
    assert found == place
    assert text in written


def test_xml_that_is_no_model_is_refused():
    with pytest.raises(BundleType):
        engine.unpack([("a.xml", b"<html/>")])


def bomb():
    return zipped(**{"process.bpmn": b"0" * 50_000_000})


def lying_bomb():
    """Says it is small, and is not."""
    raw = bytearray(zipped(**{"process.bpmn": b"0" * 3_000_000}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = raw.index(mark) + offset
        raw[place : place + 4] = (10).to_bytes(4, "little")
    return bytes(raw)


def link():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        entry = zipfile.ZipInfo("process.bpmn")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return target.getvalue()


@pytest.mark.parametrize(("content", "error"), [
    (bomb, BundleTooLarge),
    (lying_bomb, (BundleTooLarge, BundleUnreadable)),
    (link, BundleName),
    (lambda: zipped(**{"../../etc/x.toml": b"x"}), BundleName),
    (lambda: zipped(**{"/etc/x.toml": b"x"}), BundleName),
    (lambda: zipped(**{"a.exe": b"x"}), BundleType),
    (lambda: zipped(**{"a.toml": b"\xff\xfe"}), BundleUnreadable),
    (lambda: zipped(**{"inner.zip": zipped(a=b"x")}), BundleType),
    (lambda: zipped(**{f"{n}.toml": b"" for n in range(401)}), BundleTooLarge),
    (lambda: zipped(**{"a.form": b"{}", "forms/a.form": b"{}"}), BundleTwice),
    (lambda: zipped()[:-5] + b"PK\x03\x04", BundleType),
    (lambda: b"PK\x03\x04 not a zip", BundleUnreadable),
    (lambda: zipped(**{".DS_Store": b"x"}), BundleEmpty),
])  # fmt: skip
def test_hostile_archives_are_refused(content, error):
    with pytest.raises(error):
        engine.unpack([("upload.zip", content())])


def test_a_thumbnail_is_drawn_from_anything(session, draft):
    files = engine.draft(session, draft, ANN).files
    assert engine.thumbnail(files).startswith("<svg") and engine.thumbnail(files).count("<rect") > 5
    for broken in ({}, {"a.bpmn": "<x"}, {"a.bpmn": files["process.bpmn"].replace('x="', 'x="no')}):
        assert engine.thumbnail(broken).endswith("/>")


def test_a_token_is_shown_once_and_revoked(session, now):
    person, _ = engine.create_person(
        session, username="ann", name="安", roles=[("analyst", "justice_bureau")], hasher=engine.CHEAP_HASHER,
        actor=engine.SYSTEM, now=now,
    )  # fmt: skip
    actor = engine.Actor(person, "安")
    token = engine.make_token(session, "我的建模工具", actor=actor, now=now)
    found, stale = engine.actor_of_token(session, token, now=now)
    assert found.holds("analyst") and stale
    engine.note_use(session, token, now=now)
    assert engine.tokens(session, actor)[0].used_at == now and not engine.actor_of_token(session, token, now=now)[1]
    assert engine.actor_of_token(session, token + "x", now=now) is None
    with pytest.raises(engine.NotFound):
        engine.revoke_token(session, 1, actor=BEN if person != BEN.id else LEADER, now=now)
    engine.revoke_token(session, engine.tokens(session, actor)[0].id, actor=actor, now=now)
    assert engine.actor_of_token(session, token, now=now) is None and engine.tokens(session, actor) == []
    with pytest.raises(engine.InvalidAnswers):
        engine.make_token(session, " ", actor=actor, now=now)
