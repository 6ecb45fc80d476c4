"""Statistics with a hundred thousand cases: figures, breakdowns and the cases behind a number, against ten thousand."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

import engine
from bench.house import CLERK, NOW, OFFICE, build, writing

Question = Callable[[Session], Any]
SMALL, LARGE = 10_000, 100_000
ROUNDS, WARM = 30, 5
LARGE_TABLES = frozenset(["occurrence", "tally", "case"])
YEAR = ("2025-04", "2026-03")
DIMENSIONS = {"kind": {"name": "Kind"}}
INDICATORS: dict[str, dict[str, Any]] = {
    "opened": {"count": "opened", "by": "kind"},
    "size": {"count": "opened", "sum": "size"},
    "seventh": {"count": "opened", "where": {"kind": "k7"}},
    "ended": {"count": "ended"},
    "pending": {"count": "opened", "less": "ended", "at": "closing"},
    "carried": {"count": "opened", "less": "ended", "at": "opening"},
    "rate": {"formula": "if opened > 0 then ended / opened * 100 else null"},
}
CASES = """
INSERT INTO "case" ({columns})
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
SELECT {values} FROM n, (SELECT * FROM "case" LIMIT 1) AS c
"""
OWN = {
    "id": "lower(hex(randomblob(16)))",
    "number": "'N' || n.i",
    "serial": "n.i",
    "office": "CASE n.i % 40 WHEN 0 THEN 'north' ELSE 'office' || (n.i % 40) END",
    "counted": "'{}'",
}
DAY = "date('2026-03-01', '-' || (c.serial % 720) || ' days')"
END = f"CASE WHEN c.serial % 50 = 0 THEN '9999-12-31' ELSE date({DAY}, '+20 days') END"
HAPPENED = """
INSERT INTO occurrence (case_id, kind, dimension, value, office, day, period, ended, sums)
SELECT c.id, '{kind}', {mark}, c.office, {day}, substr({day}, 1, 7), {end}, {sums} FROM "case" AS c WHERE {where}
"""
TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'occurrence'"


def populate(database: engine.Database, rows: int) -> None:
    """So many cases with a beginning, most with an end, spread over forty offices and two years."""
    with writing(database) as session:
        declared = {
            name: {"section": "all", "name": name, "definition": name, **row} for name, row in INDICATORS.items()
        }
        offices = [{"id": OFFICE, "name": OFFICE}, *({"id": f"office{n}", "name": f"office{n}"} for n in range(1, 40))]
        engine.store_reference(session, "offices", {"offices": offices}, now=NOW)
        document = {"sections": {"all": "All"}, "dimensions": DIMENSIONS, "indicators": declared}
        engine.store_reference(session, "indicators", document, now=NOW)
        run = session.connection().exec_driver_sql
        triggers = list(run(TRIGGERS))
        for name, _ in triggers:
            run(f"DROP TRIGGER {name}")
        columns = [row[1] for row in run('PRAGMA table_info("case")')]
        values = [OWN.get(column, f"c.{column}") for column in columns]
        run(CASES.format(columns=", ".join(columns), values=", ".join(values), rows=rows))
        size, last = """'{"":1,"size":' || ((c.serial % 100) * 100) || '}'""", f"date({DAY}, '+20 days')"
        for mark in ("'', ''", "'kind', 'k' || (c.serial % 46)"):
            run(HAPPENED.format(kind="opened", mark=mark, day=DAY, end=END, sums=size, where="1"))
        ended = {"mark": "'', ''", "day": last, "end": "'9999-12-31'", "sums": """'{"":1}'"""}
        run(HAPPENED.format(kind="ended", where="c.serial % 50 <> 0", **ended))
        engine.sum_up(session)
        for _, statement in triggers:
            run(statement)
    with database.bind.connect() as connection:
        connection.exec_driver_sql("ANALYZE")


def questions() -> Iterator[tuple[str, Question]]:
    """What the pages ask."""
    months = [(month, month) for month in engine.Indicators().months.every(*YEAR)]
    offices = [None, *(f"office{number}" for number in range(1, 40))]
    for actor in (engine.SYSTEM, CLERK):
        yield "year", partial(engine.figures, actor=actor, periods=[YEAR])
        yield "months", partial(engine.figures, actor=actor, periods=months)
        for indicator in ("opened", "seventh", "size", "ended", "pending", "carried"):
            yield indicator, partial(engine.figure_cases, actor=actor, indicator=indicator, period=YEAR, now=NOW)
        yield "part", partial(engine.figure_cases, actor=actor, indicator="opened", value="k7", period=YEAR, now=NOW)
    yield "offices", partial(engine.figures, actor=engine.SYSTEM, periods=[YEAR], offices=offices)
    yield (
        "one office",
        partial(engine.figure_cases, actor=engine.SYSTEM, indicator="opened", period=YEAR, now=NOW, office=OFFICE),
    )


def asked(database: engine.Database, question: Question) -> list[tuple[str, Any]]:
    """The statements of a question, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(database.bind, "before_cursor_execute", note)
    try:
        with database.reads() as session:
            question(session)
    finally:
        event.remove(database.bind, "before_cursor_execute", note)
    return [(statement, given) for statement, given in seen if not statement.startswith("BEGIN")]


def walks(database: engine.Database, question: Question) -> list[str]:
    """The parts of its plans that walk through occurrences, sums or cases, or sort occurrences."""
    found = []
    for statement, parameters in asked(database, question):
        with database.bind.connect() as connection:
            plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        found += [
            part for part in plan if part.startswith("SCAN") and part.split()[1] in {"occurrence", "tally", "case"}
        ]
        if "FROM occurrence" in statement:
            found += [part for part in plan if "TEMP B-TREE" in part]
    return found


def figures(folder: Path) -> dict[str, float]:
    """How much longer the worst question takes with LARGE cases than with SMALL; statements; walks."""
    databases = []
    for rows in (SMALL, LARGE):
        database = build(folder, f"figures{rows}")
        with writing(database) as session:
            engine.start_case(session, "permit", {}, office=OFFICE, actor=CLERK, now=NOW)
        populate(database, rows)
        databases.append(database)
    worst = {name: [_quick(database, question) for database in databases] for name, question in questions()}
    large = databases[-1]
    return {
        "figures_growth_100k": max(many / few for few, many in worst.values()),
        "figures_slowest_ms_100k": max(many for _, many in worst.values()) * 1000,
        "figures_statements": max(len(asked(large, question)) for _, question in questions()),
        "figures_walks_100k": sum(len(walks(large, question)) for _, question in questions()),
    }


def _quick(database: engine.Database, question: Question) -> float:
    times = []
    for round_ in range(ROUNDS):
        with database.reads() as session:
            session.execute(select(1))
            begun = perf_counter()
            question(session)
            if round_ >= WARM:
                times.append(perf_counter() - begun)
    return quantiles(times, n=4)[0]
