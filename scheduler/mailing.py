"""Letters go out: written in one transaction, sent outside of any, and noted in another."""

import logging
from collections.abc import Callable
from datetime import datetime

import engine
from scheduler.ticked import Ticked, is_busy

Mailer = Callable[[engine.Letter], None]  # sends a letter, or raises

_log = logging.getLogger("tiaojie.clock")


def send_mail(database: engine.Database, now: datetime, mailer: Mailer, done: Ticked) -> None:
    """Write what is to be written to people, and send what lies in the outbox."""
    with database.reads.begin() as session:
        people = engine.due_mails(session, now=now)
    for person in people:
        with database.sessions.begin() as session:
            engine.write_mail(session, person, now=now)
    with database.reads.begin() as session:
        letters = engine.due_letters(session, now=now)
    for effect_id in letters:
        try:
            _send(database, effect_id, now, mailer, done)
        except Exception as error:
            if is_busy(error):
                return
            raise


def _send(database: engine.Database, effect_id: int, now: datetime, mailer: Mailer, done: Ticked) -> None:
    """One letter. A clock that dies between sending and noting sends it again, under the same message id."""
    with database.sessions.begin() as session:
        letter = engine.take_letter(session, effect_id, now=now)
    if letter is None:
        return
    try:
        mailer(letter)
    except Exception as error:  # noqa: BLE001 whatever the mail server does, the next letter has its turn
        _log.warning("letter %s was not sent: %s", effect_id, error)
        with database.sessions.begin() as session:
            engine.fail_letter(session, effect_id, error, now=now)
        done.failed += 1
    else:
        with database.sessions.begin() as session:
            engine.letter_sent(session, effect_id)
        done.mailed += 1
