"""The timeline of a case in sentences a person would say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import engine
from webforms.i18n import day, moment, period, translated
from webforms.repair_words import KINDS
from webforms.words import gettext

QUIET = {"deadline_met", "deadline_cancelled", "deadline_started", "task_claimed"}  # said elsewhere on the page
WARNING = {"deadline_expired", "incident", "event_raised", "case_cancelled", "deadline_stopped", "timer_failed"}
WARNING |= {"level_changed"}
END = {"case_completed"}
ENGLISH = {
    "case_opened": "The case was registered",
    "case_completed": "The procedure ended",
    "task_completed": "“%(name)s” was completed",
    "task_claimed": "“%(name)s” was claimed",
    "task_released": "“%(name)s” was put back",
    "task_reassigned": "“%(name)s” was handed over to %(to)s",
    "task_returned": "The handing over of “%(name)s” was taken back",
    "task_urged": "“%(name)s” was urged",
    "token_moved": "Repair: moved from “%(from_name)s” to “%(to_name)s”, asked for by %(asked_by)s",
    "task_skipped": "Repair: “%(name)s” was skipped, asked for by %(asked_by)s",
    "deadline_corrected": "Repair: the last day of “%(label)s” is %(day)s, asked for by %(asked_by)s",
    "fact_corrected": "“%(fact)s” was corrected",
    "case_cancelled": "The case was cancelled",
    "case_reopened": "Repair: opened again at “%(to_name)s”, asked for by %(asked_by)s",
    "incident_retried": "Repair: what failed was carried out again, asked for by %(asked_by)s",
    "change_asked": "A repair was asked for: %(change)s",
    "change_refused": "A repair was refused: %(change)s, asked for by %(asked_by)s",
    "change_withdrawn": "A request for repair was taken back: %(change)s",
    "change_failed": "A repair was approved and not possible: %(change)s, asked for by %(asked_by)s",
    "event_raised": "“%(label)s” was reported",
    "paper_issued": "“%(title)s” %(number)s was issued",
    "deadline_stopped": "The clock of “%(label)s” was stopped",
    "deadline_resumed": "The clock of “%(label)s” runs again, last day %(day)s",
    "deadline_extended": "“%(label)s” was extended by %(period)s",
    "deadline_expired": "“%(label)s” expired",
    "deadline_reminded": "Reminder: last day of “%(label)s” is %(day)s",
    "level_changed": "The level is now: %(label)s",
    "level_removed": "It has no level any more",
    "case_migrated": "The case goes on by another version of the procedure: %(reason)s",
    "migration_undone": "The case is back on the version it came from: %(reason)s",
    "timer_fired": "A time limit was reached and the procedure went on",
}


@dataclass(frozen=True)
class Told:
    """One entry of the timeline."""

    words: str
    detail: str
    at: datetime
    by: str
    style: str


def story(page: engine.CasePage) -> list[Told]:
    """Newest first."""
    entries = sorted(page.timeline, key=lambda row: row.seq, reverse=True)
    return [_told(row, page) for row in entries if row.kind not in QUIET or row.detail.get("acting_for")]


def _told(row: engine.EventRow, page: engine.CasePage) -> Told:
    detail = row.detail
    return Told(
        words=sentence(row),
        detail=_remark(row.kind, detail, page),
        at=row.at,
        by=_by(row),
        style="is-end" if row.kind in END else "is-warning" if row.kind in WARNING else "is-person",
    )


def sentence(row: engine.EventRow) -> str:
    """What happened, with the names of steps, limits and people filled in."""
    detail = row.detail
    params = {
        "name": row.name or detail.get("label") or detail.get("element") or "",
        "label": detail.get("label") or detail.get("name") or row.name,
        "title": detail.get("title", ""),
        "number": detail.get("number", ""),
        "to": detail.get("to_name", ""),
        "day": day_of(detail.get("last_day")),
        "period": period(str(detail.get("by", ""))),
        "reason": detail.get("reason", ""),
        "fact": detail.get("fact", ""),
        "from_name": detail.get("from_name", ""),
        "to_name": detail.get("to_name", ""),
        "asked_by": detail.get("asked_by", ""),
        "change": str(KINDS[detail["change"]][0]) if detail.get("change") in KINDS else "",
    }
    return translated(f"event-{row.kind}", ENGLISH.get(row.kind, row.kind.replace("_", " ")) % params, params)


def _remark(kind: str, detail: Mapping[str, Any], page: engine.CasePage) -> str:
    reason = str(detail.get("reason") or "")
    if "request" in detail:
        note = str(detail.get("note") or "")
        return " · ".join(filter(None, [reason, note and gettext("opinion: %(note)s", note=note)]))
    if kind == "case_completed" and page.row.outcome:
        return gettext("Outcome: %(outcome)s", outcome=page.row.outcome)
    if kind == "case_opened" and detail.get("calendar"):
        late = gettext(", later than planned: %(moment)s", moment=moment_of(detail["due_at"])) if detail["late"] else ""
        return gettext("Opened by the calendar for %(period)s", period=detail["period"]) + late
    if kind == "deadline_extended":
        basis = str(detail.get("basis") or "")
        return " · ".join(
            filter(None, [gettext("new last day %(day)s", day=day_of(detail.get("last_day"))), reason, basis])
        )
    return reason


def _by(row: engine.EventRow) -> str:
    if _by_itself(row.actor_name):
        return ""
    absent = row.detail.get("acting_for_name")
    return row.actor_name + (gettext(" (for %(name)s)", name=absent) if absent else "")


def _by_itself(name: str) -> bool:
    return name in {"clock", "system", ""}


def moment_of(text: str) -> str:
    """A stored instant for people."""
    return moment(datetime.fromisoformat(text))


def day_of(text: Any) -> str:
    """A stored ISO day for people."""
    return day(datetime.fromisoformat(str(text)), weekday=True) if text else ""
