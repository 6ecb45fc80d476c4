"""What is told of a point: names of ways, values that decided; never what is kept apart."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.catalogue import choices_of
from engine.facts import SENSITIVE, Fact
from engine.replay.drawn import Drawn, Landing
from engine.replay.results import Read
from engine.runtime import Flow

ALWAYS = frozenset(["case", "actor"])
ROWS = 20  # of a list that are told


def name_of(drawn: Drawn, element_id: str) -> str:
    """What an element is called."""
    return drawn.elements[element_id].name or element_id


def label_of(drawn: Drawn, name: str) -> str:
    """What a variable is called."""
    fact = drawn.definition.facts.get(name)
    return fact.label if fact is not None and fact.label else name


def ways_in_words(drawn: Drawn, flows: Iterable[Flow], landing: Landing | None = None) -> list[str]:
    """What is written on each flow and what it leads to; where that is new, what follows it."""
    told = ["：".join(filter(None, (flow.name, name_of(drawn, flow.target)))) for flow in flows]
    if landing is None or landing.elements & {flow.target for flow in flows}:
        return told
    return [*told, *(name_of(drawn, each) for each in (*landing.added, *sorted(landing.elements)))]


def apart_from(values: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the others say otherwise; of contexts only what differs in them."""
    found = {}
    for name in {**values, **others}:
        value, other = values.get(name), others.get(name)
        if value != other:
            both = isinstance(value, dict) and isinstance(other, dict)
            found[name] = apart_from(value, other) if both else value  # type: ignore[arg-type]  # both are
    return found


def values_in_words(drawn: Drawn, values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Values by label."""
    return {label_of(drawn, name): _told(drawn, name, values.get(name)) for name in names}


def looked_at(drawn: Drawn, names: Iterable[str], values: Mapping[str, Any]) -> list[Read]:
    """The variables that were looked at, with what they held."""
    facts = drawn.definition.facts
    return [
        Read(name, label_of(drawn, name), _told(drawn, name, value), is_hidden(facts.get(name), value))
        for name, value in ((name, values.get(name)) for name in sorted(names))
        if name not in ALWAYS and (name in values or name in facts)
    ]


def is_hidden(fact: Fact | None, value: Any) -> bool:
    """Whether a value is kept apart, in whole or in part."""
    if fact is not None and (fact.sensitive or any(column.sensitive for column in fact.fields.values())):
        return True
    return isinstance(value, str) and value.startswith(SENSITIVE)


def _told(drawn: Drawn, name: str, value: Any) -> Any:
    """A value as it may be told: a coded answer in its words, of a long list the beginning."""
    if is_hidden(drawn.definition.facts.get(name), value):
        return None
    if isinstance(value, str):
        return choices_of(drawn.definition).get(name, {}).get(value, value)
    return value[:ROWS] if isinstance(value, list) else value
