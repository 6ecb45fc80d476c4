"""The supervisor's desk with 100,000 cases: how long its questions take, in how many statements, by which plans."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy.orm import Session

import engine
from bench import crowd
from bench.crowd import CHIEF, HEAD, NOW

CASES = 100_000
MONTH_END = NOW + timedelta(days=15)
ROUNDS = 5
ACTORS = {"all": CHIEF, "own": HEAD}
Question = Callable[[Session, engine.Actor], Any]
QUESTIONS: Mapping[str, Question] = {
    "limit_kinds": lambda s, a: engine.limit_kinds(s, a, now=NOW),
    "late": lambda s, a: engine.led_tasks(s, a, now=NOW, late=True),
    "late of a kind": lambda s, a: engine.led_tasks(s, a, now=NOW, late=True, limit_name="review"),
    "late in a version": lambda s, a: engine.led_tasks(s, a, now=NOW, late=True, version=1, element="check"),
    "soon": lambda s, a: engine.led_tasks(s, a, now=NOW, days=5),
    "of a person": lambda s, a: engine.led_tasks(s, a, now=NOW, person=13),
    "of nobody": lambda s, a: engine.led_tasks(s, a, now=NOW, late=True, person=engine.NOBODY),
    "dangers": lambda s, a: engine.dangers(s, a, now=NOW),
    "forecast": lambda s, a: engine.forecast(s, a, until=MONTH_END, now=NOW),
    "office_loads": lambda s, a: engine.office_loads(s, a, now=NOW),
    "person_loads": lambda s, a: engine.person_loads(s, a, now=NOW),
    "filing_counts": lambda s, a: engine.filing_counts(s, a, now=NOW),
    "filings": lambda s, a: engine.filings(s, a, now=NOW),
    "incidents": engine.led_incidents,
    "heat": lambda s, a: engine.heat(s, "permit", a, now=NOW),
    "stays now": lambda s, a: engine.stays_at(s, "permit", "check", a, now=NOW),
    "stays passed": lambda s, a: engine.stays_at(s, "permit", "check", a, now=NOW, which="passed"),
}


def figures(folder: Path) -> dict[str, float]:
    """The slowest question of all, the most statements of one, and how often a plan walks."""
    database = crowd.build(folder, "desk", CASES)
    slowest, most, walked = 0.0, 0, 0
    for question in QUESTIONS.values():
        for actor in ACTORS.values():
            best = float("inf")
            for _ in range(ROUNDS):
                with database.reads() as session, crowd.statements(database) as seen:
                    begun = perf_counter()
                    question(session, actor)
                    best = min(best, perf_counter() - begun)
            slowest, most = max(slowest, best), max(most, len(seen))
            walked += len(crowd.walks(database, seen))
    database.bind.dispose()
    return {"desk_slowest_ms_100k": slowest * 1000, "desk_statements": most, "desk_walks_100k": walked}
