"""How time limits look: those of the day and those of the hour."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask_babel import Babel

import engine
from webforms.lights import light

NOW = datetime(2026, 3, 6, 23, 30, tzinfo=engine.OFFICE)  # a Friday night


@pytest.fixture
def lit():
    app = Flask(__name__)
    Babel(app, locale_selector=lambda: "en")

    def shown(due_at):
        last = (due_at - timedelta(microseconds=1)).date()
        due = engine.DueInfo(uuid4(), "First report", last, due_at, "running", False, True, 0, due_at <= NOW)
        with app.test_request_context():
            return light(due, NOW)

    return shown


@pytest.mark.parametrize(
    ("hours", "level", "words"),
    [
        (2, "orange", "Until 2026-03-07 01:30"),
        (23, "orange", "Until 2026-03-07 22:30"),
        (72, "green", "Until 2026-03-09 23:30"),
        (0.5, "orange", "Today"),
        (0.25, "orange", "Today 23:45"),
        (-1, "red", "Overdue since 22:30"),
    ],
)
def test_a_limit_by_the_hour_says_the_hour(lit, hours, level, words):
    shown = lit(NOW + timedelta(hours=hours))
    assert (shown.level, shown.text) == (level, words)
