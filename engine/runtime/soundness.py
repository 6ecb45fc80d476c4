"""Whether tokens in a drawing can block each other: the token game of one scope, played in every way that it can go.

Only what moves tokens counts: a gateway that decides may go any way, an activity is one step, the events on its edge
may come at any time. A token that is not at a join moves without regard to the others, and whatever comes to a join
waits for nobody else, so that it is enough to move one token at a time (the net is free-choice; persistent sets:
Godefroid, LNCS 1032): the positions that are left are those that choices lead to. What leads to no join is not played.
Where there are more positions than can be looked at, nothing is said against the drawing.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from engine.runtime.branches import Graph, drawing
from engine.runtime.diagram import Diagram, Flow

WORK = 400_000  # places of all positions that are looked at, once
CROWD = 2  # tokens in one place: no more are counted
WAYS = 6  # flows of an inclusive split of which every choice is tried
ENDING = frozenset(["terminate", "error"])
CHOICES = frozenset(["exclusiveGateway", "eventBasedGateway", "inclusiveGateway"])


class Place(NamedTuple):
    """Where a token is: in an element, or at a join, come from the node before it."""

    element: str
    source: str = ""
    spent: tuple[str, ...] = ()  # timers on the edge that have fired and fire once


Marking = tuple[Place, ...]
Step = tuple[tuple[str, ...], Marking]  # the flows or events chosen, and what they lead to


class TooMuch(Exception):
    """There is more to look at than may be."""


@dataclass
class Budget:
    """What may still be looked at."""

    left: int = WORK

    def spend(self, work: int) -> None:
        """Look at so many places. Raises TooMuch."""
        self.left -= work
        if self.left < 0:
            raise TooMuch


@dataclass
class Play:
    """Every position that can be reached, and how."""

    came: dict[Marking, tuple[Marking | None, tuple[str, ...]]] = field(default_factory=dict)
    stuck: list[Marking] = field(default_factory=list)
    ends: bool = False  # it can come to an end
    whole: bool = True  # nothing was left out

    def way(self, marking: Marking) -> tuple[str, ...]:
        """The flows and events chosen on the way to a position."""
        chosen: list[tuple[str, ...]] = []
        at: Marking | None = marking
        while at is not None:
            at, step = self.came[at]
            chosen.append(step)
        return tuple(each for step in reversed(chosen) for each in step)


def can_block(diagram: Diagram, scope: str, marking: Iterable[tuple[str, str]]) -> bool:
    """Whether the tokens of this marking, (element, node before a join or ""), can come to where none can go on."""
    return bool(Game(drawing(diagram, scope)).play([Place(*place) for place in marking], Budget()).stuck)


class Game:
    """The token game of one scope."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.joins = [element for element in graph.elements if graph.joins(element)]
        ends = [e.id for e in graph.elements.values() if e.kind == "endEvent" and e.event in ENDING]
        self.counting = self._before([*self.joins, *ends])
        self.leading: dict[tuple[str, str], frozenset[str]] = {}

    def play(self, marking: Iterable[Place], budget: Budget, held: str = "") -> Play:
        """Everything that can come of a marking; `held` is a join that goes on only when nothing else can."""
        first = tuple(sorted(place for place in marking if place.element in self.counting))
        found = Play({first: (None, ())})
        pending = deque([first])
        try:
            while pending:
                at = pending.popleft()
                following = list(self._following(at, held, budget))
                found.ends = found.ends or not at
                if at and not following:
                    found.stuck.append(at)
                for chosen, marked in following:
                    budget.spend(len(marked) + 1)
                    if marked in found.came:
                        continue
                    if any(a == b for a, b in zip(marked, marked[CROWD:], strict=False)):  # sorted
                        found.whole = False
                        continue
                    found.came[marked] = (at, chosen)
                    pending.append(marked)
        except TooMuch:
            found.whole = False
        return found

    def missing(self, marking: Marking) -> dict[str, list[str]]:
        """The joins that wait in a position, with the nodes before them from which nothing has come."""
        return {
            join: [flow.source for flow in self.graph.into[join] if flow.source not in sources]
            for join, sources in _arrivals(marking).items()
        }

    def _following(self, marking: Marking, held: str, budget: Budget) -> Iterator[Step]:
        """What one step leads to: of a token that is not at a join, else of the joins."""
        token = next((place for place in marking if not place.source), None)
        if token is not None:
            yield from self._moved(marking, token)
            return
        parallel, inclusive = [], []
        for join, sources in _arrivals(marking).items():
            if self.graph.elements[join].kind == "inclusiveGateway":
                if not self._awaits(join, sources, marking, budget):
                    inclusive.append(join)
            elif all(flow.source in sources for flow in self.graph.into[join]):
                parallel.append(join)
        parallel.sort(key=lambda join: join == held)
        ready = parallel[:1] if parallel and parallel[0] != held else inclusive or parallel
        for join in ready:
            come = [Place(join, source) for source in sorted(_arrivals(marking)[join])]
            yield from self._left(_without(marking, come), join)

    def _awaits(self, join: str, sources: set[str], marking: Marking, budget: Budget) -> bool:
        """Whether a token elsewhere can still come by a flow on which none has, and by none on which one has."""
        missing = [flow.source for flow in self.graph.into[join] if flow.source not in sources]
        if not missing:
            return False
        awaited: set[str] = set()
        for source in missing:
            awaited |= self._leading(join, source, budget)
        others = {place.element for place in marking if place.element != join} & awaited
        return bool(others - set().union(*(self._leading(join, source, budget) for source in sources)))

    def _leading(self, join: str, source: str, budget: Budget) -> frozenset[str]:
        """The elements from which a join is reached over the node before it, not through the join itself."""
        if (join, source) not in self.leading:
            self.leading[join, source] = self._before([source], without=join)
            budget.spend(len(self.leading[join, source]))
        return self.leading[join, source]

    def _before(self, elements: Iterable[str], without: str = "") -> frozenset[str]:
        """These elements and all from which a token can come to them."""
        found = set(elements)
        pending = list(found)
        while pending:
            at = pending.pop()
            before = [flow.source for flow in self.graph.into.get(at, ())]
            host = self.graph.elements[at].attached_to if at in self.graph.elements else ""
            for each in [*before, host]:
                if each and each not in found and each != without:
                    found.add(each)
                    pending.append(each)
        return frozenset(found)

    def _moved(self, marking: Marking, token: Place) -> Iterator[Step]:
        rest = _without(marking, [token])
        yield from self._left(rest, token.element)
        for event in self.graph.edges.get(token.element, ()):
            if event.interrupting:
                yield from self._chosen(rest, event.id)
            elif event.id in self.counting and event.id not in token.spent:
                once = event.event == "timer" and event.timer_kind != "timeCycle"
                stays = token._replace(spent=(*token.spent, event.id)) if once else token
                yield from self._chosen((*rest, stays), event.id)

    def _chosen(self, rest: Marking, event: str) -> Iterator[Step]:
        for way, marked in self._left(rest, event):
            yield (event, *way), marked

    def _left(self, rest: Marking, element: str) -> Iterator[Step]:
        """A token leaves an element."""
        drawn = self.graph.elements[element]
        flows = self.graph.out.get(element, [])
        if drawn.kind == "endEvent" and drawn.event in ENDING | {"escalation"}:
            yield (), ()
        if drawn.kind == "endEvent" and drawn.event in ENDING:
            return
        if not flows:
            yield (), rest
        elif drawn.kind not in CHOICES or len(flows) == 1:
            yield (), self._given(rest, element, flows)
        elif drawn.kind == "inclusiveGateway":
            for chosen in _choices(flows, drawn.default):
                yield tuple(flow.id for flow in chosen), self._given(rest, element, chosen)
        else:
            for flow in flows:
                yield (flow.id,), self._given(rest, element, [flow])

    def _given(self, rest: Marking, source: str, flows: Iterable[Flow]) -> Marking:
        targets = [flow.target for flow in flows if flow.target in self.counting]
        return tuple(sorted([*rest, *(Place(at, source if self.graph.joins(at) else "") for at in targets)]))


def _choices(flows: list[Flow], default: str) -> Iterator[tuple[Flow, ...]]:
    """What an inclusive split may choose: its default flow alone, or any others with those that are always taken."""
    always = tuple(flow for flow in flows if flow.condition == "true")
    may = [flow for flow in flows if flow not in always and flow.id != default]
    if not always:
        yield from ((flow,) for flow in flows if flow.id == default)
    for size in range(len(may) + 1) if len(may) <= WAYS else (1, len(may)):
        for chosen in combinations(may, size):
            if always or chosen:
                yield always + chosen


def _arrivals(marking: Marking) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for place in marking:
        if place.source:
            found.setdefault(place.element, set()).add(place.source)
    return found


def _without(marking: Marking, places: Iterable[Place]) -> Marking:
    rest = list(marking)
    for place in places:
        rest.remove(place)
    return tuple(rest)
