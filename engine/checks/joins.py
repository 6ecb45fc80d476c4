"""Joins that wait for a token that does not come or are overtaken, and loops in which tokens multiply."""

from collections.abc import Iterable

from engine import runtime
from engine.checks.drawing import Drawing, Scope
from engine.checks.paths import can_be_interrupted
from engine.checks.report import Report

ALTERNATIVES = frozenset(["exclusiveGateway", "eventBasedGateway"])
SEVERAL = 2
SHOWN = 3  # choices of a way that a sentence tells, the last ones


def check_joins(diagram: runtime.Diagram, drawing: Drawing, report: Report) -> None:
    """Play every scope that has a join. `diagram` is the one that runs, `drawing` says where in the files it is."""
    budget = runtime.Budget()
    drawn = {scope.item.key: scope for scope in drawing.scopes}
    for key, graph in runtime.graphs(diagram).items():
        if key not in drawn:
            continue
        for element in multiplying(graph, budget):
            item = drawn[key].nodes.get(element.removesuffix(".split"), drawn[key].item)
            report.add("tokens-multiply", item.file, item.id, item.line)
        if any(graph.joins(element) for element in graph.elements):
            _Joins(diagram, runtime.Game(graph), drawn[key], budget).check(report)


def multiplying(graph: runtime.Graph, budget: runtime.Budget) -> list[str]:
    """The elements at which one token becomes several of which more than one can come back, no join in between."""
    found = []
    for element in graph.elements.values():
        flows = graph.out.get(element.id, [])
        ways = [flow.target for flow in flows] if len(flows) > 1 and element.kind not in ALTERNATIVES else []
        reminders = [event.id for event in graph.edges.get(element.id, ()) if not event.interrupting]
        if len(ways) + 2 * len(reminders) < SEVERAL:
            continue
        try:
            back = _leading_to(element.id, graph, budget)
        except runtime.TooMuch:
            break
        if len(back.intersection(ways)) >= SEVERAL or back.intersection(reminders):
            found.append(element.id)
    return found


def _leading_to(element: str, graph: runtime.Graph, budget: runtime.Budget) -> set[str]:
    """An element, where it is no join, and all from which a token comes to it without passing a join."""
    found, pending = set[str](), [element]
    while pending:
        at = pending.pop()
        if at in found or graph.joins(at):
            continue
        found.add(at)
        budget.spend(1)
        pending += [flow.source for flow in graph.into.get(at, ())]
        pending += [graph.elements[at].attached_to] if graph.elements[at].attached_to else []
    return found


class _Joins:
    """The joins of one scope."""

    def __init__(self, diagram: runtime.Diagram, game: runtime.Game, scope: Scope, budget: runtime.Budget) -> None:
        self.diagram, self.game, self.scope, self.budget = diagram, game, scope, budget
        self.interrupted = any(can_be_interrupted(around) for around in scope.around())
        self.reported: set[str] = set()

    def check(self, report: Report) -> None:
        starts = [e.id for e in self.game.graph.elements.values() if e.kind == "startEvent"]
        plays = [self.game.play([runtime.Place(start)], self.budget) for start in starts]
        for start in starts:
            for join in self.game.joins:
                self._overtaken(join, self.game.play([runtime.Place(start)], self.budget, held=join), report)
        for play in plays:
            hopeless = play.whole and not play.ends and not self.interrupted
            for marking in play.stuck:
                for join, missing in self.game.missing(marking).items():
                    rule = "join-waits" if hopeless else "join-may-wait"
                    self._add(rule, join, report, missing=self._named(missing), way=self._told(play.way(marking)))

    def _overtaken(self, join: str, play: runtime.Play, report: Report) -> None:
        for marking in play.came:
            for place in marking:
                if place.element == join and place.source and marking.count(place) > 1:
                    self._add("join-overtaken", join, report, source=self._named([place.source]))
                    return

    def _add(self, rule: str, join: str, report: Report, **params: str) -> None:
        if join not in self.reported:
            self.reported.add(join)
            item = self.scope.nodes[join]
            report.add(rule, item.file, item.id, item.line, **params)

    def _named(self, elements: Iterable[str]) -> str:
        return ", ".join(self._name(element) for element in elements)

    def _name(self, element: str) -> str:
        found = self.diagram.elements[element]
        return found.name or found.id

    def _told(self, way: tuple[str, ...]) -> str:
        flows = self.diagram.flows
        told = [
            flows[each].name or f"{self._name(flows[each].source)} → {self._name(flows[each].target)}"
            if each in flows
            else self._name(each)
            for each in way
        ]
        return ", ".join(told[-SHOWN:])
