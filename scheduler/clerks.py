"""Clerks: people who do whatever lies on their desks, with the answers that scenarios give, and never get stuck.

A `Player` tells one story word for word and fails when the case goes another way. A clerk has a story in mind, but when
the case goes another way (a holiday, a late colleague, a timer) answers what is open as other stories answer it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import engine
from scheduler.failures import StoryBroken
from scheduler.playing import Player
from scheduler.sandbox import Sandbox
from scheduler.stories import Step, Story

DAY, WEEK = timedelta(days=1), timedelta(days=7)
PACE = timedelta(minutes=7)  # from one deed in a case to the next
OPENS, CLOSES = time(8, 40), time(17, 20)  # office hours, in which people who are not told otherwise act
PATIENCE = timedelta(days=4)  # how long the story's next task may be missing before another open one is done instead
TRIES = 12  # answers refused in a row before the case is given up, and named


class Book:
    """What the stories answer to each task: process and element -> answers, the most usual first."""

    def __init__(self, stories: Sequence[Story]) -> None:
        counted: dict[tuple[str, str], Counter[str]] = {}
        told: dict[tuple[str, str, str], tuple[Step, datetime]] = {}
        for story in stories:
            for step, at in zip(story.steps, nominal(story), strict=True):
                if step.do and not step.refused:
                    key = (step.process or story.process, step.do)
                    words = repr(sorted(step.answers.items(), key=str))
                    counted.setdefault(key, Counter())[words] += 1
                    told.setdefault((*key, words), (step, at))
        self._known = {
            key: [told[(*key, words)] for words, _ in counter.most_common()] for key, counter in counted.items()
        }

    def answers(self, process: str, element: str, attempt: int) -> tuple[Step, datetime]:
        """The answers to try the `attempt`-th time, with the instant their dates are told for. Raises StoryBroken."""
        known = self._known.get((process, element))
        if not known:
            raise StoryBroken(f"no story of {process} answers {element}")
        return known[attempt % len(known)]


def nominal(story: Story) -> list[datetime]:
    """When each step of a story happens, as it is written; working days of a wait count as seven fifths of a day."""
    at, found = story.at, []
    for step in story.steps:
        if step.until is not None:
            at = max(at, step.until)
        elif step.wait:
            at += _roughly(step.wait)
        found.append(at)
    return found


def _roughly(wait: str) -> timedelta:
    number = int("".join(letter for letter in wait if letter.isdigit()) or 0)
    if wait.endswith("wd"):
        return timedelta(days=number * 7 / 5 + 1)
    return timedelta(hours=number) if wait.endswith("h") else timedelta(days=number)


@dataclass
class Clerk:
    """Brings one case to its end. `delay` is how much later than in the story everything happens."""

    stage: Sandbox
    story: Story
    definitions: Mapping[str, engine.Definition]
    book: Book
    begins: datetime
    office: str = ""
    case_id: UUID | None = None  # a case that is there already; None: the clerk opens it
    rewrite: Callable[[str, Any], Any] | None = None
    delay: timedelta = timedelta(0)
    at: int = 0  # position in the story; a case that somebody else has begun is taken over later than at its beginning
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.player = Player(
            self.stage, self.story, self.definitions, office=self.office, rewrite=self.rewrite, checks=False
        )
        self.player.case_id = self.case_id
        self.refused = 0
        self.deeds = 0  # what this clerk has carried out, or tried to
        self.waiting_since: datetime | None = None
        self.answered: Counter[str] = Counter()

    @cached_property
    def times(self) -> list[datetime]:
        """When each step is meant to happen in this telling."""
        return [self.begins + (at - self.story.at) + self.delay for at in nominal(self.story)]

    def work(self) -> Iterator[datetime]:
        """Bring the case to its end; every value is an instant up to which somebody else must move the clock."""
        yield self.begins
        while not self.problems and (again := self.act()) is not None:
            yield again

    def act(self) -> datetime | None:
        """Do what is to be done now; when to come back, None when the case is over or given up."""
        now = self.stage.now
        if self.player.case_id is None:
            opened = self._carry_out(lambda: self._told(self.story.at).open_case())
            return now + PACE if opened else None
        with self.stage.database.reads.begin() as session:
            tasks = engine.open_tasks(session, self.player.case_id)
            if not tasks and not engine.is_running(session, self.player.case_id):
                return None
        while self.at < len(self.story.steps) and not self._concerns(self.story.steps[self.at]):
            self.at += 1
        if self.at == len(self.story.steps):
            return self._any(tasks, now) if tasks else self._later(now)
        return self._go_on(tasks, now)

    def _go_on(self, tasks: Sequence[engine.SeenTask], now: datetime) -> datetime:
        """The story's next deed, if its time has come and it is open; another one when it has been missing too long."""
        step, when = self.story.steps[self.at], self.times[self.at]
        if step.raised:
            return self._raise(step, when, now)
        found = next((task for task in tasks if task.element == step.do), None)
        if found is not None:
            return self._answer(found, step, when, now)
        self.waiting_since = self.waiting_since or now
        if tasks and now >= max(self.waiting_since + PATIENCE, when):
            return self._any(tasks, now)
        return max(when, _morning(now + DAY) if tasks else self._later(now))

    def _later(self, now: datetime) -> datetime:
        """When a case that nobody can do anything in may have moved: after its next timer, at the latest in a week."""
        assert self.player.case_id is not None  # noqa: S101 it has been opened
        with self.stage.database.reads.begin() as session:
            timer = engine.next_timer(session, self.player.case_id)
        return _morning(min(timer or now + WEEK, now + WEEK) + DAY)

    def _concerns(self, step: Step) -> bool:
        """Whether a step is a deed in this very case; linked cases have clerks of their own."""
        return bool(step.do or step.raised) and not step.process and not step.refused

    def _answer(self, task: engine.SeenTask, step: Step, when: datetime, now: datetime) -> datetime:
        if now < when:
            return when
        if self._carry_out(lambda: self._told(nominal(self.story)[self.at]).answer(task, step, claims=False)):
            self.at += 1
            self.waiting_since = None
            return now + PACE
        return self._any([task], now)

    def _raise(self, step: Step, when: datetime, now: datetime) -> datetime:
        if now < when:
            return when
        self.deeds += 1
        with suppress(engine.EngineError, StoryBroken):  # when the case has gone another way, nobody waits for this
            self._told(nominal(self.story)[self.at]).report(step)
        self.at += 1
        return now + PACE

    def _any(self, tasks: Sequence[engine.SeenTask], now: datetime) -> datetime:
        """Answer the first open task as other stories do."""
        task = tasks[0]

        def deed() -> None:
            step, told = self.book.answers(self.story.process, task.element, self.answered[task.element])
            self.answered[task.element] += 1
            self._told(told).answer(task, step, claims=False)

        return now + PACE if self._carry_out(deed) else _morning(now + DAY)

    def _told(self, told: datetime) -> Player:
        """The player, whose dates are so many whole days later as this deed is after the one that is told."""
        today = self.stage.now.astimezone(engine.OFFICE).date()
        self.player.shift = today - told.astimezone(engine.OFFICE).date()
        return self.player

    def _carry_out(self, deed: Callable[[], Any]) -> bool:
        self.deeds += 1
        try:
            deed()
        except (engine.EngineError, StoryBroken, LookupError) as error:
            self.refused += 1
            if self.refused >= TRIES or self.player.case_id is None:
                self.problems.append(f"{self.story.process}/{self.story.name} at {self.office}: {error!r}")
            return False
        self.refused = 0
        return True


def _morning(moment: datetime) -> datetime:
    local = moment.astimezone(engine.OFFICE)
    return local.replace(hour=OPENS.hour, minute=OPENS.minute, second=0, microsecond=0)
