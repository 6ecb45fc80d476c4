"""One draft played by hand: the moves of somebody at a page, made in a house in memory as a story's steps are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import engine
from scheduler import play_people
from scheduler.failures import StoryBroken
from scheduler.playing import INDEX, Player
from scheduler.proposals import State, proposed, state
from scheduler.sandbox import ClockRunsWild, Sandbox
from scheduler.stories import Step, Story, moment

LOOKS = 1_000  # due instants in one jump; a case that has more of them does not come to rest
Move = Mapping[str, Any]


class Definitions(dict[str, engine.Definition]):
    """The definitions of the versions in a house, each made when it is asked for."""

    def __init__(self, versions: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__()
        self.versions = versions

    def __missing__(self, process: str) -> engine.Definition:
        texts = self.versions[process]
        self[process] = engine.define({n: text for n, text in texts.items() if not n.startswith("scenarios/")})
        return self[process]


class Play:
    """A case of a draft that stands after some moves.

    A setup says `process`, `office`, `at`, and `by` (a role) or `open` (an entry of the calendar). A move has a `kind`:
    `start` and `do` with `answers`, `raise`, `wait` with `until`; `name` is the element or event, `of` the process of
    the linked case that is meant. A move whose answers were refused says at which fields: `refused`.
    """

    def __init__(self, stage: Sandbox, definitions: Definitions, setup: Mapping[str, Any]) -> None:
        self.stage = stage
        self.definitions = definitions
        self.setup = setup
        self.moves: list[Move] = []
        self.expects: list[dict[str, Any]] = []  # what could be expected after each move
        self.told: list[dict[UUID, int]] = []  # how many events each case had after each move
        self.before: dict[UUID, engine.Snapshot] = {}  # the cases before the last move
        self.stuck: engine.EngineError | None = None  # why the next move of those that were given cannot be made
        self._states: dict[str, State] = {}
        self.player = Player(stage, story_of(setup), definitions)
        play_people.cast_for(self.player)

    # --- what pages ask ---

    @property
    def now(self) -> datetime:
        """What the clock of the play shows."""
        return self.stage.now

    @property
    def database(self) -> engine.Database:
        """The house in memory."""
        return self.stage.database

    @property
    def case_id(self) -> UUID | None:
        """The case itself, once it is open."""
        return self.player.case_id

    @property
    def definition(self) -> engine.Definition:
        """The process that is played."""
        return self.definitions[self.player.story.process]

    @property
    def opener(self) -> engine.Actor:
        """Who opens the case. Raises MoveImpossible."""
        with _in_words():
            return self.player.opener()

    def cases(self) -> dict[str, engine.Snapshot]:
        """The case under an empty name, and its linked cases by process; of several of one process the last."""
        own, linked = self._seen()
        if own is None:
            return {}
        return {"": own, **{other.process: other for other in linked if other.process != own.process}}

    def doer(self, name: str, of: str = "") -> tuple[engine.SeenTask, engine.Actor]:
        """The first open task of this element, and who does it. Raises MoveImpossible."""
        with _in_words():
            step = Step(do=name, process=of)
            task = self.player.open_task(step)
            return task, self.player.doer(task, step)

    def reporter(self, name: str, of: str = "") -> engine.Actor:
        """Who reports this event. Raises MoveImpossible."""
        with _in_words():
            return self.player.reporter(Step(raised=name, process=of))

    def next_due(self) -> datetime | None:
        """The next instant at which something is due."""
        return self.stage.next_due()

    def people(self) -> list[engine.Actor]:
        """Everybody who was needed so far."""
        return [actor for holders in self.stage.cast.known.values() for actor in holders]

    def as_told(self, form: engine.Form, answers: Mapping[str, Any]) -> dict[str, Any]:
        """The answers with `@role` in the place of people."""
        return play_people.as_told(self.player, form, answers)

    def examples(self, kind: str, name: str = "") -> dict[str, tuple[str, dict[str, Any]]]:
        """How the scenarios of the folder answer here, with the people of this play: name -> title and answers."""
        files = self.definitions.versions[self.player.story.process]
        found = play_people.examples(files, kind, name)
        return {key: (title, play_people.as_chosen(self.player, answers)) for key, (title, answers) in found.items()}

    # --- moves ---

    def make(self, move: Move) -> Mapping[str, engine.Problem]:
        """Make a move; what is wrong with its answers, where a task refuses them (the move is kept as a refused one).

        Raises EngineError, ClockStuck, MoveImpossible: then the play is of no use any more, and is built anew.
        """
        problems: Mapping[str, engine.Problem] = {}
        before = {seen.case_id: seen for seen in self.cases().values()}
        try:
            self._go(move)
        except engine.InvalidAnswers as error:
            if move["kind"] != "do" or move.get("refused"):
                raise
            problems = error.problems
            move = {**move, "refused": sorted({INDEX.sub("", path) for path in problems})}
        self.stage.settle()
        self.moves.append(dict(move))
        self.before = before
        self._note(str(move.get("of", "")))
        return problems

    def go_on(self, moves: Sequence[Move]) -> None:
        """Make these moves as far as they go; `stuck` says why not further."""
        for move in moves:
            try:
                self.make(move)
            except engine.EngineError as error:
                self.stuck = error
                return

    def story(self, name: str, title: str, *, left_out: frozenset[str] = frozenset()) -> Story:
        """The play as a scenario. `left_out` names moves ("3") and expectations ("3.stage", "3.deadlines.accept")."""
        steps = []
        for number, move in enumerate(self.moves):
            if str(number) in left_out:
                continue
            expect = {key: value for key, value in self.expects[number].items() if f"{number}.{key}" not in left_out}
            if "deadlines" in expect:
                wanted = {k: v for k, v in expect["deadlines"].items() if f"{number}.deadlines.{k}" not in left_out}
                expect = {**expect, "deadlines": wanted} if wanted else _without(expect, "deadlines")
            step = Step() if move["kind"] == "start" else step_of(move)
            if expect or move["kind"] != "start":
                steps.append(replace(step, expect=expect or None, process=step.process or str(move.get("of", ""))))
        outcome = str(self._states.get("", {}).get("outcome") or "")
        start = self.moves[0].get("answers", {}) if self.moves else {}
        covers = (outcome,) if outcome in self.definition.manifest.get("outcomes", {}) else ()
        return replace(
            self.player.story, name=name, title=title, start=start, covers=covers, steps=tuple(steps),
        )  # fmt: skip

    def close(self) -> None:
        """Give the memory back."""
        self.stage.close()

    # --- inside ---

    def _go(self, move: Move) -> None:
        with _in_words():
            if move["kind"] == "start":
                self.player.story = replace(self.player.story, start=move.get("answers", {}))
                instants = self.player.begin()
            else:
                instants = self.player.take(step_of(move))
            for instant in instants:
                if instant < self.now:
                    raise engine.MoveImpossible("the clock does not go back")
                self.stage.advance(instant, LOOKS)

    def _seen(self) -> tuple[engine.Snapshot | None, list[engine.Snapshot]]:
        if self.case_id is None:
            return None, []
        with self.database.reads.begin() as session:
            own = engine.snapshot(session, self.case_id)
            return own, [engine.snapshot(session, other) for other in own.linked]

    def _note(self, of: str) -> None:
        own, linked = self._seen()
        seen = self.cases()
        states: dict[str, State] = {process: state(one, ()) for process, one in seen.items()}
        if own is not None:
            states[""] = state(own, linked)
        self.expects.append(proposed(states[of], self._states.get(of, {})))
        self._states = states
        self.told.append({one.case_id: len(one.events) for one in seen.values()})


class _in_words:  # noqa: N801 used as a word
    """Turns what stories say when they break into refusals that pages can tell."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ClockRunsWild):
            raise engine.ClockStuck(str(error)) from error
        if isinstance(error, (StoryBroken, LookupError)):
            raise engine.MoveImpossible(str(error)) from error


def story_of(setup: Mapping[str, Any]) -> Story:
    """The beginning of a scenario."""
    return Story(
        name="", process=str(setup["process"]), title="", office=str(setup["office"]), at=moment(setup["at"]),
        start={}, covers=(), steps=(), path=Path(), by=str(setup.get("by", "")), open=str(setup.get("open", "")),
    )  # fmt: skip


def step_of(move: Move) -> Step:
    """A move as a step of a scenario."""
    kind, name = move["kind"], str(move.get("name", ""))
    return Step(
        do=name if kind == "do" else "",
        raised=name if kind == "raise" else "",
        until=moment(move["until"]) if kind == "wait" else None,
        answers=move.get("answers", {}),
        process=str(move.get("of", "")),
        refused=tuple(move.get("refused", ())),
    )


def _without(expect: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in expect.items() if key != name}
