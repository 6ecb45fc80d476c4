"""The main menu: what this person may open."""

from flask import Flask, g, url_for

import engine
from webforms.auth import administers, me
from webforms.database import reading
from webforms.words import gettext

Entry = tuple[str, str, str]


def init_app(app: Flask) -> None:
    """Give the menu to the templates."""
    app.jinja_env.globals.update(menu=menu, further_menu=further_menu)


def menu() -> list[Entry]:
    """(key, address, words) of what is opened every day, and of what waits to be decided."""
    entries = [("tasks", url_for("tasks.index"), gettext("Tasks")), ("cases", url_for("cases.index"), gettext("Cases"))]
    if engine.steers(reading(), me()):
        entries.append(("desk", url_for("desk.index"), gettext("Desk")))
    entries.append(("reports", url_for("reports.index"), gettext("Reports")))
    entries.append(("statistics", url_for("statistics.index"), gettext("Statistics")))
    entries.append(("registers", url_for("registers.index"), gettext("Registers")))
    return [*entries, *(entry for entry, waiting in _decided_here() if waiting)]


def further_menu() -> list[Entry]:
    """What is opened now and then, behind one word."""
    entries = [("obligations", url_for("obligations.index"), gettext("Obligations"))]
    entries += [entry for entry, waiting in _decided_here() if not waiting]
    if administers() or engine.sees_all_cases(reading(), me()):
        entries.append(("openings", url_for("openings.index"), gettext("Calendar openings")))
    if administers():
        entries.append(("people", url_for("people.index"), gettext("People")))
        entries.append(("incidents", url_for("incidents.index"), gettext("Incidents")))
    return entries


def _decided_here() -> list[tuple[Entry, int]]:
    """Where this person decides on what others ask for, with how much waits; asked once a page."""
    if "decided_here" not in g:
        g.decided_here = found = list[tuple[Entry, int]]()
        if engine.leads_anybody(reading(), me()):
            waiting = engine.changes_to_decide(reading(), me())
            words = gettext("Repairs (%(number)s)", number=waiting) if waiting else gettext("Repairs")
            found.append((("changes", url_for("change_requests.index"), words), waiting))
        if engine.sees_models(reading(), me()):
            waiting = engine.drafts_to_decide(reading(), me())
            words = gettext("Processes (%(number)s)", number=waiting) if waiting else gettext("Processes")
            found.append((("models", url_for("models.index"), words), waiting))
    decided: list[tuple[Entry, int]] = g.decided_here
    return decided
