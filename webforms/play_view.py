"""Where a play stands, for its page: every case of it with what is open, due, known, written and told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import engine
from webforms import notices
from webforms.diagrams import steps_of
from webforms.facts import Shown, shown
from webforms.i18n import moment
from webforms.labels import case_labels
from webforms.lights import Light, light
from webforms.limits import words
from webforms.play_stage import Stage
from webforms.story import Told, story
from webforms.words import gettext

MOVED = {"holiday", "rolled_holiday", "rolled_weekend", "makeup", "not_rolled"}  # steps of a sum made by the calendar


@dataclass(frozen=True)
class Limit:
    """A time limit with the sum behind it."""

    due: engine.DueInfo
    light: Light
    why: list[tuple[str, date | None]]
    moved: bool  # by holidays or weekends


@dataclass(frozen=True)
class Known:
    """A variable."""

    key: str
    label: str
    value: Shown
    changed: bool


@dataclass(frozen=True)
class Sent:
    """A notice that would have been sent."""

    words: str
    kind: Any
    to: list[str]
    at: Any
    number: str


def case_view(stage: Stage, of: str) -> dict[str, Any]:
    """One case of the play."""
    play, viewer = stage.play, stage.viewer()
    seen = play.cases()[of]
    doers = {task.element: play.doer(task.element, of)[1].name for task in seen.tasks}
    with stage.reading() as session:
        page = engine.case_page(session, seen.case_id, viewer, now=play.now)
        picture = engine.diagram(session, seen.case_id, viewer, now=play.now)
        whys = [engine.deadline_page(session, due.deadline_id, viewer, now=play.now) for due in page.deadlines]
        facts = _facts(stage, seen, page, session)
    holders = {task.element: _whose(task, doers) for task in page.tasks}
    return {
        "of": of,
        "row": page.row,
        "stages": page.stages,
        "tasks": _tasks(page.tasks, holders, play.now),
        "waits": page.waits,
        "events": page.raisable,
        "limits": [_limit(why, play.now) for why in whys],
        "facts": facts,
        "papers": page.papers,
        "incidents": [one for one in page.incidents if one.state == "open"],
        "file": _drawn_in(stage, picture.xml),
        "marks": picture,
        "steps": steps_of(picture, holders),
        "story": story(page),
    }


def happened(stage: Stage) -> list[tuple[str, list[Told]]]:
    """What the last move brought, case by case; within one the newest last."""
    play, viewer = stage.play, stage.viewer()
    before: Mapping[UUID, int] = play.told[-2] if len(play.told) > 1 else {}
    found = []
    for of, seen in play.cases().items():
        with stage.reading() as session:
            page = engine.case_page(session, seen.case_id, viewer, now=play.now)
        new = sorted(page.timeline, key=lambda row: row.seq)[before.get(seen.case_id, 0) :]
        told = story(replace(page, timeline=tuple(new)))[::-1]
        if told:
            found.append((page.row.process_title if of else "", told))
    return found


def sent(stage: Stage) -> list[Sent]:
    """The notices so far, the newest first; what several people are told is one line."""
    found: dict[tuple[Any, ...], Sent] = {}
    with stage.reading() as session:
        rows = [(person, engine.notices(session, person, view="all").rows) for person in stage.play.people()]
    for person, told in rows:
        for row in told:
            said = notices.words(row)
            kind = notices.KINDS.get(row.kind, notices.KINDS["told"])
            line = found.setdefault(
                (row.created_at, said, row.number), Sent(said, kind, [], row.created_at, row.number)
            )
            line.to.append(person.name)
    return sorted(found.values(), key=lambda one: one.at, reverse=True)


def moves(stage: Stage) -> list[dict[str, Any]]:
    """The moves in words; what could not be made any more comes last."""
    names = names_of(stage.play.definition)
    made = len(stage.play.moves)
    return [
        {"words": move_words(move, names), "refused": bool(move.get("refused")), "made": number < made}
        for number, move in enumerate(stage.row.moves)
    ]


def move_words(move: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A move as a person would say it."""
    if move["kind"] == "start":
        return gettext("The case is opened")
    if move["kind"] == "wait":
        return gettext("The clock goes to %(moment)s", moment=moment(datetime.fromisoformat(str(move["until"]))))
    name = names.get(str(move["name"]), str(move["name"]))
    if move["kind"] == "raise":
        return gettext("“%(label)s” was reported", label=name)
    return gettext("“%(name)s”: answers refused", name=name) if move.get("refused") else name


def names_of(definition: engine.Definition) -> dict[str, str]:
    """What the ids of a process are called: elements, events, stages, outcomes, papers."""
    elements = definition.diagram.elements.values()
    names = {one.event_name: one.properties.get("label") or one.name for one in elements if one.event_name}
    names |= {one.id: one.name for one in elements if one.name}
    for section in ("stages", "outcomes"):
        names |= {key: definition.label(section, key) for key in definition.manifest.get(section, {})}
    return names | {key: paper.title for key, paper in definition.papers.items()}


def _tasks(rows: Sequence[engine.InboxRow], holders: Mapping[str, str], now: datetime) -> list[dict[str, Any]]:
    """The open tasks; several instances of one element are one line, of which the first is done first."""
    found: dict[str, dict[str, Any]] = {}
    for task in rows:
        due = light(task.due, now) if task.due else None
        row = {"element": task.element, "name": task.name or task.element, "whose": holders[task.element], "light": due}
        found.setdefault(task.element, {**row, "count": 0})["count"] += 1
    return list(found.values())


def _whose(task: engine.InboxRow, doers: Mapping[str, str]) -> str:
    """Where it waits, and who of those who may would do it."""
    return " · ".join(filter(None, [task.office_name, task.assignee_name or doers.get(task.element, "")]))


def _limit(page: engine.DeadlinePage, now: datetime) -> Limit:
    moved = any(step.code in MOVED for step in page.steps)
    return Limit(page.due, light(page.due, now), [(words(step), step.day) for step in page.steps], moved)


def _facts(stage: Stage, seen: engine.Snapshot, page: engine.CasePage, session: Session) -> list[Known]:
    """Every variable, those the manifest declares first; what nobody declared shows as it is."""
    before = stage.play.before.get(seen.case_id)
    old = before.variables if before is not None else {}
    labels = case_labels(seen.case_id, session, now=stage.play.now)
    found = []
    for key in [*(key for key in page.facts if key in seen.variables), *sorted(seen.variables.keys() - page.facts)]:
        fact, value = page.facts.get(key), page.values.get(key)
        told = shown(fact, value, labels) if fact else Shown(key, key, "text", str(engine.plain(value)))
        changed = before is not None and seen.variables.get(key) != old.get(key)
        if changed or not told.is_empty:
            found.append(Known(key, (fact.label if fact else "") or key, told, changed))
    return found


def _drawn_in(stage: Stage, xml: str) -> str:
    """The file of the draft that draws the case; empty for a case of another process."""
    return next((name for name, text in stage.draft.files.items() if name.endswith(".bpmn") and text == xml), "")
