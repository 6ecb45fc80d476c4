"""The facts of a case by the step that told them, in the order in which they became known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import engine
from webforms.facts import Shown
from webforms.words import gettext

OPENING = "case_opened"


@dataclass(frozen=True)
class Section:
    """What one step told: its name, who did it and when."""

    title: str
    facts: Sequence[Shown]
    by: str = ""
    at: datetime | None = None
    is_opening: bool = False


def sections(facts: Iterable[Shown], timeline: Iterable[engine.EventRow]) -> list[Section]:
    """Every fact once, at the step that told it last; what no step told comes at the end.

    Lists (the parties) stay with the opening whoever corrected them: everybody looks for them there.
    """
    told: dict[str, engine.EventRow] = {}
    opening = None
    for row in sorted(timeline, key=lambda row: row.seq):
        opening = row if row.kind == OPENING else opening
        answers = row.detail.get("answers")
        told.update(dict.fromkeys(answers, row) if isinstance(answers, Mapping) else {})
    found: dict[int, tuple[engine.EventRow | None, list[Shown]]] = {}
    for fact in facts:
        event = opening if fact.kind == "list" and opening is not None else told.get(fact.key)
        found.setdefault(event.seq if event else -1, (event, []))[1].append(fact)
    rest = found.pop(-1, None)
    ordered = [_section(event, shown) for _, (event, shown) in sorted(found.items())]
    return ordered + ([_section(*rest)] if rest else [])


def _section(event: engine.EventRow | None, facts: Sequence[Shown]) -> Section:
    if event is None:
        return Section(gettext("More facts"), facts)
    is_opening = event.kind == OPENING
    title = gettext("Registration") if is_opening else event.name
    return Section(title, facts, event.actor_name, event.at, is_opening)
