"""Random block-structured models, as BPMN and as a token game that knows nothing of the runtime.

A block is drawn by `Picture` and played by `Game`; both follow the BPMN text, not each other.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from tests.engine.runtime.bpmn import (
    boundary,
    catch,
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


@dataclass
class Block:
    """`kind`: task, wait, limit (interrupting timer), remind (the other), seq, par, xor, inc, loop, sub."""

    kind: str
    name: str
    inner: list["Block"] = field(default_factory=list)
    days: int = 0


def invent(random: Random, depth: int, names: Counter[str]) -> Block:
    """A random block; `names` counts what there is, so that every name is used once."""
    leaves = ["task", "task", "task", "limit", "remind", "wait"]
    kind = random.choice(
        leaves if depth == 0 else ["seq", "seq", "par", "par", "xor", "inc", "loop", "loop", "sub", *leaves[:5]]
    )
    names[kind] += 1
    block = Block(kind, f"{kind}{names[kind]}", days=random.randint(1, 9))
    width = {"seq": (2, 3), "par": (2, 3), "xor": (2, 3), "inc": (2, 3), "loop": (1, 1), "sub": (1, 1)}.get(
        kind, (0, 0)
    )
    block.inner = [invent(random, depth - 1, names) for _ in range(random.randint(*width))]
    return block


class Picture:
    """The block as BPMN; `variables` are those that its conditions read."""

    def __init__(self, block: Block) -> None:
        self.variables: list[str] = []
        body: list[str] = [start(), end()]
        first, last = self._draw(block, body)
        self.text = model(*body, path("start", first), path(last, "end"))

    def _variable(self, name: str) -> str:
        self.variables.append(name)
        return name

    def _draw(self, block: Block, body: list[str]) -> tuple[str, str]:
        """Draw into `body`; the first and the last element."""
        return getattr(self, f"_{block.kind}")(block, body)

    def _task(self, block: Block, body: list[str]) -> tuple[str, str]:
        body.append(user(block.name))
        return block.name, block.name

    def _wait(self, block: Block, body: list[str]) -> tuple[str, str]:
        body.append(catch(block.name, timer(f"P{block.days}D")))
        return block.name, block.name

    def _limit(self, block: Block, body: list[str]) -> tuple[str, str]:
        name = block.name
        body += [user(name), boundary(f"{name}_t", name, timer(f"P{block.days}D")), user(f"{name}_h"), xor(f"{name}_m")]
        body += [path(name, f"{name}_m"), path(f"{name}_t", f"{name}_h", f"{name}_m")]
        return name, f"{name}_m"

    def _remind(self, block: Block, body: list[str]) -> tuple[str, str]:
        name = block.name
        body += [user(name), boundary(f"{name}_t", name, timer(f"P{block.days}D"), interrupting=False)]
        body += [user(f"{name}_h"), end(f"{name}_e"), path(f"{name}_t", f"{name}_h", f"{name}_e")]
        return name, name

    def _seq(self, block: Block, body: list[str]) -> tuple[str, str]:
        drawn = [self._draw(inner, body) for inner in block.inner]
        body += [flow(a[1], b[0]) for a, b in pairwise(drawn)]
        return drawn[0][0], drawn[-1][1]

    def _par(self, block: Block, body: list[str]) -> tuple[str, str]:
        first, last = f"{block.name}_f", f"{block.name}_j"
        body += [fork(first), fork(last)]
        for inner in block.inner:
            a, b = self._draw(inner, body)
            body += [flow(first, a), flow(b, last)]
        return first, last

    def _xor(self, block: Block, body: list[str]) -> tuple[str, str]:
        return self._choice(block, body, xor)

    def _inc(self, block: Block, body: list[str]) -> tuple[str, str]:
        return self._choice(block, body, inclusive)

    def _choice(self, block: Block, body: list[str], gateway: Callable[..., str]) -> tuple[str, str]:
        first, last = f"{block.name}_f", f"{block.name}_j"
        body += [gateway(first, f"{block.name}_default"), gateway(last)]
        for number, inner in enumerate(block.inner):
            a, b = self._draw(inner, body)
            if number:
                body.append(flow(first, a, self._variable(f"{block.name}_{number}")))
            else:
                body.append(flow(first, a, name=f"{block.name}_default"))
            body.append(flow(b, last))
        return first, last

    def _loop(self, block: Block, body: list[str]) -> tuple[str, str]:
        first, last = f"{block.name}_m", f"{block.name}_x"
        a, b = self._draw(block.inner[0], body)
        out = f"{block.name}_out"
        body += [xor(first), xor(last, f"{block.name}_go"), xor(out), flow(first, a), flow(b, last)]
        body += [flow(last, first, self._variable(block.name)), flow(last, out, name=f"{block.name}_go")]
        return first, out

    def _sub(self, block: Block, body: list[str]) -> tuple[str, str]:
        inside = [start(f"{block.name}_s"), end(f"{block.name}_e")]
        a, b = self._draw(block.inner[0], inside)
        body.append(sub(block.name, *inside, path(f"{block.name}_s", a), path(b, f"{block.name}_e")))
        return block.name, block.name


@dataclass(eq=False)
class Token:
    """A task that can be done, or a timer that runs (`after_timer` says what then)."""

    element: str
    after: Callable[[], None] | None
    due: datetime | None = None
    after_timer: Callable[[], None] | None = None
    ends_task: bool = False


class Scope:
    """A process or sub-process: over when its last token is."""

    def __init__(self, over: Callable[[], None]) -> None:
        self.tokens, self.over = 1, over

    def leave(self) -> None:
        self.tokens -= 1
        if self.tokens == 0:
            self.over()


class Game:
    """Plays a block by moving tokens."""

    def __init__(self, block: Block, now: datetime, variables: dict[str, Any]) -> None:
        self.now, self.variables = now, variables
        self.tokens: list[Token] = []
        self.done = False
        scope = Scope(self._finish)
        self._play(block, scope, scope.leave)

    def _finish(self) -> None:
        self.done = True

    @property
    def open(self) -> list[str]:
        return sorted(token.element for token in self.tokens if token.after is not None)

    def do(self, element: str) -> None:
        token = next(token for token in self.tokens if token.element == element and token.after is not None)
        self.tokens.remove(token)
        token.after()

    def tick(self) -> None:
        """Everything due happens."""
        while due := [token for token in self.tokens if token.due is not None and token.due <= self.now]:
            token = due[0]
            token.due = None
            if token.ends_task or token.after is None:
                self.tokens.remove(token)
            token.after_timer()

    def _play(self, block: Block, scope: Scope, after: Callable[[], None]) -> None:
        due = self.now + timedelta(days=block.days)
        handler = Block("task", f"{block.name}_h")
        if block.kind == "task":
            self.tokens.append(Token(block.name, after))
        elif block.kind == "wait":
            self.tokens.append(Token(block.name, None, due, after))
        elif block.kind == "limit":
            self.tokens.append(Token(block.name, after, due, lambda: self._play(handler, scope, after), ends_task=True))
        elif block.kind == "remind":

            def remind() -> None:
                scope.tokens += 1
                self._play(handler, scope, scope.leave)

            self.tokens.append(Token(block.name, after, due, remind))
        elif block.kind == "seq":
            self._sequence(block.inner, scope, after)
        elif block.kind == "sub":
            inside = Scope(after)
            self._play(block.inner[0], inside, inside.leave)
        elif block.kind == "loop":

            def round_over() -> None:
                self._play(block.inner[0], scope, round_over) if self.variables[block.name] else after()

            self._play(block.inner[0], scope, round_over)
        else:
            self._together(self._chosen(block), scope, after)

    def _sequence(self, blocks: list[Block], scope: Scope, after: Callable[[], None]) -> None:
        rest = blocks[1:]
        self._play(blocks[0], scope, (lambda: self._sequence(rest, scope, after)) if rest else after)

    def _chosen(self, block: Block) -> list[Block]:
        if block.kind == "par":
            return block.inner
        true = [b for k, b in enumerate(block.inner) if k and self.variables[f"{block.name}_{k}"]]
        if not true:
            return block.inner[:1]
        return true[:1] if block.kind == "xor" else true

    def _together(self, blocks: list[Block], scope: Scope, after: Callable[[], None]) -> None:
        left = len(blocks)

        def arrive() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                after()

        for block in blocks:
            self._play(block, scope, arrive)
