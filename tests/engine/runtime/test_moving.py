"""Tokens moved by hand: what may move where, that nothing is left behind, and that every case still ends."""

from collections import Counter
from random import Random

import pytest

from engine import runtime
from engine.errors import NotMovable
from tests.engine.runtime.bpmn import (
    TERMINATE,
    Player,
    boundary,
    catch,
    end,
    flow,
    fork,
    inclusive,
    instances,
    message,
    model,
    node,
    path,
    script,
    start,
    sub,
    timer,
    user,
    xor,
)
from tests.engine.runtime.test_random_walks import decide
from tests.engine.runtime.token_game import Picture, invent

LINE = model(
    start(), user("a"), script("s", "n", "1"), user("b"), user("c"), end(), path("start", "a", "s", "b", "c", "end")
)


def refusal(player, source, target):
    with pytest.raises(NotMovable) as error:
        player.move(source, target)
    return error.value.params["reason"]


def test_back_and_forth_on_a_line():
    player = Player(LINE).do("a")
    assert player.move("b", "a").open == ["a"]
    assert player.move("a", "c").open == ["c"] and player.variables == {"n": 1}
    assert player.do("c").done
    assert player.events()["b", runtime.CANCELLED] == 1 and player.completed("b") == 0
    travelled = [step.flow for step in player.journal if step.flow]
    assert "a-s" in travelled and travelled.count("start-a") == 1 and "b-c" not in travelled, "moved, not travelled"


def test_what_runs_by_itself_runs_again():
    player = Player(LINE).do("a").do("b")
    player.variables["n"] = 5
    assert player.move("c", "s").open == ["b"] and player.variables["n"] == 1


def test_to_the_end():
    assert Player(LINE).move("a", "end").done


LIMITED = model(
    start(),
    user("a"),
    user("b"),
    boundary("late", "b", timer("P3D")),
    boundary("warn", "b", timer("P1D"), interrupting=False),
    user("chase"),
    user("warned"),
    user("c"),
    end(),
    end("e2"),
    end("e3"),
    path("start", "a", "b", "c", "end"),
    path("late", "chase", "e2"),
    path("warn", "warned", "e3"),
)


def test_timers_end_with_what_they_limit_and_begin_with_it():
    player = Player(LIMITED).move("a", "b")
    assert set(player.dues) == {"late", "warn"} and {c.status for c in player.clocks} == {"running"}
    player.move("b", "a")
    assert player.dues == {} and {c.status for c in player.clocks} == {"cancelled"}
    assert player.wait(days=9).open == ["a"]
    assert player.do("a").open == ["b"] and len(player.dues) == 2
    assert player.wait(days=2).open == ["b", "warned"]
    player.move("b", "c")
    assert player.open == ["c", "warned"] and player.dues == {}, "what was set off beside it goes on"
    assert player.do("c").open == ["warned"] and not player.done
    assert player.do("warned").done


def test_what_a_boundary_event_has_set_off_is_a_branch_of_its_own():
    player = Player(LIMITED).do("a").wait(days=2)
    assert refusal(player, "warned", "c") == "move-parallel"
    assert player.move("b", "chase").open == ["chase", "warned"], "an interrupting one stays in the branch"
    assert player.do("chase").do("warned").done


PARALLEL = model(
    start(),
    user("before"),
    fork("g"),
    user("a1"),
    user("a2"),
    user("b1"),
    user("b2"),
    fork("j"),
    user("after"),
    end(),
    path("start", "before", "g", "a1", "a2", "j", "after", "end"),
    path("g", "b1", "b2", "j"),
)


def test_within_a_parallel_branch_only():
    player = Player(PARALLEL).do("before")
    for source, target in (("a1", "before"), ("a1", "after"), ("a1", "b2"), ("b1", "end"), ("a1", "b1")):
        assert refusal(player, source, target) == "move-parallel"
    assert refusal(player, "a1", "j") == "move-gateway"
    assert player.open == ["a1", "b1"]
    player.move("a1", "a2").do("a2").move("b1", "b2")
    assert player.open == ["b2"], "the join waits for the other branch"
    player.move("b2", "b1").do("b1").do("b2")
    assert player.open == ["after"] and player.completed("j") == 1
    assert player.do("after").done


def test_not_into_a_parallel_branch():
    player = Player(PARALLEL)
    assert refusal(player, "before", "a1") == "move-parallel"
    player.move("before", "after")
    assert refusal(player, "after", "a2") == "move-parallel"
    assert player.move("after", "before").do("before").open == ["a1", "b1"]
    assert player.do("b1").do("b2").do("a1").do("a2").do("after").done


def test_a_join_of_some_branches_narrows():
    text = model(
        start(),
        user("z"),
        fork("g"),
        user("a"),
        user("b"),
        user("c"),
        fork("j1"),
        user("ab"),
        fork("j2"),
        user("after"),
        end(),
        path("start", "z", "g", "a", "j1", "ab", "j2", "after", "end"),
        path("g", "b", "j1"),
        path("g", "c", "j2"),
    )
    player = Player(text).do("z").do("a").do("b")
    assert player.open == ["ab", "c"]
    assert refusal(player, "ab", "z") == refusal(player, "ab", "a") == refusal(player, "ab", "after") == "move-parallel"
    assert player.do("ab").do("c").do("after").done


def test_branches_that_meet_without_a_join_are_unclear():
    text = model(
        start(),
        fork("g"),
        user("a"),
        user("b"),
        xor("m"),
        user("twice"),
        end(),
        path("start", "g", "a", "m", "twice", "end"),
        path("g", "b", "m"),
    )
    assert refusal(Player(text), "a", "twice") == "move-unclear"


def test_inclusive_branches():
    text = model(
        start(),
        inclusive("g", "g-b1"),
        user("a1"),
        user("a2"),
        user("b1"),
        inclusive("j"),
        user("after"),
        end(),
        flow("start", "g"),
        flow("g", "a1", "true"),
        flow("g", "b1"),
        path("a1", "a2", "j", "after", "end"),
        path("b1", "j"),
    )
    player = Player(text)
    assert player.open == ["a1"] and refusal(player, "a1", "b1") == "move-parallel"
    assert player.move("a1", "a2").do("a2").open == ["after"]
    assert refusal(player, "after", "a1") == "move-parallel" and player.do("after").done


INNER = (start("s"), user("i1"), user("i2"), end("e"), path("s", "i1", "i2", "e"))
SUB = model(
    start(),
    user("a"),
    sub("sp", *INNER),
    boundary("late", "sp", timer("P9D")),
    user("b"),
    end(),
    end("e2"),
    path("start", "a", "sp", "b", "end"),
    path("late", "e2"),
)


def test_a_sub_process_is_left_and_entered_as_a_whole():
    player = Player(SUB)
    assert refusal(player, "a", "i1") == "move-scope"
    player.do("a")
    assert player.movable == ["i1", "sp"]
    assert refusal(player, "i1", "b") == "move-scope"
    assert player.move("i1", "i2").open == ["i2"] and set(player.dues) == {"late"}
    player.move("sp", "a")
    assert player.open == ["a"] and player.dues == {} and not player.workflow.subprocesses
    assert player.move("a", "sp").open == ["i1"] and set(player.dues) == {"late"}
    assert player.move("sp", "b").do("b").done


def test_the_inside_ends_by_a_move_to_its_end():
    player = Player(SUB).do("a").move("i1", "e")
    assert player.open == ["b"] and player.dues == {}
    assert player.do("b").done


@pytest.mark.parametrize("sequential", [False, True])
def test_repeated_instances_move_together(sequential):
    text = model(
        start(),
        user("a"),
        user("each", instances("people", "who", sequential=sequential, output="said"), camunda_formRef="f"),
        user("b"),
        end(),
        path("start", "a", "each", "b", "end"),
    )
    player = Player(text, {"people": ["x", "y"]}).do("a")
    assert player.movable == ["each"]
    player.do("each", who="x")
    instance = player.task("each").id
    with pytest.raises(NotMovable):
        runtime.move(player._turn(), instance, "b")
    assert player.move("each", "a").open == ["a"]
    player.move("a", "each")
    assert len(player.open) == (1 if sequential else 2)
    player.do("each").do("each")
    assert player.open == ["b"] and player.do("b").done


RACE = model(
    start(),
    user("a"),
    node("eventBasedGateway", "g"),
    catch("m", message("paid")),
    catch("t", timer("P5D")),
    user("b"),
    user("c"),
    end(),
    path("start", "a", "g", "m", "b", "end"),
    path("g", "t", "c", "end"),
    names="m:paid",
)


def test_events_that_race_move_with_their_gateway():
    player = Player(RACE)
    assert refusal(player, "a", "m") == refusal(player, "a", "t") == "move-behind-event"
    assert player.move("a", "g").awaited == {"paid"} and len(player.dues) == 1
    assert player.move("g", "a").awaited == set() and player.dues == {}
    assert player.move("a", "g").tell("paid") == 1
    assert player.open == ["b"] and player.do("b").done


def test_a_catch_event_and_a_terminate_end():
    text = model(
        start(),
        user("a"),
        catch("t", timer("P5D")),
        user("b"),
        end("stop", TERMINATE),
        path("start", "a", "t", "b", "stop"),
    )
    player = Player(text).move("a", "t")
    assert player.movable == ["t"]
    assert player.move("t", "b").dues == {} and player.move("b", "t").wait(days=6).open == ["b"]
    assert player.move("b", "stop").done


def test_moving_to_and_fro_does_not_let_a_case_grow():
    player = Player(LIMITED).do("a")
    sizes = []
    for _ in range(40):
        player.move("b", "a").do("a")
        sizes.append((player.size(), len(player.state)))
    assert max(sizes)[0] <= sizes[5][0] + 2 and sizes[-1][1] < sizes[5][1] + 200
    assert player.do("b").do("c").done


# --- a finished case begins again


def test_a_finished_case_begins_again():
    player = Player(LIMITED).do("a").do("b").do("c")
    assert player.done
    assert player.reopen("b").open == ["b"] and not player.done and len(player.dues) == 2
    assert player.do("b").do("c").done
    with pytest.raises(NotMovable):
        Player(LIMITED).reopen("b")
    with pytest.raises(NotMovable):
        player.reopen("warned")


def test_a_terminated_and_a_cancelled_case_begin_again():
    text = model(
        start(),
        fork("g"),
        user("a"),
        user("b"),
        end("stop", TERMINATE),
        end(),
        path("start", "g", "a", "stop"),
        path("g", "b", "end"),
    )
    with pytest.raises(NotMovable):
        Player(text).do("a").reopen("a")
    player = Player(LIMITED).do("a")
    turn = player._turn()
    player._finish(turn, turn.workflow.cancel)
    assert player.done and player.open == []
    assert player.reopen("a").do("a").open == ["b"] and player.wait(days=4).open == ["chase", "warned"]
    assert player.do("chase").do("warned").done


def test_a_case_with_parallel_branches_begins_again():
    player = Player(PARALLEL).do("before").do("a1").do("a2").do("b1").do("b2").do("after")
    for _ in range(2):
        player.reopen("before").do("before")
        assert player.open == ["a1", "b1"]
        player.do("a1").do("b1").do("b2")
        assert player.open == ["a2"]
        player.do("a2").do("after")
        assert player.done


# --- random lives


class Lives:
    """The same case with and without reloading; whatever happens, they are alike."""

    def __init__(self, random: Random) -> None:
        self.random, self.picture = random, Picture(invent(random, 3, Counter()))
        begin = decide(random, self.picture.variables)
        self.players = [Player(self.picture.text, begin, reload=reload) for reload in (False, True)]
        self.diagram = self.players[0].compiled.diagram

    @property
    def first(self) -> Player:
        return self.players[0]

    def each(self, deed) -> None:
        for player in self.players:
            deed(player)
        plain, loaded = self.players
        assert (plain.open, plain.dues, plain.done) == (loaded.open, loaded.dues, loaded.done)
        assert plain.journal == loaded.journal
        once = [element for element in plain.open if not element.endswith("_h")]  # a reminder may come twice
        assert len(once) == len(set(once)), "no join let a branch through too early"

    def work(self) -> None:
        if not self.first.open:
            self.each(lambda player: player.wait(days=2))
            return
        element, answers = self.random.choice(self.first.open), decide(self.random, self.picture.variables)
        self.each(lambda player: player.do(element, **answers))

    def move(self) -> None:
        if not self.first.movable:
            return
        source = self.random.choice(self.first.movable)
        targets = sorted(e for e, why in runtime.destinations(self.diagram, source).items() if not why)
        if targets:
            target = self.random.choice(targets)
            self.each(lambda player: player.move(source, target))

    def reopen(self) -> None:
        place = self.random.choice(sorted(e for e, why in runtime.reopenings(self.diagram, "p").items() if not why))
        self.each(lambda player: player.reopen(place))

    def finish(self) -> None:
        """Everything open is done, no loop goes round again."""
        out = dict.fromkeys(self.picture.variables, False)
        for player in self.players:
            player.variables.update(out)
        for _ in range(200):
            if self.first.done:
                return
            if self.first.open:
                element = self.first.open[0]
                self.each(lambda player: player.do(element, **out))  # noqa: B023 done at once
            else:
                self.each(lambda player: player.wait(days=10))


@pytest.mark.parametrize("seed", range(40))
def test_a_random_life_with_moves_still_ends(seed: int):
    random = Random(seed)  # noqa: S311 a test
    lives = Lives(random)
    for _ in range(25):
        chance = random.random()
        if lives.first.done:
            lives.reopen()
        elif chance < 0.4:
            lives.move()
        else:
            lives.work()
    lives.finish()
    assert lives.first.done, (seed, lives.first.open)
