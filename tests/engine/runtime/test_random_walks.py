"""Random lives of random models: with and without reloading, and in a token game, always the same tasks are open."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from tests.engine.runtime.bpmn import NOW, Player
from tests.engine.runtime.token_game import Game, Picture, invent

STEPS = 30


def decide(random: Random, variables: list[str]) -> dict[str, bool]:
    return {name: random.random() < 0.45 for name in variables}


@pytest.mark.parametrize("seed", range(240))
def test_a_random_life(seed: int):
    random = Random(seed)  # noqa: S311 a test
    block = invent(random, 3, Counter())
    picture = Picture(block)
    answers = decide(random, picture.variables)
    plain = Player(picture.text, answers, reload=False)
    loaded = Player(plain.compiled, answers, reload=True)
    game = Game(block, NOW, dict(answers))
    for step in range(STEPS):
        assert plain.open == loaded.open == game.open, (seed, step)
        assert plain.done == loaded.done == game.done, (seed, step)
        assert plain.journal == loaded.journal, (seed, step)
        assert plain.dues == loaded.dues, (seed, step)
        if game.done:
            break
        if game.open and random.random() < 0.8:
            element = random.choice(game.open)
            answers = decide(random, picture.variables)
            game.variables = dict(answers)
            for player in (plain, loaded):
                player.do(element, **answers)
            game.do(element)
        else:
            days = random.randint(1, 4)
            for player in (plain, loaded):
                player.wait(days=days)
            for _ in range(days):
                game.now += timedelta(days=1)
                game.tick()
