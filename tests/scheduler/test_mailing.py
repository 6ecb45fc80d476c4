"""Letters, handed in at a real mail server on this machine: digests, urgent ones, and what happens when it is away."""

import contextlib
import socket
from datetime import datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

import engine
from engine.model import Effect, Incident, Notice
from scheduler.tick import tick
from tests.engine.house import CHIEF, CLERK, OTHER, House, folder
from tests.engine.runtime.bpmn import end, path, start, user
from webforms.mail import mailer
from webforms.mail_server import InvalidMailServer, MailServer

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=engine.OFFICE)


class Post:
    """What the server has taken in; `refuses` lets it answer that it is out of order."""

    def __init__(self):
        self.letters, self.refuses = [], False

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 the server's name for it
        if self.refuses:
            return "451 out of order"
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return "250 taken"


@pytest.fixture
def server():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    post.mailer = mailer(MailServer("127.0.0.1", port, "office@example.org", "none"), "https://site.example")
    yield post
    controller.stop()


@pytest.fixture
def house(tmp_path):
    house = House.build(tmp_path / "house.db")
    house.install(folder(start(), user("ask", camunda_candidateGroups="clerk"), end(), path("start", "ask", "end")))
    house.now = MONDAY
    yield house
    house.database.bind.dispose()


def wish(house, actor=CLERK, **chosen):
    with house.writing() as session:
        given = engine.MailWish(**{"address": "clerk@example.org", **chosen})
        engine.choose_mail(session, wish=given, actor=actor, now=house.now)
    house.now += timedelta(seconds=1)


def tell(house, person=CLERK, urgent=False):
    """A notice about a case, as an effect makes it."""
    case = house.start()
    with house.writing() as session:
        payload = {"name": "x", "payload": {"person": person.id, "text": "王建国请尽快", "urgent": urgent}}
        session.add(Effect(key=f"{case}:0:x", case_id=case, kind="notify", payload=payload, next_at=house.now,
                           created_at=house.now))  # fmt: skip
    return case


def look(house, server, at=None):
    house.now = at or house.now
    return tick(house.database, house.now, anchors=False, mailer=server.mailer)


def subject(letter):
    return str(make_header(decode_header(letter["Subject"])))


def text(letter):
    return letter.get_payload(decode=True).decode()


def test_an_urgent_notice_goes_out_at_once_and_once(house, server):
    wish(house, urgent=True)
    case = tell(house, urgent=True)
    tell(house, urgent=False)
    assert look(house, server).mailed == 1
    assert look(house, server, house.now + timedelta(hours=1)).mailed == 0
    [(receivers, letter)] = server.letters
    assert receivers == ["clerk@example.org"] and letter["From"] == "office@example.org"
    assert subject(letter) == "[行政调解办案平台] 紧急通知 · 2 条未读通知"
    assert house.case(case).number in text(letter) and f"https://site.example/cases/{case}" in text(letter)
    assert "王建国" not in letter.as_string() + text(letter)


def test_a_digest_on_working_days_only_with_what_is_new(house, server):
    wish(house, hour=8)  # it is nine: the next one is tomorrow
    tell(house)
    assert look(house, server).mailed == 0
    assert look(house, server, MONDAY.replace(day=3, hour=8)).mailed == 1
    assert "1 条未读通知" in subject(server.letters[0][1])
    for day in (4, 5, 6):
        assert look(house, server, MONDAY.replace(day=day, hour=8)).mailed == 0, "nothing new"
    house.now = MONDAY.replace(day=6, hour=20)
    tell(house)
    assert look(house, server, MONDAY.replace(day=7, hour=8)).mailed == 0, "a Saturday"
    assert look(house, server, MONDAY.replace(day=9, hour=8)).mailed == 1
    assert "2 条未读通知" in subject(server.letters[1][1])


def test_what_was_read_is_in_no_digest(house, server):
    wish(house, hour=8)
    tell(house)
    look(house, server)
    with house.writing() as session:
        engine.read_notices(session, None, actor=CLERK, now=house.now)
    assert look(house, server, MONDAY.replace(day=3, hour=8)).mailed == 0


def test_nobody_who_did_not_choose_it_gets_mail(house, server):
    wish(house, urgent=True)
    tell(house, person=OTHER, urgent=True)
    assert look(house, server).mailed == 0
    tell(house, urgent=True)
    house.tick()
    wish(house)  # no hour, not urgent: never mind
    assert look(house, server).mailed == 0 and server.letters == []


def test_a_server_out_of_order_is_tried_again_and_the_letter_stays_the_same(house, server):
    wish(house, urgent=True)
    tell(house, urgent=True)
    server.refuses = True
    assert look(house, server).failed == 1
    assert look(house, server).failed == 0, "it backs off"
    server.refuses = False
    assert look(house, server, house.now + timedelta(minutes=1)).mailed == 1
    with house.database.reads() as session:
        assert session.scalars(select(Incident)).all() == []


def test_a_server_that_stays_away_is_an_incident_and_then_retried(house, server):
    wish(house, urgent=True)
    tell(house, urgent=True)
    server.refuses = True
    for _ in range(12):
        look(house, server, house.now + timedelta(hours=1))
    with house.database.reads() as session:
        [incident] = session.scalars(select(Incident))
        [letter] = session.scalars(select(Effect).where(Effect.kind == "mail"))
    assert (letter.state, letter.attempts) == ("dead", 10) and "451" in incident.error
    server.refuses = False
    with house.writing() as session:
        engine.retry_incident(session, incident.id, actor=CHIEF, now=house.now)
    assert look(house, server, house.now + timedelta(minutes=10)).mailed == 1


def test_a_clock_that_died_while_sending_sends_the_same_letter_again(house, server):
    wish(house, urgent=True)
    tell(house, urgent=True)
    look(house, server)
    with house.writing() as session:  # as it was between sending and noting
        letter = session.scalars(select(Effect).where(Effect.kind == "mail")).one()
        letter.state = "pending"
    assert look(house, server).mailed == 0, "it belongs to the other clock for a while"
    assert look(house, server, house.now + timedelta(minutes=10)).mailed == 1
    first, second = (letter["Message-ID"] for _, letter in server.letters)
    assert first == second


def test_without_a_server_no_letters_are_written(house):
    wish(house, urgent=True, hour=8)
    tell(house, urgent=True)
    tick(house.database, MONDAY.replace(day=4), anchors=False)
    with house.database.reads() as session:
        assert session.scalars(select(Effect).where(Effect.kind == "mail")).all() == []
        assert session.scalars(select(Notice.mail_at)).one() is not None


def test_what_is_too_old_to_be_urgent_waits_for_the_digest(house, server):
    wish(house, urgent=True)
    tell(house, urgent=True)
    house.tick()
    assert look(house, server, MONDAY + timedelta(days=3)).mailed == 0


@pytest.mark.parametrize(
    "given",
    [{"SMTP_SECURITY": "some"}, {"SMTP_PORT": "0"}, {"SMTP_PORT": "x"}, {"SMTP_FROM": ""}, {"SMTP_FROM": "a b@c"}],
)
def test_settings_that_make_no_sense_are_refused(given):
    with pytest.raises(InvalidMailServer):
        MailServer.of({"SMTP_HOST": "mail", "SMTP_FROM": "a@b.c", **given})


def test_settings():
    assert MailServer.of({}) is None
    found = MailServer.of({"SMTP_HOST": "mail", "SMTP_FROM": "a@b.c", "SMTP_USER": "u", "SMTP_PASSWORD": "secret"})
    assert (found.port, found.security) == (587, "starttls") and "secret" not in repr(found)
