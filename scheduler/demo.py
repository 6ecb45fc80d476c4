"""A demonstration: the scenarios told again and again by everybody, under a clock that ends now.

No row is inserted by hand: every case is opened, answered and closed by the verbs, as on any other day.
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import cycle, takewhile
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy.pool import StaticPool

import engine
from scheduler.clerks import Book, Clerk
from scheduler.errands import SOON, Errands, is_part, read_mixture
from scheduler.officials import officials
from scheduler.plans import Plan, last_moment
from scheduler.playing import Player
from scheduler.retelling import Retelling, is_plain
from scheduler.sandbox import Sandbox, process_folders
from scheduler.staff import Account, accounts, hire
from scheduler.stories import Story, read_stories

WEEK = timedelta(days=7)
PACE = timedelta(minutes=4)
HIRED = timedelta(days=420)  # how long ago everybody was hired
RECENT = timedelta(days=2)  # what people were told earlier has been read


@dataclass
class Demo:
    """A demonstration of the processes in `folder`."""

    folder: Path
    document: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.definitions = {path.name: engine.define(engine.read_files(path)) for path in process_folders(self.folder)}
        self.stories = {f"{story.process}/{story.name}": story for story in read_stories(self.folder)}
        self.mixture: Sequence[Mapping[str, Any]] = read_mixture(self.folder)["mix"]
        self.book = Book(list(self.stories.values()))
        self.directory: engine.Directory | None = None
        self.people: list[Account] = []
        self.problems: list[str] = []

    def shown_accounts(self) -> list[Account]:
        """The accounts that the sign-in page lists."""
        by_name = {account.username: account for account in self.people}
        return [by_name[name] for name in self.document["shown"] if name in by_name]

    def open(self, files: Path, key: bytes, now: datetime, hired: timedelta = HIRED) -> Sandbox:
        """A house in memory in which everybody was hired so long before now. Raises InvalidDefinition."""
        database = engine.connect("sqlite://", key=key, poolclass=StaticPool, connect_args={"check_same_thread": False})
        engine.upgrade(database)
        begun = now - hired
        with database.sessions.begin() as session:
            engine.load_reference(session, self.folder, actor=engine.SYSTEM, now=begun)
            for path in process_folders(self.folder):
                engine.deploy(session, path, actor=engine.SYSTEM, now=begun)
            self.directory = engine.directory(session)
        self.people = accounts(self.document, self.directory)
        stage = Sandbox(database, begun, files, anchors=True)
        stage.cast = hire(database, self.people, begun)
        return stage

    def plans(self) -> list[Plan]:
        """Every case to be told."""
        assert self.directory is not None  # noqa: S101 `open` comes first
        places = [name for name, row in self.directory.offices.items() if row.get("reporting")]
        free = cycle(places)
        found: list[Plan] = []
        main = [s for s in self.stories.values() if s.covers and not (s.open or s.after or self._is_dated(s))]
        for position, story in enumerate(main):
            found.append(self._plan(story, self._place(story, free), len(found), timedelta(days=3 + position * 4)))
        for row in self.document["running"]:
            for name, stop, days in zip(cycle(row["stories"]), row["stops"], row["days"], strict=False):
                story = self._story(name)
                found.append(self._plan(story, self._place(story, free), len(found), timedelta(days=days), stop))
        for row in self.document["dated"]:
            story = self._story(row["story"])
            found += [self._plan(story, office, len(found) + n, None) for n, office in enumerate(row["offices"])]
        return found

    def play(self, stage: Sandbox, plans: Sequence[Plan], now: datetime) -> Iterator[Plan]:
        """Let everything happen up to now, in the order of time; passes on each case that is told."""
        waiting: list[tuple[datetime, int, Iterator[datetime], Player | Clerk | None]] = []
        tellers = list(self._tellers(stage, plans, now))
        for number, player in tellers:
            told = player.play()
            waiting.append((next(told), number, told, player))
        openings = self._openings({plan.story.process for plan in plans}, now)
        for number, row in enumerate(self.document["kept"], start=len(plans)):
            for begins, _ in (each for each in openings if each[1].startswith(f"{row['process']}/")):
                working = officials(self, stage, row, begins)
                waiting.append((next(working), number, working, None))
        heapify(waiting)
        errands, count = Errands(self.mixture, self.stories, Random(len(plans)), stage.now), len(waiting)  # noqa: S311 always the same
        heirs: list[Clerk] = []
        while waiting and waiting[0][0] <= now:
            instant, number, telling, teller = heappop(waiting)
            self._keep_calendar(stage, openings, instant)
            stage.advance(instant)
            upcoming = next(telling, None)
            if upcoming is not None:
                heappush(waiting, (max(upcoming, instant), number, telling, teller))
            elif isinstance(teller, Player):
                yield plans[number]
                heirs += self._heirs(stage, errands, teller)
            elif teller is not None:
                self.problems += teller.problems
            for clerk in (*heirs, *self._clerks(stage, errands, [player for _, player in tellers])):
                count += 1
                heappush(waiting, (clerk.begins, len(plans) + count, clerk.work(), clerk))
            heirs.clear()
        self._keep_calendar(stage, openings, now)
        stage.advance(now)
        self._settle_down(stage, now)
        yield from (plans[number] for _, number, _, teller in waiting if isinstance(teller, Player))

    def _tellers(self, stage: Sandbox, plans: Sequence[Plan], now: datetime) -> Iterator[tuple[int, Player]]:
        """A player for each plan that can be told up to now, with the plan's number."""
        for number, plan in enumerate(plans):
            shift = self._shift(plan, number, now)
            if shift is not None:
                yield number, self._player(stage, plan, shift)

    def _clerks(self, stage: Sandbox, errands: Errands, tellers: Sequence[Player]) -> Iterator[Clerk]:
        """Somebody for each case that another case has opened, unless a story tells of it."""
        by_calendar = {row["process"] for row in self.document["kept"]}
        for case, story in errands.called(stage, besides={player.case_id for player in tellers if player.case_id}):
            if case.process not in by_calendar and not is_part(stage, case, tellers):
                yield self._clerk(stage, errands, story, case.case_id, case.office)

    def _heirs(self, stage: Sandbox, errands: Errands, told: Player) -> Iterator[Clerk]:
        """Who goes on where a telling ends: with a case that went another way (holidays), and with linked ones."""
        if told.case_id is None:
            self.problems += [f"{told.story.name} at {told.office}: {problem}" for problem in told.problems]
        elif told.problems:
            yield self._clerk(stage, errands, told.story, told.case_id, told.office, told)
        elif not told.stop_before:
            with stage.database.reads.begin() as session:
                linked = [engine.snapshot(session, case_id) for case_id in told.seen().linked]
            for case in linked:
                if case.status == "running" and any(step.process == case.process for step in told.story.steps):
                    yield self._clerk(stage, errands, errands.story_for(case.process), case.case_id, case.office)

    def _clerk(
        self, stage: Sandbox, errands: Errands, story: Story, case_id: UUID, office: str, before: Player | None = None
    ) -> Clerk:
        """Somebody for a case; `before` has told so much of it, with these people and on these dates."""
        begins = before.story.at + before.shift if before else stage.now + SOON
        rewrite = before.rewrite if before else self.retelling(story, office, len(errands.known))
        at = before.told if before else 0
        return Clerk(
            stage, story, self.definitions, self.book, begins, office=office, case_id=case_id, rewrite=rewrite, at=at
        )

    def _openings(self, told: Collection[str], now: datetime) -> list[tuple[datetime, str]]:
        """For processes that no story tells of: their entry, and shortly before the calendar opened it last.

        Where people keep it (`[[kept]]`), before it opened the first of so many `periods`.
        """
        assert self.directory is not None  # noqa: S101 `open` comes first
        found, kept = [], {row["process"]: row["periods"] for row in self.document["kept"]}
        for process, definition in self.definitions.items():
            for entry in definition.calendar[:1] if process not in told else ():
                passed = takewhile(lambda one: one.at < now, entry.occurrences(now - HIRED, self.directory.calendar))
                found += [(one.at - PACE, f"{process}/{entry.id}") for one in list(passed)[-kept.get(process, 1) :][:1]]
        return sorted(found)

    def _keep_calendar(self, stage: Sandbox, openings: list[tuple[datetime, str]], until: datetime) -> None:
        while openings and openings[0][0] <= until:
            instant, entry = openings.pop(0)
            stage.advance(instant)
            stage.keep_calendar([*(stage.calendar or ()), entry])

    def _settle_down(self, stage: Sandbox, now: datetime) -> None:
        """From now on the calendar counts; what people were told is read, but for the last days."""
        with stage.database.sessions.begin() as session:
            engine.begin_calendar(session, now=now)
            for actor in (actor for holders in stage.cast.known.values() for actor in holders):
                engine.read_notices(session, None, actor=actor, now=now, before=now - RECENT)

    def _is_dated(self, story: Story) -> bool:
        return any(story is self._story(row["story"]) for row in self.document["dated"])

    def _story(self, name: str) -> Story:
        return next(story for key, story in self.stories.items() if key == name or key.endswith(f"/{name}"))

    def _place(self, story: Story, free: Iterator[str]) -> str:
        assert self.directory is not None  # noqa: S101 `open` comes first
        is_free = is_plain(self.document, story) and self.directory.offices[story.office].get("reporting")
        return next(free) if is_free else story.office  # the bodies above tell their own stories

    def _plan(self, story: Story, office: str, number: int, ends: timedelta | None, stop_before: str = "") -> Plan:
        return Plan(story, office, self.retelling(story, office, number), ends, stop_before)

    def retelling(self, story: Story, office: str, number: int, *, own: bool = False) -> Retelling:
        """The story with the `number`-th people, and where another dispute can take its place, one of this office.

        `own`: one of this office in any case; what the story tells of its dispute may then fit less well.
        """
        assert self.directory is not None  # noqa: S101 `open` comes first
        name = self.directory.office_name(office).removesuffix("人民政府").removesuffix("办事处")
        towns = [str(row["name"]) for row in self.directory.offices.values() if row["kind"] in {"town", "subdistrict"}]
        town = towns[number % len(towns)].removesuffix("人民政府").removesuffix("办事处")
        is_town = any(each.startswith(name) for each in towns)
        dispute = self._dispute(story, office, number, own=own)
        return Retelling(self.document, dispute, number, name, name if is_town else town)

    def _dispute(self, story: Story, office: str, number: int, *, own: bool) -> Mapping[str, str]:
        assert self.directory is not None  # noqa: S101 `open` comes first
        disputes: list[Mapping[str, Any]] = self.document["disputes"]
        if not own and not is_plain(self.document, story):
            return disputes[0]
        kind = self.directory.offices[office]["kind"]
        fitting = [d for d in disputes if office in d.get("offices", ())] or [
            d for d in disputes if kind in d.get("kinds", ())
        ]
        return fitting[number % len(fitting)] if fitting else disputes[0]

    def _shift(self, plan: Plan, number: int, now: datetime) -> timedelta | None:
        """By how much to move the story's dates; whole weeks, so that weekdays stay. None: it cannot be told."""
        if plan.ends is None:
            return timedelta(0) if plan.story.at < now else None
        weeks = (now - plan.ends - last_moment(plan)) // WEEK
        return WEEK * weeks + timedelta(minutes=number * 15 % 105)

    def _player(self, stage: Sandbox, plan: Plan, shift: timedelta) -> Player:
        return Player(
            stage, plan.story, self.definitions, shift=shift, office=plan.office, rewrite=plan.retelling, checks=False,
            pace=PACE, stop_before=plan.stop_before,
        )  # fmt: skip


def read_demo(folder: Path) -> Demo:
    """The demonstration of a processes/ tree: `demo.toml` says what is invented."""
    return Demo(folder, tomllib.loads((folder / "demo.toml").read_text("utf-8")))
