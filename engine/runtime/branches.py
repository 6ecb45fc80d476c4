"""Which parallel branch of its scope an element is drawn in, as far as the drawing says it clearly.

A branch is a chain of (split, flows taken): a parallel or inclusive split opens one, the join of all its flows closes
it, a join of some of them narrows it. A token may change its place only within one branch: elsewhere a join would
wait for ever, or let through too early.
"""

from collections.abc import Iterable
from functools import lru_cache

from engine.runtime.diagram import Diagram, Element, Flow

Branch = tuple[tuple[str, frozenset[str]], ...]
SPLITS = frozenset(["parallelGateway", "inclusiveGateway"])


class Graph:
    """The elements and flows of one scope."""

    def __init__(self, elements: Iterable[Element], flows: Iterable[Flow]) -> None:
        self.elements = {element.id: element for element in elements}
        self.out: dict[str, list[Flow]] = {}
        self.into: dict[str, list[Flow]] = {}
        for flow in flows:
            self.out.setdefault(flow.source, []).append(flow)
            self.into.setdefault(flow.target, []).append(flow)
        self.edges: dict[str, list[Element]] = {}  # boundary events by what they are attached to
        for element in self.elements.values():
            if element.attached_to:
                self.edges.setdefault(element.attached_to, []).append(element)

    def joins(self, element: str) -> bool:
        """Whether tokens of several flows become one here."""
        return self.elements[element].kind in SPLITS and len(self.into.get(element, ())) > 1


class Drawing(Graph):
    """The elements and flows of one scope, and the branch of each element."""

    def __init__(self, elements: Iterable[Element], flows: Iterable[Flow]) -> None:
        super().__init__(elements, flows)
        self.branch: dict[str, Branch] = {}
        self.arrived: dict[str, Branch] = {}  # by flow
        self.mixed: set[str] = set()
        self._label()
        self._spread()

    def _label(self) -> None:
        ready: list[tuple[str, Branch]] = [
            (e.id, ()) for e in self.elements.values() if e.id not in self.into and not e.attached_to
        ]
        pending: list[str] = []  # joins that some flow has reached and others not yet
        while ready or pending:
            if not ready:  # only a loop leads into the rest of its flows
                ready.append(self._forced(pending.pop(0)))
                continue
            element, branch = ready.pop()
            if element in self.branch:
                self._meet(element, branch)
                continue
            self.branch[element] = branch
            ready += self._onward(element, branch, pending)

    def _onward(self, element: str, branch: Branch, pending: list[str]) -> list[tuple[str, Branch]]:
        found = [(b.id, branch if b.interrupting else _opened(branch, b.id, b.id)) for b in self.edges.get(element, ())]
        flows = self.out.get(element, [])
        splits = self.elements[element].kind in SPLITS and len(flows) > 1
        for flow in flows:
            self.arrived[flow.id] = _opened(branch, element, flow.id) if splits else branch
            if not self.joins(flow.target):
                found.append((flow.target, self.arrived[flow.id]))
            elif all(one.id in self.arrived for one in self.into[flow.target]):
                pending[:] = [one for one in pending if one != flow.target]
                found.append(self._forced(flow.target))
            elif flow.target not in pending:
                pending.append(flow.target)
        return found

    def _forced(self, join: str) -> tuple[str, Branch]:
        arrived = [self.arrived[flow.id] for flow in self.into[join] if flow.id in self.arrived]
        return join, self._joined(arrived)

    def _joined(self, branches: list[Branch]) -> Branch:
        """What is left of the branches when their tokens have become one."""
        common: list[tuple[str, frozenset[str]]] = []
        for entries in zip(*branches, strict=False):
            if len(set(entries)) == 1:
                common.append(entries[0])
                continue
            if len({split for split, _ in entries}) == 1:
                split, taken = entries[0][0], frozenset().union(*(flows for _, flows in entries))
                if taken != {flow.id for flow in self.out.get(split, ())}:
                    common.append((split, taken))
            break
        return tuple(common)

    def _meet(self, element: str, branch: Branch) -> None:
        if self.branch[element] != branch and not self.joins(element):
            self.mixed.add(element)

    def _spread(self) -> None:
        """What comes behind an unclear element is unclear too."""
        pending = list(self.mixed)
        while pending:
            element = pending.pop()
            following = [flow.target for flow in self.out.get(element, ())]
            following += [boundary.id for boundary in self.edges.get(element, ())]
            fresh = [one for one in following if one not in self.mixed]
            self.mixed.update(fresh)
            pending += fresh

    def of(self, element: str) -> Branch | None:
        """The branch of an element; None where the drawing leaves it open."""
        return None if element in self.mixed else self.branch.get(element)


def _opened(branch: Branch, split: str, flow: str) -> Branch:
    return (*branch, (split, frozenset([flow])))


@lru_cache(maxsize=64)
def _drawing(holder: "_Identity", scope: str) -> Drawing:
    elements = [element for element in holder.diagram.elements.values() if element.scope == scope]
    inside = {element.id for element in elements}
    return Drawing(elements, [flow for flow in holder.diagram.flows.values() if flow.source in inside])


class _Identity:
    """A diagram as a key: by identity, for diagrams are immutable and hold mappings."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.diagram is other.diagram

    def __hash__(self) -> int:
        return id(self.diagram)


def drawing(diagram: Diagram, scope: str) -> Drawing:
    """The drawing of a scope (a process or sub-process), remembered."""
    return _drawing(_Identity(diagram), scope)


def graphs(diagram: Diagram) -> dict[str, Graph]:
    """The graph of every scope with something in it, by the id of the scope."""
    elements: dict[str, list[Element]] = {}
    flows: dict[str, list[Flow]] = {}
    for element in diagram.elements.values():
        elements.setdefault(element.scope, []).append(element)
    for flow in diagram.flows.values():
        if flow.source in diagram.elements:
            flows.setdefault(diagram.elements[flow.source].scope, []).append(flow)
    return {scope: Graph(inside, flows.get(scope, ())) for scope, inside in elements.items()}


def behind_event_gateway(diagram: Diagram, element: str) -> bool:
    """Whether an event is one of those that an event-based gateway waits for itself."""
    sources = (flow.source for flow in diagram.flows.values() if flow.target == element)
    return any(diagram.elements[source].kind == "eventBasedGateway" for source in sources if source in diagram.elements)
