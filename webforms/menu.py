"""The main menu: what this person may open."""

from flask import Flask, url_for

import engine
from webforms.auth import administers, me
from webforms.database import reading
from webforms.words import gettext


def init_app(app: Flask) -> None:
    """Give the menu to the templates."""
    app.jinja_env.globals["menu"] = menu


def menu() -> list[tuple[str, str, str]]:
    """(key, address, words) of every entry."""
    entries = [("tasks", url_for("tasks.index"), gettext("Tasks")), ("cases", url_for("cases.index"), gettext("Cases"))]
    if engine.steers(reading(), me()):
        entries.append(("desk", url_for("desk.index"), gettext("Desk")))
    entries.append(("reports", url_for("reports.index"), gettext("Reports")))
    entries.append(("statistics", url_for("statistics.index"), gettext("Statistics")))
    if engine.leads_anybody(reading(), me()):
        waiting = engine.changes_to_decide(reading(), me())
        words = gettext("Repairs (%(number)s)", number=waiting) if waiting else gettext("Repairs")
        entries.append(("changes", url_for("change_requests.index"), words))
    entries.append(("registers", url_for("registers.index"), gettext("Registers")))
    entries.append(("obligations", url_for("obligations.index"), gettext("Obligations")))
    if engine.sees_models(reading(), me()):
        waiting = engine.drafts_to_decide(reading(), me())
        words = gettext("Processes (%(number)s)", number=waiting) if waiting else gettext("Processes")
        entries.append(("models", url_for("models.index"), words))
    if administers() or engine.sees_all_cases(reading(), me()):
        entries.append(("openings", url_for("openings.index"), gettext("Calendar openings")))
    if administers():
        entries.append(("people", url_for("people.index"), gettext("People")))
        entries.append(("incidents", url_for("incidents.index"), gettext("Incidents")))
    return entries
