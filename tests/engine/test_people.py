"""People, passwords and the list import, on a real database."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from engine import passwords, people, roster
from engine.authority import SYSTEM, Actor
from engine.errors import NotAllowed
from engine.model import Base, Ledger, Person, SignIn

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CHEAP = passwords.CHEAP_HASHER
GOOD = "correct horse 1"


@pytest.fixture
def session():
    database = create_engine("sqlite://")
    Base.metadata.create_all(database)
    with Session(database, info={"key": b"k" * 32}) as opened:
        yield opened
    database.dispose()


def add(session, username="li.lei", roles=(("mediator", "town"),), **named):
    person_id, secret = people.create_person(
        session, username=username, name="李雷", roles=roles, hasher=CHEAP, actor=SYSTEM, now=NOW, **named
    )
    return person_id, secret


def enter(session, username, password, now=NOW):
    known = passwords.knows_password(session, username, password, hasher=CHEAP)
    return passwords.sign_in(session, username, known=known, now=now)


def admin(session):
    person_id, _ = add(session, "boss", [("administrator", "bureau")])
    return Actor(person_id, "boss", frozenset({("administrator", "bureau")}))


def kinds(session):
    return list(session.scalars(select(Ledger.kind).order_by(Ledger.seq)))


def test_a_person_signs_in_with_the_one_time_password_and_must_change_it(session):
    _, secret = add(session)
    token, actor = enter(session, "Li.Lei ", secret)
    assert actor.roles == {("mediator", "town")}
    found = passwords.actor_of(session, token, NOW)
    assert found.must_change_password and found.actor == actor and not found.stale
    people.set_password(session, GOOD, token=token, hasher=CHEAP, actor=actor, now=NOW)
    assert not passwords.actor_of(session, token, NOW).must_change_password
    assert enter(session, "li.lei", GOOD)


def test_the_token_is_stored_as_a_digest_only(session):
    _, secret = add(session)
    token, _ = enter(session, "li.lei", secret)
    assert token not in session.scalars(select(SignIn.token)).all()


def test_five_wrong_passwords_lock_for_a_quarter_of_an_hour(session):
    _, secret = add(session)
    for _ in range(4):
        with pytest.raises(passwords.BadCredentials):
            enter(session, "li.lei", "wrong")
    with pytest.raises(passwords.LockedOut):
        enter(session, "li.lei", "wrong")
    with pytest.raises(passwords.LockedOut) as locked:
        enter(session, "li.lei", secret, NOW + timedelta(minutes=14))
    assert locked.value.params == {"minutes": 1}
    assert enter(session, "li.lei", secret, NOW + timedelta(minutes=15))


def test_an_unknown_name_is_hashed_too_and_told_nothing(session, monkeypatch):
    hashed = []
    monkeypatch.setattr(
        passwords, "HASHER", type("H", (), {"hash": lambda _s, t: hashed.append(t) or "", "verify": CHEAP.verify})()
    )
    assert not passwords.knows_password(session, "nobody", "x", hasher=passwords.HASHER)
    assert hashed
    with pytest.raises(passwords.BadCredentials):
        passwords.sign_in(session, "nobody", known=True, now=NOW)


@pytest.mark.parametrize(
    ("idle", "age", "open_still"),
    [(timedelta(hours=7, minutes=59), timedelta(hours=8), True), (timedelta(hours=8), timedelta(hours=8), False),
     (timedelta(hours=1), timedelta(hours=24), False)],
)  # fmt: skip
def test_a_sign_in_ends_after_eight_idle_hours_or_a_day(session, idle, age, open_still):
    _, secret = add(session)
    token, _ = enter(session, "li.lei", secret)
    passwords.touch_sign_in(session, token, NOW + age - idle)
    assert (passwords.actor_of(session, token, NOW + age) is not None) == open_still


def test_signing_out_disabling_and_resetting_end_the_session_on_the_server(session):
    boss = admin(session)
    person_id, secret = add(session)
    for end in (
        lambda token: passwords.sign_out(session, token),
        lambda _: people.reset_password(session, person_id, hasher=CHEAP, actor=boss, now=NOW),
        lambda _: people.disable_person(session, person_id, actor=boss, now=NOW),
    ):
        person = session.get(Person, person_id)
        person.password_hash = CHEAP.hash(secret)
        token, _ = enter(session, "li.lei", secret)
        end(token)
        assert passwords.actor_of(session, token, NOW) is None
    with pytest.raises(passwords.BadCredentials):
        enter(session, "li.lei", secret)
    people.enable_person(session, person_id, actor=boss, now=NOW)
    person.password_hash = CHEAP.hash(secret)
    assert enter(session, "li.lei", secret)


@pytest.mark.parametrize("weak", ["short1", "onlyletterslong", "12345678901", "li.lei-2026-x", "x1" * 101])
def test_weak_passwords_are_refused(session, weak):
    person_id, _ = add(session)
    with pytest.raises(passwords.WeakPassword):
        people.set_password(session, weak, hasher=CHEAP, actor=Actor(person_id, "李雷"), now=NOW)


def test_only_administrators_change_people(session):
    person_id, _ = add(session)
    somebody = Actor(person_id, "李雷", frozenset({("mediator", "town")}))
    with pytest.raises(NotAllowed):
        people.set_roles(session, person_id, [("administrator", "town")], actor=somebody, now=NOW)
    with pytest.raises(NotAllowed):
        roster.list_people(session, actor=somebody)
    assert roster.person_of(session, person_id, actor=somebody).name == "李雷"


def test_the_last_administrator_stays(session):
    boss = admin(session)
    with pytest.raises(people.LastAdministrator):
        people.disable_person(session, boss.id, actor=boss, now=NOW)
    with pytest.raises(people.LastAdministrator):
        people.set_roles(session, boss.id, [], actor=boss, now=NOW)
    add(session, "second", [("administrator", "bureau")])
    people.disable_person(session, boss.id, actor=boss, now=NOW)


def test_every_change_is_in_the_ledger_without_secrets(session):
    boss = admin(session)
    person_id, secret = add(session)
    people.edit_person(session, person_id, name="李蕾", phone="13800000000", actor=boss, now=NOW)
    people.set_roles(session, person_id, [("registrar", "town")], actor=boss, now=NOW)
    people.set_roles(session, person_id, [("registrar", "town")], actor=boss, now=NOW)
    people.reset_password(session, person_id, hasher=CHEAP, actor=boss, now=NOW)
    assert kinds(session) == ["person_created", "person_created", "person_edited", "roles_changed", "password_reset"]
    changed = json.loads(session.scalars(select(Ledger.detail).where(Ledger.kind == "roles_changed")).one())
    assert changed["added"] == [["registrar", "town"]] and changed["removed"] == [["mediator", "town"]]
    assert not any(secret in detail for detail in session.scalars(select(Ledger.detail)))


def test_user_names_are_unique_and_plain(session):
    add(session)
    with pytest.raises(people.UsernameTaken):
        add(session, " LI.lei")
    with pytest.raises(people.InvalidPerson) as refused:
        add(session, "李雷")
    assert refused.value.problems["username"].code == "username"


OFFICES = {"玉山镇": "town", "town": "town", "司法局": "bureau"}
ROLES = {"调解员": "mediator", "登记员": "registrar"}


def rows(*cells):
    return [dict(zip(roster.COLUMNS, row, strict=True)) for row in cells]


def test_a_list_is_imported_with_roles_in_several_offices(session):
    imported = roster.import_people(
        session,
        rows(
            ("Wang.Fang", "王芳", "", "玉山镇", "调解员、登记员"),
            ("wang.fang", "王芳", "", "司法局", "调解员"),
            ("zhao", "赵云", "", "town", "登记员"),
        ),
        offices=OFFICES,
        roles=ROLES,
        actor=SYSTEM,
        now=NOW,
    )
    assert [one.username for one in imported] == ["wang.fang", "zhao"]
    listed = roster.list_people(session, actor=SYSTEM, office="bureau")
    assert [(row.username, len(row.roles)) for row in listed] == [("wang.fang", 3)]
    assert enter(session, "wang.fang", imported[0].password)


def test_a_wrong_list_names_every_wrong_cell_and_adds_nobody(session):
    add(session, "taken")
    with pytest.raises(roster.InvalidRows) as refused:
        roster.import_people(
            session,
            rows(
                ("taken", "甲", "", "玉山镇", "调解员"),
                ("好", "", "x", "月亮镇", "国王"),
                ("same", "乙", "", "玉山镇", "调解员"),
                ("same", "丙", "", "玉山镇", ""),
            ),
            offices=OFFICES,
            roles=ROLES,
            actor=SYSTEM,
            now=NOW,
        )
    found = {(p.row, p.column) for p in refused.value.problems}
    everything = {(3, column) for column in roster.COLUMNS}
    assert found == everything | {(2, "username"), (5, "name"), (5, "roles")}
    assert len(roster.list_people(session, actor=SYSTEM)) == 1


@pytest.mark.parametrize("count", [0, roster.ROWS_ALLOWED + 1])
def test_a_list_has_a_sensible_length(session, count):
    with pytest.raises(roster.InvalidRows):
        roster.import_people(session, [{}] * count, offices={}, roles={}, actor=SYSTEM, now=NOW)


def test_lists_are_filtered(session):
    boss = admin(session)
    person_id, _ = add(session)
    people.disable_person(session, person_id, actor=boss, now=NOW)
    assert [row.username for row in roster.list_people(session, actor=boss, active=True)] == ["boss"]
    assert [row.username for row in roster.list_people(session, actor=boss, q="雷", role="mediator")] == ["li.lei"]
    assert roster.changes(session, actor=boss, limit=1)[0].kind == "person_disabled"
