"""Runs scenarios: each one twice, the second time with everything forgotten and read back between the steps.

The two runs must leave the same trails. The first one counts for coverage of the sequence flows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_all_start_methods, get_context
from os import cpu_count
from pathlib import Path
from time import perf_counter
from typing import Any

import engine
from scheduler.expectations import Difference
from scheduler.failures import Failure
from scheduler.playing import Player
from scheduler.sandbox import ClockRunsWild, House, Sandbox, process_folders
from scheduler.stories import Story, read_stories, stories_before

FORGETTING = 5  # every so many steps the compiled definitions are forgotten; compiling is most of the time
Trail = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Played:
    """What became of one scenario."""

    story: Story
    failures: tuple[Failure, ...]
    flows: Mapping[str, Mapping[str, int]]  # process -> sequence flow -> how often it was travelled
    outcomes: frozenset[tuple[str, str]]  # (process, outcome) of every case that came to one
    seconds: float

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.story.name

    @property
    def problems(self) -> tuple[str, ...]:
        """What did not hold, in words."""
        return tuple(failure.words for failure in self.failures)

    @property
    def passed(self) -> bool:
        """Whether everything held."""
        return not self.failures


@dataclass(frozen=True)
class Coverage:
    """How much of one process its scenarios have travelled."""

    process: str
    title: str
    flows: int
    missed: tuple[str, ...]
    outcomes: int
    unreached: tuple[str, ...]

    @property
    def share(self) -> float:
        """The part of the flows that was travelled."""
        return 1 - len(self.missed) / self.flows if self.flows else 1.0

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missed and not self.unreached


_of_this_process: list["Scenarios"] = []  # in a process of a pool: what it plays


def _become(scenarios: "Scenarios") -> None:
    _of_this_process[:] = [scenarios]


def _play(story: Story) -> "Played":
    return _of_this_process[0].play(story)


@dataclass
class Scenarios:
    """The scenarios of a process tree, or of one process folder in it."""

    folder: Path
    name: str = ""
    twice: bool = True  # once more, read back after every step: of the engine more than of the model
    house: House = field(init=False)
    definitions: dict[str, engine.Definition] = field(init=False)

    def __post_init__(self) -> None:
        root = self.folder.parent if (self.folder / "manifest.toml").exists() else self.folder
        self.house = House(root)
        self.definitions = {path.name: engine.define(engine.read_files(path)) for path in process_folders(root)}

    def stories(self) -> list[Story]:
        """Those to be played. Raises InvalidStory."""
        return [story for story in read_stories(self.folder) if self.name in f"{story.process}/{story.name}"]

    def play_all(self, stories: Sequence[Story], jobs: int = 0) -> Iterator[Played]:
        """Play them, in `jobs` processes (0: one for each core), in their order."""
        self.house.template  # noqa: B018 made, and refused, before anything is split up
        jobs = min(jobs or cpu_count() or 1, len(stories))
        if jobs < 2 or "fork" not in get_all_start_methods():  # noqa: PLR2004 one is no company
            yield from map(self.play, stories)
            return
        with get_context("fork").Pool(jobs, _become, (self,)) as pool:  # by forking: what is compiled cannot be sent
            yield from pool.imap(_play, stories)

    def play(self, story: Story) -> Played:
        """Play one scenario, or play it twice."""
        begun = perf_counter()
        failures, stage = self._tell(story, lambda _: [])
        trail, flows, outcomes = _looked_at(stage)
        stage.close()
        if self.twice:
            failures = self._read_back(story, trail, failures)
        reached = {outcome for process, outcome in outcomes if process == story.process}
        failures += [
            _whole("covers", name, sorted(reached), f"the outcome {name} was not reached")
            for name in story.covers
            if name not in reached
        ]
        return Played(story, tuple(failures), flows, frozenset(outcomes), perf_counter() - begun)

    def _read_back(self, story: Story, trail: Any, failures: list[Failure]) -> list[Failure]:
        """The failures so far, or what is different when the case is read back after every step."""
        again, stage = self._tell(story, _Reading())
        words = "the case went another way when it was read back after every step"
        found = failures or again
        if not found and _looked_at(stage)[0] != trail:
            found = [_whole("reload", None, None, words)]
        stage.close()
        return found

    def coverage(self, results: Iterable[Played]) -> list[Coverage]:
        """What the scenarios that ran have not travelled or reached, by process."""
        played = list(results)
        return [
            self.covered(process, played)
            for process in sorted(self.definitions)
            if (self.folder / "manifest.toml").exists() is False or self.folder.name == process
        ]

    def covered(self, process: str, results: Sequence[Played]) -> Coverage:
        """What they have not travelled or reached of one process."""
        definition = self.definitions[process]
        drawn = {flow for flow in definition.diagram.flows if "." not in flow}
        travelled = {flow for result in results for flow in result.flows.get(process, ())}
        declared = list(definition.manifest.get("outcomes", {}))
        reached = {
            outcome for result in results if result.passed for kind, outcome in result.outcomes if kind == process
        }
        return Coverage(
            process, definition.title, len(drawn), tuple(sorted(drawn - travelled)), len(declared),
            tuple(name for name in declared if name not in reached),
        )  # fmt: skip

    def _tell(self, story: Story, between: Callable[[Sandbox], list[str]]) -> tuple[list[Failure], Sandbox]:
        before = stories_before(story)
        stage = self.house.sandbox(min(each.at for each in (*before, story)))
        failures: list[Failure] = []
        for each in (*before, story):
            player = Player(stage, each, self.definitions, between=between)
            try:
                for instant in player.play():
                    stage.advance(instant)
            except ClockRunsWild as error:
                player.failures.append(_whole("error", None, None, str(error)))
            if each is not story:
                player.failures = [_whole("before", None, None, f"{each.name}, {one.words}") for one in player.failures]
            failures += player.failures
        return failures, stage


def _whole(part: str, wanted: Any, found: Any, words: str) -> Failure:
    """What does not hold of the story as a whole."""
    return Failure(0, Difference(part, "", wanted, found, words), words)


class _Reading:
    """After every step: each stored tree must come back from disk as it went there. Compiles anew now and then."""

    def __init__(self) -> None:
        self.steps = 0

    def __call__(self, stage: Sandbox) -> list[str]:
        with stage.database.reads.begin() as session:
            if self.steps % FORGETTING == 0:
                engine.forget_definitions(session)
            self.steps += 1
            return [
                f"the state of case {case_id} changes when it is read and written again"
                for case_id in engine.case_ids(session)
                if not engine.survives_reload(session, case_id)
            ]


def _looked_at(stage: Sandbox) -> tuple[Trail, dict[str, Counter[str]], set[tuple[str, str]]]:
    """The trails of all cases, the flows they travelled, the outcomes they came to."""
    trail: Trail = []
    flows: dict[str, Counter[str]] = {}
    outcomes: set[tuple[str, str]] = set()
    for seen in _cases(stage):
        if seen.outcome:
            outcomes.add((seen.process, seen.outcome))
        for event in seen.events:
            path = [tuple(event.detail.get(part, ())) for part in ("done", "gone", "flows")]
            flows.setdefault(seen.process, Counter()).update(path[2])
            trail.append((seen.process, seen.number, event.kind, event.at, event.detail.get("element"), *path))
    return trail, flows, outcomes


def _cases(stage: Sandbox) -> Iterator[engine.Snapshot]:
    with stage.database.reads.begin() as session:
        for case_id in engine.case_ids(session):
            yield engine.snapshot(session, case_id)
