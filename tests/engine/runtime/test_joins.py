"""Joins in loops (B1): in whatever order the branches of every round are finished, the join waits for all of them."""

from itertools import permutations, product

import pytest

from engine.runtime import turn
from tests.engine.runtime.bpmn import (
    Player,
    boundary,
    end,
    flow,
    fork,
    inclusive,
    model,
    path,
    start,
    sub,
    timer,
    user,
    xor,
)


def looped_block(opening: str, closing: str, branches: str, condition: str | None = None) -> str:
    """A block of parallel user tasks, then `z`, which decides whether it is entered again."""
    inner = "".join(user(name) + flow("g", name, condition) + flow(name, "j") for name in branches)
    body = [start(), xor("m"), opening, closing, inner, user("z"), xor("x", "out"), end()]
    return model(
        *body, path("start", "m", "g"), path("j", "z", "x"), flow("x", "m", "again"), flow("x", "end", name="out")
    )


PARALLEL = looped_block(fork("g"), fork("j"), "ab")
THREE = looped_block(fork("g"), fork("j"), "abc")
INCLUSIVE = looped_block(inclusive("g"), inclusive("j"), "ab", "true")
INCLUSIVE_THREE = looped_block(inclusive("g"), inclusive("j"), "abc", "true")


def play(text: str, rounds: tuple[tuple[str, ...], ...], *, reload: bool) -> Player:
    player = Player(text, reload=reload)
    for number, order in enumerate(rounds):
        left = sorted(order)
        for name in order:
            assert player.open == left, (rounds, number, name)
            player.do(name)
            left.remove(name)
        assert player.open == ["z"], (rounds, number)
        player.do("z", again=number < len(rounds) - 1)
    assert player.done and player.completed("j") == len(rounds)
    return player


@pytest.mark.parametrize("reload", [False, True])
@pytest.mark.parametrize("text", [PARALLEL, INCLUSIVE], ids=["parallel", "inclusive"])
@pytest.mark.parametrize("rounds", [2, 3])
def test_every_order_of_two_branches(text: str, rounds: int, *, reload: bool):
    for orders in product(permutations("ab"), repeat=rounds):
        play(text, orders, reload=reload)


@pytest.mark.parametrize("text", [THREE, INCLUSIVE_THREE], ids=["parallel", "inclusive"])
@pytest.mark.parametrize("rounds", [2, 3])
def test_every_order_of_three_branches(text: str, rounds: int):
    for orders in product(permutations("abc"), repeat=rounds):
        play(text, orders, reload=False)


def test_the_parallel_join_is_right_even_without_compaction(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turn, "compact", lambda _workflow: 0)
    for orders in product(permutations("abc"), repeat=3):
        play(THREE, orders, reload=False)


def test_a_block_in_a_subprocess_in_a_loop():
    inner = [
        start("s"),
        fork("g"),
        user("a"),
        user("b"),
        fork("j"),
        end("e"),
        path("s", "g", "a", "j", "e"),
        path("g", "b", "j"),
    ]
    text = model(
        start(),
        sub("sp", *inner),
        user("z"),
        xor("x", "out"),
        end(),
        path("start", "sp", "z", "x"),
        flow("x", "sp", "again"),
        flow("x", "end", name="out"),
    )
    for orders in product(permutations("ab"), repeat=3):
        play(text, orders, reload=True)


def test_a_loop_inside_one_branch():
    text = model(
        start(),
        fork("g"),
        user("a"),
        user("b"),
        xor("x", "out"),
        fork("j"),
        user("z"),
        end(),
        path("start", "g", "a", "x"),
        flow("x", "a", "again"),
        flow("x", "j", name="out"),
        path("g", "b", "j", "z", "end"),
    )
    for when in range(4):
        player = Player(text)
        for number in range(4):
            if number == when:
                player.do("b")
            player.do("a", again=number < 3)
        assert player.open == ["z"]
        assert player.do("z").done


def test_an_inclusive_join_waits_only_for_the_branches_taken():
    text = model(
        start(),
        inclusive("g", "other"),
        user("a"),
        user("b"),
        user("c"),
        inclusive("j"),
        user("z"),
        end(),
        path("start", "g"),
        flow("g", "a", "n > 0"),
        flow("g", "b", "n > 1"),
        flow("g", "c", name="other"),
        path("a", "j"),
        path("b", "j"),
        path("c", "j"),
        path("j", "z", "end"),
    )
    assert Player(text, {"n": 1}).do("a").open == ["z"]
    assert Player(text, {"n": 0}).do("c").open == ["z"]
    both = Player(text, {"n": 2}).do("b")
    assert both.open == ["a"]
    assert both.do("a").open == ["z"]


def test_an_exclusive_merge_lets_every_token_pass():
    text = model(
        start(),
        fork("g"),
        user("a"),
        user("b"),
        xor("m"),
        user("z"),
        end(),
        path("start", "g", "a", "m", "z", "end"),
        path("g", "b", "m"),
    )
    player = Player(text).do("a").do("b")
    assert player.open == ["z", "z"]
    assert player.do("z").do("z").done


def test_a_hundred_branches():
    names = [f"u{k}" for k in range(100)]
    inner = "".join(user(name) + path("g", name, "j") for name in names)
    player = Player(
        model(start(), fork("g"), inner, fork("j"), user("z"), end(), path("start", "g"), path("j", "z", "end"))
    )
    assert len(player.open) == 100
    for name in reversed(names):
        player.do(name)
    assert player.open == ["z"]
    assert player.completed("j") == 1


def test_an_inclusive_join_waits_for_a_token_far_away():
    """The library looks one node back from what has arrived and lets the join go."""
    text = model(
        start(),
        inclusive("g"),
        user("a"),
        xor("x", "other"),
        user("b"),
        user("c"),
        xor("m"),
        inclusive("j"),
        user("z"),
        end(),
        path("start", "g"),
        flow("g", "a", "true"),
        flow("g", "x", "true"),
        flow("x", "b", "n > 1"),
        flow("x", "c", name="other"),
        path("b", "m"),
        path("c", "m", "j"),
        path("a", "j", "z", "end"),
    )
    player = Player(text, {"n": 0}).do("a")
    assert player.open == ["c"]
    assert player.do("c").open == ["z"]


def test_an_inclusive_join_in_a_loop_beside_a_token_left_behind():
    """Compaction cannot cut the round in which a reminder is still open."""
    text = model(
        start(),
        xor("m"),
        inclusive("g"),
        user("a"),
        boundary("t", "a", timer("P1D"), interrupting=False),
        user("reminded"),
        end("e2"),
        user("b"),
        inclusive("j"),
        xor("x", "out"),
        end(),
        path("start", "m", "g"),
        flow("g", "a", "true"),
        flow("g", "b", "true"),
        path("a", "j"),
        path("b", "j", "x"),
        path("t", "reminded", "e2"),
        flow("x", "m", "again"),
        flow("x", "end", name="out"),
    )
    for orders in product(permutations("ab"), repeat=3):
        player = Player(text).wait(days=2)
        for number, order in enumerate(orders):
            assert player.open == ["a", "b", "reminded"]
            player.do(order[0], again=number < 2)
            assert player.open == sorted([order[1], "reminded"])
            player.do(order[1], again=number < 2)
        assert player.open == ["reminded"]
        assert player.do("reminded").done
