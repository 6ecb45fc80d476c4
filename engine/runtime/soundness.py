"""Whether tokens in a drawing can block each other: the token game of one scope, played in every way it can go.

Only what moves tokens counts: a gateway that decides may go any way, an activity is one step, an interrupting event
may come at any time. Where there are more positions than can be looked at, nothing is said against the drawing.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from engine.runtime.branches import drawing
from engine.runtime.diagram import Diagram

LOOKED_AT = 4_000  # positions
CROWD = 3  # tokens in one place: a drawing that makes more is not looked at further
WAYS = 5  # flows of an inclusive split of which every choice is tried

Place = tuple[str, str]  # (element, "") holds a token, (join, node before it) has an arrival
Marking = tuple[Place, ...]
ENDING = frozenset(["terminate", "error", "escalation"])


def can_block(diagram: Diagram, scope: str, marking: Iterable[Place]) -> bool:
    """Whether the tokens of this marking can come to where none of them can go on."""
    game = _Game(diagram, scope)
    pending = [tuple(sorted(marking))]
    seen = set(pending)
    while pending:
        at = pending.pop()
        following = list(game.following(at))
        if at and not following:
            return True
        for marked in following:
            if marked in seen:
                continue
            if len(seen) >= LOOKED_AT or any(marked.count(place) > CROWD for place in marked):
                return False
            seen.add(marked)
            pending.append(marked)
    return False


class _Game:
    def __init__(self, diagram: Diagram, scope: str) -> None:
        self.drawn = drawing(diagram, scope)
        self.ahead: dict[str, frozenset[str]] = {}

    def following(self, marking: Marking) -> Iterator[Marking]:
        """Every marking that one step leads to."""
        arrived: dict[str, set[str]] = {}
        for element, source in marking:
            if source:
                arrived.setdefault(element, set()).add(source)
            else:
                yield from self._moved(marking, element)
        moved = False
        inclusive = []
        for join, sources in arrived.items():
            if self.drawn.elements[join].kind == "inclusiveGateway":
                inclusive.append((join, sources))
            elif sources == {flow.source for flow in self.drawn.into[join]}:
                moved = True
                yield from self._left(_without(marking, [(join, source) for source in sources]), join)
        for join, sources in inclusive:
            awaited = any(not source and join in self._reach(element) for element, source in marking)
            if not awaited or (not moved and len(marking) == len(sources)):
                yield from self._left(_without(marking, [(join, source) for source in sources]), join)

    def _moved(self, marking: Marking, element: str) -> Iterator[Marking]:
        rest = _without(marking, [(element, "")])
        yield from self._left(rest, element)
        for event in self.drawn.edges.get(element, ()):
            if event.interrupting:
                yield from self._left(rest, event.id)

    def _left(self, rest: Marking, element: str) -> Iterator[Marking]:
        """A token leaves an element."""
        drawn = self.drawn.elements[element]
        flows = self.drawn.out.get(element, [])
        if drawn.kind == "endEvent" and drawn.event in ENDING:
            yield ()
        elif not flows:
            yield rest
        elif drawn.kind in {"exclusiveGateway", "eventBasedGateway", "complexGateway"}:
            for flow in flows:
                yield self._given(rest, element, [flow.target])
        elif drawn.kind == "inclusiveGateway":
            sizes = range(1, len(flows) + 1) if len(flows) <= WAYS else (1, len(flows))
            for size in sizes:
                for chosen in combinations(flows, size):
                    yield self._given(rest, element, [flow.target for flow in chosen])
        else:
            yield self._given(rest, element, [flow.target for flow in flows])

    def _given(self, rest: Marking, source: str, targets: Iterable[str]) -> Marking:
        places = [(target, source if self.drawn.joins(target) else "") for target in targets]
        return tuple(sorted([*rest, *places]))

    def _reach(self, element: str) -> frozenset[str]:
        if element not in self.ahead:
            found: set[str] = set()
            pending = [element]
            while pending:
                at = pending.pop()
                following = [flow.target for flow in self.drawn.out.get(at, ())]
                following += [event.id for event in self.drawn.edges.get(at, ())]
                fresh = [each for each in following if each not in found]
                found.update(fresh)
                pending += fresh
            self.ahead[element] = frozenset(found)
        return self.ahead[element]


def _without(marking: Marking, places: Iterable[Place]) -> Marking:
    rest = list(marking)
    for place in places:
        rest.remove(place)
    return tuple(rest)
