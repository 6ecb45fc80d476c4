"""A version as the past is asked about it: ways out of gateways, what decisions and scripts give, when limits end."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from engine import runtime
from engine.clocks import Clock, DeadlineRule, period_of
from engine.deadlines import OFFICE, InvalidPeriod
from engine.decisions import DecisionError
from engine.definitions import Definition
from engine.errors import RunFailed
from engine.feel import compile_expression
from engine.functions import FUNCTIONS
from engine.runtime import Element, Flow, Repeat
from engine.values import normalised

Context = Mapping[str, Any]
DECIDING = frozenset(["exclusiveGateway", "inclusiveGateway"])
ASSIGNING = frozenset(["scriptTask", "businessRuleTask"])
PASSED = frozenset(["parallelGateway", "intermediateThrowEvent", "startEvent"]) | ASSIGNING
NOBODY, NEVER = UUID(int=0), datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Landing:
    """Where tokens come to: elements that are known, and the new steps on the way."""

    elements: frozenset[str]
    added: tuple[str, ...]


class Drawn:
    """A definition with what replaying asks of it again and again."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.elements: Mapping[str, Element] = definition.diagram.elements
        self.leaving: dict[str, list[Flow]] = {}
        for flow in definition.diagram.flows.values():
            self.leaving.setdefault(flow.source, []).append(flow)
        self._reads: dict[str, frozenset[str]] = {}

    @cached_property
    def repeats(self) -> Mapping[str, Repeat]:
        """The repeated activities."""
        return runtime.repeats(self.definition.compiled)

    @cached_property
    def limits(self) -> Mapping[str, list[Element]]:
        """Deadline name -> the elements that start it."""
        found: dict[str, list[Element]] = {}
        for element in self.elements.values():
            if limit_of(element):
                found.setdefault(element.properties.get("deadline", "") or element.id, []).append(element)
        return found

    def decides(self, element: Element) -> bool:
        """Whether a token has more than one way to go on."""
        return element.kind in DECIDING and len(self.leaving.get(element.id, ())) > 1

    def reads(self, element: Element) -> frozenset[str]:
        """The variables that are looked at in an element. Raises DecisionError, FeelError."""
        if element.id not in self._reads:
            self._reads[element.id] = frozenset(self._asked(element))
        return self._reads[element.id]

    def _asked(self, element: Element) -> AbstractSet[str]:
        if element.kind == "businessRuleTask":
            known = self.definition.decisions.get(element.decision)
            return known.reads(element.decision) if known is not None else frozenset()
        if element.kind == "scriptTask":
            return names_in(element.script)
        if limit := limit_of(element):
            return names_in("" if _is_fixed(limit) else limit) | names_in(self.rule(element).start)
        conditions = (flow.condition or "" for flow in self.leaving.get(element.id, ()))
        return frozenset().union(*map(names_in, conditions))

    def locals(self, element_id: str) -> frozenset[str]:
        """The names that hold something else for each instance of a repeated activity around an element."""
        around = (each.id for each in self.definition.diagram.inside(element_id) if each is not None)
        found = [self.repeats[each].item for each in around if each in self.repeats]
        return frozenset([*found, "loopCounter"]) if found else frozenset()

    def ways(self, element: Element, context: Context, at: datetime) -> list[Flow]:
        """The flows a token takes. Raises RunFailed where there is none, FeelError."""
        leaving = self.leaving.get(element.id, [])
        if not self.decides(element):
            return leaving
        found = []
        for flow in leaving:
            if flow.id != element.default and (flow.condition is None or _holds(flow.condition, context, at)):
                found.append(flow)
                if element.kind == "exclusiveGateway":
                    break
        found = found or [flow for flow in leaving if flow.id == element.default]
        if not found:
            raise RunFailed("no condition is true and there is no default flow", element=element.id)
        return found

    def assigned(self, element: Element, context: Context, at: datetime) -> dict[str, Any]:
        """What a script or a decision writes, by variable. Raises RunFailed, DecisionError, FeelError."""
        if element.kind == "scriptTask":
            value = evaluate(element.script, context, at)
            written = {element.result: value} if element.result else {}
        else:
            decide = self.definition.rules.decide
            if decide is None:
                raise RunFailed("there are no decisions", element=element.id)
            mapping = element.mapping or ("resultList" if element.result else "")
            value = decide(element.decision, context, at.astimezone(OFFICE), mapping)
            written = {element.result: value} if element.result else value if isinstance(value, dict) else {}
        return {key: self.typed(key, item) for key, item in written.items()}

    def rules(self, element: Element, context: Context, at: datetime) -> tuple[int, ...]:
        """The numbers of the rules that apply in a decision."""
        known = self.definition.decisions.get(element.decision)
        if element.kind != "businessRuleTask" or known is None:
            return ()
        try:
            return tuple(match.number for match in known.matches(element.decision, context, now=at.astimezone(OFFICE)))
        except DecisionError:
            return ()

    def typed(self, key: str, value: Any) -> Any:
        """A value as a case keeps it."""
        return self.definition.rules.typed(key, normalised(value))

    def rule(self, element: Element) -> DeadlineRule:
        """What the manifest says about the limit of an element."""
        name = element.properties.get("deadline", "")
        return self.definition.rules.deadlines.get(name) or DeadlineRule(name or element.id)

    def clock(self, element: Element, context: Context, at: datetime) -> Clock | None:
        """The limit of an element, begun at an instant; None where it sets none. Raises InvalidPeriod, FeelError."""
        text, rule = limit_of(element), self.rule(element)
        value: Any = text
        if not _is_fixed(text):
            value = evaluate(text, context, at)
        if value is None:
            return None
        start = _start(evaluate(rule.start, context, at), at) if rule.start else at
        period = period_of(value, legal=bool(element.properties.get("deadline")), start_at=start)
        return Clock(rule.name, "", element.id, NOBODY, "", "", period, start)

    def landing(
        self,
        flows: Iterable[Flow],
        known: AbstractSet[str],
        context: Context,
        at: datetime,
        ask: Callable[[Element], None],
    ) -> Landing:
        """Follow flows through what is new until something known, or an end; `ask` is told what is decided on the way.

        New steps that wait for somebody are passed as if they changed nothing. Raises as `ways`.
        """
        pending, found, added, seen = [flow.target for flow in flows], set[str](), list[str](), set[str]()
        context = dict(context)
        while pending:
            target = pending.pop()
            element = self.elements[target]
            if target in known or element.kind in {"endEvent", "eventBasedGateway"}:
                found.add(target)
            elif target not in seen:
                seen.add(target)
                ask(element)
                if element.kind in ASSIGNING:
                    context |= self.assigned(element, context, at)
                elif element.kind not in DECIDING | PASSED and not runtime.is_synthetic(target):
                    added.append(target)
                pending += [flow.target for flow in self.ways(element, context, at)]
        return Landing(frozenset(found), tuple(added))


def evaluate(text: str, context: Context, at: datetime) -> Any:
    """The value of a FEEL text as a case would have got it then. Raises FeelError."""
    expression = compile_expression(text.strip().removeprefix("="), functions=FUNCTIONS)
    return expression(context, now=at.astimezone(OFFICE))


def names_in(text: str) -> frozenset[str]:
    """The variables a FEEL text reads. Raises FeelError."""
    if not text:
        return frozenset()
    expression = compile_expression(text.strip().removeprefix("="), functions=FUNCTIONS)
    return expression.free_names | expression.filter_names


def limit_of(element: Element) -> str:
    """The text of a time limit that is a deadline; repetitions are none."""
    if element.timer_kind == "timeCycle":
        return ""
    return element.timer or element.due or element.properties.get("period", "")


def _holds(text: str, context: Context, at: datetime) -> bool:
    value = evaluate(text, context, at)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise RunFailed(f"the condition {text!r} gave {value!r} instead of true or false")


def _is_fixed(text: str) -> bool:
    """Whether a limit is written out, and not computed."""
    try:
        period_of(text, legal=True, start_at=NEVER)
    except (InvalidPeriod, ValueError):
        return False
    return True


def _start(value: Any, at: datetime) -> datetime:
    if value is None:
        return at
    kind, _, rest = period_of(value, legal=True, start_at=at).partition(":")
    if kind == "date":
        return datetime.fromisoformat(rest).replace(hour=12, tzinfo=OFFICE).astimezone(UTC)
    if kind == "at":
        return datetime.fromisoformat(rest)
    raise InvalidPeriod(f"{value!r} is not a date", given=str(value))
