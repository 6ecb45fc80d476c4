"""Work that nobody brings: cases opened by the calendar or by other cases, and the clerks who take care of them."""

import tomllib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import engine
from scheduler.playing import Player
from scheduler.sandbox import Sandbox
from scheduler.stories import Story

BY_PEOPLE = "people"
SOON = timedelta(minutes=25)  # after which somebody begins


def read_mixture(folder: Path) -> Mapping[str, Any]:
    """`year.toml` of a processes/ tree: which stories are told how often, for cases of people and of the clock."""
    document: Mapping[str, Any] = tomllib.loads((folder / "year.toml").read_text("utf-8"))
    return document


@dataclass
class Errands:
    """Notices the cases that were opened while nobody looked, and finds a story for each."""

    mixture: Sequence[Mapping[str, Any]]
    stories: Mapping[str, Story]  # by "<process>/<name>"
    random: Random
    since: datetime
    known: set[UUID] = field(default_factory=set)

    def called(self, stage: Sandbox, besides: Container[UUID] = ()) -> Iterator[tuple[engine.Newborn, Story]]:
        """The new cases since the last look, `besides` those somebody tells, with a story for each."""
        with stage.database.reads.begin() as session:
            born = engine.newborn(session, since=self.since)
        self.since = stage.now
        for case in born:
            if case.case_id in self.known or case.case_id in besides:
                continue
            self.known.add(case.case_id)
            yield case, self.story_for(case.process)

    def story_for(self, process: str) -> Story:
        """A story by the mixture, or any of the process."""
        rows = [row for row in self.mixture if row["process"] == process and row.get("opened_by") == "clock"]
        if rows:
            return self.story_of(self.random.choices(rows, [row["weight"] for row in rows])[0])
        return self.random.choice([story for story in self.stories.values() if story.process == process])

    def story_of(self, row: Mapping[str, Any]) -> Story:
        """The story that a row of the mixture names."""
        return self.stories[f"{row['process']}/{row['story']}"]


def is_part(stage: Sandbox, case: engine.Newborn, tellers: Sequence[Player]) -> bool:
    """Whether a story tells of this case beside its own one."""
    with stage.database.reads.begin() as session:
        linked = engine.snapshot(session, case.case_id).linked
    about = [player.story for player in tellers if player.case_id in linked]
    return any(step.process == case.process for story in about for step in story.steps)
