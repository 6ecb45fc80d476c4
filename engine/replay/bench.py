"""What the judging of one case stands on: both versions, the variables, and the points that have been judged."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine.decisions import DecisionError
from engine.errors import EngineError
from engine.feel import FeelError
from engine.replay.drawn import Drawn
from engine.replay.memory import Memory
from engine.replay.results import Difference, Read, Unjudged
from engine.replay.telling import ALWAYS, label_of, looked_at
from engine.runtime import Element

ERRORS = (FeelError, DecisionError, EngineError, ArithmeticError, LookupError, TypeError, ValueError)


class CannotJudge(Exception):
    """Nothing can be said about this point."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code)
        self.code, self.about = code, about


@dataclass
class Point:
    """Something that was judged: what it rests on, and what is otherwise."""

    reads: frozenset[str]
    element: str
    name: str
    at: datetime
    difference: Difference | None = None
    unjudged: Unjudged | None = None


@dataclass
class Bench:
    """One case. `old` is the version of then and changes with migrations; `mapping` says what it is called now."""

    draft: Drawn
    memory: Memory
    mapping: Mapping[str, str]
    old: Drawn
    points: list[Point] = field(default_factory=list)
    gone: dict[str, None] = field(default_factory=dict)
    refused: dict[tuple[str, str], None] = field(default_factory=dict)
    asked_anew: set[str] = field(default_factory=set)
    ends_at: datetime | None = None  # from here on the past no longer applies
    is_over: bool = False  # nothing is looked at any more
    at: datetime = field(init=False)

    def called(self, element: str) -> str:
        """What an element of then is called in the draft; it need not be there."""
        return self.mapping.get(element, element)

    def known(self) -> frozenset[str]:
        """The elements of the draft that were there then."""
        return frozenset(self.called(each) for each in self.old.elements) & self.draft.elements.keys()

    def context(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What an expression could read at this moment."""
        return {**self.memory.surroundings, **values}

    def settled(self, unsure: Collection[str]) -> list[Point]:
        """The points; those that rest on a variable that did not come out as the case keeps it cannot be judged."""
        found = []
        for point in self.points:
            wrong = sorted(point.reads & set(unsure))
            if wrong and point.unjudged is None:
                about = label_of(self.old, wrong[0])
                told = Unjudged("value-lost", point.element, point.name, point.at, about)
                found.append(replace(point, difference=None, unjudged=told))
            else:
                found.append(point)
        return found

    def _require_rebuilt(self, drawn: Drawn, element: Element) -> None:
        reads = drawn.reads(element)
        for name in sorted(reads & (drawn.locals(element.id) | self.memory.unknown)):
            raise CannotJudge("value-lost", label_of(drawn, name))

    def require_known(self, element: Element) -> None:
        """The draft must not look at what nobody could have said then. Raises CannotJudge."""
        facts, hidden = self.draft.definition.facts, self.draft.locals(element.id)
        for name in sorted(self.draft.reads(element)):
            if name in self.memory.now or name in ALWAYS:
                continue
            is_new = name in facts and name not in self.old.definition.facts
            if is_new or name in self.asked_anew or name in hidden:
                raise CannotJudge("not-asked-then", label_of(self.draft, name))

    @contextmanager
    def judging(self, element: Element) -> Iterator[None]:
        """What cannot be judged about an element is told, and the walk goes on."""
        try:
            yield
        except CannotJudge as error:
            self._cannot(element, error.code, error.about)
        except ERRORS as error:
            self._cannot(element, "not-rebuilt", str(error)[:200])

    def _cannot(self, element: Element, code: str, about: str = "") -> None:
        if not self.is_over:
            told = Unjudged(code, self.called(element.id), element.name or element.id, self.at, about)
            self.points.append(Point(frozenset(), told.element, told.name, self.at, unjudged=told))

    def _agree(self, element: Element) -> None:
        self.points.append(self.point(element))

    def _differ(self, element: Element, kind: str, then: Any, now: Any, **more: Any) -> None:
        told = Difference(
            kind,
            self.called(element.id),
            element.name or element.id,
            self.at,
            then,
            now,
            self.looked_at(element),
            **more,
        )
        self.points.append(self.point(element, told))

    def point(self, element: Element, difference: Difference | None = None) -> Point:
        """A point that was judged."""
        name = element.name or element.id
        return Point(_reads(self.old, element), self.called(element.id), name, self.at, difference)

    def looked_at(self, element: Element) -> list[Read]:
        """The values that decided, on either side."""
        draft = self.draft.elements.get(self.called(element.id))
        names = {*_reads(self.old, element), *(_reads(self.draft, draft) if draft is not None else ())}
        found = looked_at(self.old, names - self.draft.definition.facts.keys(), self.memory.then)
        return [*looked_at(self.draft, names & self.draft.definition.facts.keys(), self.memory.now), *found]


def _reads(drawn: Drawn, element: Element) -> frozenset[str]:
    """The variables that are looked at in an element; of what cannot be read, none."""
    try:
        return drawn.reads(element)
    except ERRORS:
        return frozenset()
