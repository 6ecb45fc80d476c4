"""The variables of a case as they were, rebuilt event by event from its trail; and as the draft would have had them.

Answers, reports and messages are the past and go to both; what scripts and decisions write is each side's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.corrections import PLACE
from engine.facts import SENSITIVE
from engine.feel import FeelError
from engine.forms.values import empty
from engine.recurrence import Recurrence
from engine.replay.drawn import Drawn, evaluate
from engine.values import normalised

REPEATED = "repeated"  # the variables of the instances of a repeated activity are not kept
ANSWERED = frozenset(["case_opened", "task_completed", "task_skipped", "event_raised"])


@dataclass
class Memory:
    """What a case knew (`then`) and what it would know (`now`); `unknown` are variables that cannot be rebuilt."""

    surroundings: Mapping[str, Any]
    message: Callable[[str, str], Mapping[str, Any] | None]  # (name, sending case) -> what a message brought
    then: dict[str, Any] = field(default_factory=dict)
    now: dict[str, Any] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    lost: str = ""  # why nothing can be said any more
    _items: dict[str, tuple[str, Any]] = field(default_factory=dict)  # task -> name and value of its item
    _entered: dict[str, int] = field(default_factory=dict)  # element -> instances begun since its list was begun

    def assign(self, drawn: Drawn, key: str, value: Any) -> None:
        """Something that happened."""
        self.then[key] = self.now[key] = drawn.typed(key, value)

    def take(self, drawn: Drawn, kind: str, detail: Mapping[str, Any], at: datetime) -> None:
        """What an event brought into the case, before the token moved."""
        if kind in ANSWERED:
            self._answers(drawn, kind, detail, at)
        elif kind == "message_received":
            brought = self.message(detail["event"], detail["from"])
            if brought is None:
                self.lost = "message-lost"
            for key, value in (brought or {}).items():
                self.assign(drawn, key, value)
        elif kind == "signal_received":
            self.lost = "signal-lost"
        elif kind == "fact_corrected":
            self._correct(drawn, str(detail["fact"]), detail["after"])

    def _answers(self, drawn: Drawn, kind: str, detail: Mapping[str, Any], at: datetime) -> None:
        answers: Mapping[str, Any] = detail.get("answers", {})
        repeat = drawn.repeats.get(detail.get("element", ""))
        if kind == "task_skipped":
            form = drawn.definition.form(drawn.elements[detail["element"]].form)
            asked = {each.key: empty(each) for each in form.questions if each.key and not each.readonly}
            answers = {key: value for key, value in asked.items() if key not in self.then} | dict(answers)
        if repeat is not None and repeat.output and kind in {"task_completed", "task_skipped"}:
            self._collect(drawn, repeat.output, repeat.result, str(detail.get("task", "")), answers)
        else:
            for key, value in answers.items():
                self.assign(drawn, key, value)
        if "calendar" in detail:
            self._open_by_calendar(drawn, detail, at)

    def _open_by_calendar(self, drawn: Drawn, detail: Mapping[str, Any], at: datetime) -> None:
        entries: Mapping[str, Recurrence] = {entry.id: entry for entry in drawn.definition.calendar}
        entry = entries.get(detail["calendar"])
        if entry is None:
            self.lost = "opening-lost"
            return
        planned = {"planned_at": datetime.fromisoformat(detail["due_at"])}
        for name, text in entry.facts.items():
            try:
                self.assign(drawn, name, evaluate(text, {**self.surroundings, **self.then, **planned}, at))
            except FeelError:
                self.unknown.add(name)

    def _correct(self, drawn: Drawn, path: str, value: Any) -> None:
        place = PLACE.fullmatch(path)
        if place is None:
            self.assign(drawn, path, value)
            return
        key, row, column = place[1], int(place[2]), place[3]
        rows = self.then.get(key)
        if isinstance(rows, list) and row < len(rows):
            self.assign(drawn, key, [{**each, column: value} if n == row else each for n, each in enumerate(rows)])

    def begin_instances(self, drawn: Drawn, entered: list[list[str]], at: datetime) -> None:
        """Instances of repeated activities begin: which item each of them is about."""
        for token, name, _office in entered:
            repeat = drawn.repeats.get(name)
            if repeat is None or not repeat.output:
                continue
            if repeat.output not in self.then or drawn.elements[name].kind != "userTask":
                self.then[repeat.output] = self.now[repeat.output] = []
                self._entered[name] = 0
            position = self._entered.get(name, 0)
            self._entered[name] = position + 1
            try:
                items = evaluate(repeat.collection, {**self.surroundings, **self.then}, at) if repeat.collection else []
            except FeelError:
                items = []
            if repeat.item and isinstance(items, list) and position < len(items):
                self._items[token] = repeat.item, items[position]
            elif repeat.item or drawn.elements[name].kind != "userTask":
                self.unknown.add(repeat.output)

    def _collect(self, drawn: Drawn, output: str, result: str, task: str, answers: Mapping[str, Any]) -> None:
        named = self._items.get(task.replace("-", ""))
        item = {named[0]: named[1]} if named is not None else {}
        got = answers.get(result) if result else {**item, **answers}
        before = self.then.get(output)
        self.assign(drawn, output, [*(before if isinstance(before, list) else []), normalised(got)])

    def differs_from(self, data: Mapping[str, Any]) -> set[str]:
        """The variables that did not come out as the case keeps them: nothing that read them counts."""
        names = self.then.keys() | data.keys()
        return {name for name in names if not _same(self.then.get(name), data.get(name))} | self.unknown


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal; of what is kept apart the trail only says that it was given."""
    if isinstance(one, str) and isinstance(other, str) and one.startswith(SENSITIVE):
        return other.startswith(SENSITIVE)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
