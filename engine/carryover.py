"""What happens to a running case that is carried over to another version, found by doing it in memory.

Ids, drafts, claims, due dates, timers and subscriptions stay. Whatever would be lost or moved is a reason to refuse.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine import runtime
from engine.carry_plans import CasePlan, Refusal, period_of_element, plan_of
from engine.clocks import Clock, Clocks
from engine.definitions import Definition
from engine.projections import Loaded, dues_of, surroundings
from engine.runtime import Element


@dataclass
class Carried:
    """A case on the other version, in memory: what the plan says and what is to be saved."""

    plan: CasePlan
    loaded: Loaded | None  # None where it is refused
    clocks: dict[str, list[str]]  # id of every deadline that is called otherwise now -> name and element before


def carried(loaded: Loaded, target: Definition, mapping: Mapping[str, str]) -> Carried:
    """Carry a case over in memory; `loaded` is used up."""
    source, before = loaded.definition, loaded.before
    refusals = [
        *_unfit(loaded, target, mapping),
        *_clocks_lost(loaded, target, mapping),
        *_facts_changed(loaded, target),
    ]
    plan = plan_of(loaded, target, mapping, refusals)
    if refusals:
        return Carried(plan, None, {})
    try:
        workflow = runtime.transplant(loaded.turn.workflow, target.compiled, mapping)
    except (LookupError, ValueError) as error:
        return Carried(replace(plan, refusals=(Refusal("no-place", "", str(error)),)), None, {})
    after = runtime.waiting(workflow)
    names = _rename_clocks(loaded.turn.clocks, source, mapping)
    if not _is_kept(before, after, mapping) or dues_of(after, loaded.turn.clocks) != loaded.dues:
        return Carried(replace(plan, refusals=(Refusal("no-place", "", ""),)), None, {})
    plan = replace(
        plan, events_gone=_lost(source, before, after, mapping), events_added=_gained(target, before, after, mapping)
    )
    return Carried(plan, on(loaded, target, workflow, after), names)


def on(loaded: Loaded, target: Definition, workflow: runtime.CaseWorkflow, after: runtime.Waiting) -> Loaded:
    """The loaded case with another version and tree, ready to be saved; its tokens count as having been there."""
    turn = runtime.Turn(
        target.compiled,
        workflow,
        loaded.turn.variables,
        loaded.turn.clocks,
        target.rules,
        surroundings=surroundings(loaded.case),
    )
    return replace(loaded, definition=target, turn=turn, before=replace(loaded.before, tokens=after.tokens))


def _unfit(loaded: Loaded, target: Definition, mapping: Mapping[str, str]) -> Iterator[Refusal]:
    elements = loaded.definition.diagram.elements
    for why in runtime.unfit(loaded.turn.workflow, target.compiled, mapping):
        element = elements.get(why.element)
        yield Refusal(why.code, why.element, (element.name or element.id) if element is not None else "")


def _clocks_lost(loaded: Loaded, target: Definition, mapping: Mapping[str, str]) -> Iterator[Refusal]:
    """Deadlines that run, or have passed and still date a task, and that the new version knows not or otherwise."""
    for clock in loaded.turn.clocks.all:
        element = target.diagram.elements.get(runtime.renamed(clock.element, mapping))
        if element is None or not period_of_element(element):
            yield Refusal("deadline-gone", clock.element, clock.label)
        elif not _is_known(clock, element, loaded.definition, target, mapping):
            yield Refusal("deadline-unknown", clock.element, clock.label)


def _is_known(
    clock: Clock, element: Element, source: Definition, target: Definition, mapping: Mapping[str, str]
) -> bool:
    called = _name_of(clock, source, mapping) in {element.properties.get("deadline"), element.id}
    return called and (clock.name not in source.rules.deadlines or clock.name in target.rules.deadlines)


def _name_of(clock: Clock, source: Definition, mapping: Mapping[str, str]) -> str:
    """What a deadline is called afterwards: one without a name of its own is called as its element."""
    declared = source.diagram.elements[clock.element].properties.get("deadline", "")
    return clock.name if declared else runtime.renamed(clock.name, mapping)


def _rename_clocks(clocks: Clocks, source: Definition, mapping: Mapping[str, str]) -> dict[str, list[str]]:
    found = {}
    for clock in clocks.all:
        if clock.element not in source.diagram.elements:
            continue
        name, element = _name_of(clock, source, mapping), runtime.renamed(clock.element, mapping)
        if (name, element) != (clock.name, clock.element):
            found[str(clock.id)] = [clock.name, clock.element]
            clock.name, clock.element = name, element
    return found


def _facts_changed(loaded: Loaded, target: Definition) -> Iterator[Refusal]:
    """Facts with a value that are of another kind there, or kept apart in one version only."""
    for key, fact in loaded.definition.facts.items():
        other = target.facts.get(key)
        if loaded.variables.get(key) in (None, "", []) or other is None:
            continue
        if (fact.type, fact.sensitive) != (other.type, other.sensitive):
            yield Refusal("fact", key, fact.label)


def _is_kept(before: runtime.Waiting, after: runtime.Waiting, mapping: Mapping[str, str]) -> bool:
    """Every open task, every timer with its instant and every token is there, and nothing else but new events."""
    names = {task.id: runtime.renamed(task.element, mapping) for task in before.tasks}
    timers = {key: (runtime.renamed(element, mapping), due) for key, (element, due) in before.timers.items()}
    tokens = {token.id for token in before.tokens}
    extra = {token.id for token in after.tokens} ^ tokens
    waits = {wait.element for wait in (*before.events, *after.events)}
    places = {token.id: token.element for token in (*before.tokens, *after.tokens)}
    return (
        {task.id: task.element for task in after.tasks} == names
        and after.timers == timers
        and all(places[token] in waits or _only_catches(places[token], after, before) for token in extra)
    )


def _only_catches(element: str, after: runtime.Waiting, before: runtime.Waiting) -> bool:
    """Events on an edge that wait for an error or an escalation are in no list; they have no limits of their own."""
    found = [token for token in (*after.tokens, *before.tokens) if token.element == element]
    timed = {key for each in (after, before) for key in each.timers}
    return not any(token.id in timed for token in found)


def _lost(
    source: Definition, before: runtime.Waiting, after: runtime.Waiting, mapping: Mapping[str, str]
) -> tuple[str, ...]:
    there = {wait.element for wait in after.events}
    gone = [w.element for w in before.events if runtime.renamed(w.element, mapping) not in there]
    return tuple(_called(source, gone))


def _gained(
    target: Definition, before: runtime.Waiting, after: runtime.Waiting, mapping: Mapping[str, str]
) -> tuple[str, ...]:
    were = {runtime.renamed(wait.element, mapping) for wait in before.events}
    return tuple(_called(target, [w.element for w in after.events if w.element not in were]))


def _called(definition: Definition, elements: Sequence[str]) -> list[str]:
    return [definition.diagram.elements[each].name or each for each in elements]
