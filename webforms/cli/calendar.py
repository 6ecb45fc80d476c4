"""`tiaojie calendar`: which days are worked, and what a new year's notice changes."""

from argparse import Namespace
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import engine
from webforms.cli.house import machine_now, open_database, read_settings
from webforms.cli.output import Commands, Refused, command, progressing, tell, tell_json, tell_table

CALENDAR = "The calendar of working days: show a year, import the official notice of a year."
SHOW = "Show the days of a year that are not what their weekday says."
IMPORT = """Import the notice of a year (see processes/calendar/). Every open deadline that was projected into it is
computed again; its timers, reminders and tasks move along, and the audit trail says from which day to which."""
PROJECTED = "List the open deadlines in a year without an official notice: provisional until it is imported."
CODES = "exit codes: 0 done; 2 refused: the notice is wrong, no database"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "calendar", _missing, CALENDAR, epilog=CODES)
    inner = parser.add_subparsers(metavar="COMMAND", required=True)
    showing = command(inner, "show", show, SHOW, epilog=CODES, takes_json=True)
    showing.add_argument("year", type=int)
    importing = command(inner, "import", import_year, IMPORT, epilog=CODES, takes_json=True)
    importing.add_argument("file", type=Path)
    command(inner, "projected", list_projected, PROJECTED, epilog=CODES, takes_json=True)


def _missing(_chosen: Namespace) -> int:
    raise Refused("say what to do: show, import, projected")


def show(chosen: Namespace) -> int:
    """The special days of a year."""
    database = open_database(read_settings())
    with database.reads.begin() as session:
        calendar = engine.directory(session).calendar
    official = calendar.is_official(chosen.year)
    days = [calendar.day(day) for day in _days(chosen.year)]
    special = [day for day in days if day.name or day.working != (day.date.weekday() < 5)]  # noqa: PLR2004 Saturday
    if chosen.json:
        rows = [{"date": d.date.isoformat(), "working": d.working, "name": d.name} for d in special]
        tell_json({"year": chosen.year, "official": official, "version": calendar.version, "days": rows})
    else:
        kind = "official" if official else "projected: the notice has not been imported"
        rows = [(d.date, f"{d.date:%a}", "worked" if d.working else "off", d.name) for d in special]  # type: ignore[misc]  # a table of texts
        tell_table(f"{chosen.year} ({kind})", ("day", "", "", "name"), rows)  # type: ignore[arg-type]  # a table of texts
    return 0


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def import_year(chosen: Namespace) -> int:
    """Import a notice and move what depends on it."""
    settings = read_settings()
    database = open_database(settings)
    now = machine_now(settings)
    try:
        document = engine.parse_year(chosen.file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{chosen.file}: {error}") from error
    except engine.InvalidCalendar as error:
        raise Refused("\n".join(problem.message for problem in error.problems)) from error
    with database.sessions.begin() as session:
        name = f"calendar:{document['year']}"
        is_new = engine.store_reference(session, name, engine.plain(document), now=now)
        if is_new:
            engine.append_ledger(session, "calendar_imported", {"year": document["year"]}, engine.SYSTEM, now)
        cases = engine.cases_of_older_calendars(session)
    moved: list[engine.Recomputed] = []
    for case_id in progressing(cases, len(cases), "cases", quiet=chosen.json):
        moved += _recompute(database, case_id, settings)
    if chosen.json:
        tell_json({"year": document["year"], "is_new": is_new, "moved": [vars(row) for row in moved]})
        return 0
    tell(f"{document['year']}: {'imported' if is_new else 'unchanged'}; {len(moved)} dates moved or settled")
    rows = [(r.number, r.label, r.before, r.after, "projected" if r.projected else "final") for r in moved]
    if rows:
        tell_table("Deadlines", ("case", "deadline", "before", "after", ""), rows)
    return 0


def list_projected(chosen: Namespace) -> int:
    """The deadlines that the next notice will settle."""
    database = open_database(read_settings())
    with database.reads.begin() as session:
        found = engine.projected_deadlines(session)
    if chosen.json:
        tell_json([{"case": row.number, "deadline": row.label, "last_day": str(row.last_day)} for row in found])
    elif found:
        tell_table(
            "Provisional deadlines",
            ("case", "deadline", "last day"),
            [(r.number, r.label, str(r.last_day)) for r in found],
        )
    else:
        tell("no deadline is provisional")
    return 0


def _recompute(database: engine.Database, case_id: UUID, settings: object) -> list[engine.Recomputed]:
    """One case, in a transaction of its own; once again if somebody worked on it at the same moment."""
    for attempt in (1, 2, 3):
        try:
            with database.sessions.begin() as session:
                return engine.recompute_deadlines(session, case_id, actor=engine.SYSTEM, now=machine_now(settings))  # type: ignore[arg-type]  # settings
        except engine.CaseChanged:
            if attempt == 3:  # noqa: PLR2004 the last attempt
                raise
    return []
