"""Item definitions as FEEL types (§7.3.2): structure, collections, functions and allowed values."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.decisions.source import Element, child, children, text, type_name
from engine.feel import FeelError, Type, compile_unary
from engine.feel.temporal import parse_temporal
from engine.feel.types import ANY, simple

if TYPE_CHECKING:
    from engine.decisions.model import Model

_NUMBERS = {"integer", "long", "double", "short", "float", "decimal", "int", "byte"}


class Items(dict[str, Type]):
    """The types of a model by name."""

    def named(self, name: str) -> Type | None:
        """Look a type up by the name in a ``typeRef``; a prefix of an XML namespace is dropped."""
        bare = name.rpartition(":")[2]
        if bare in _NUMBERS:
            return simple("number")
        return self.get(name) or self.get(bare) or simple(name) or simple(bare)


def read_items(root: Element, model: "Model", items: Items) -> None:
    """Add the item definitions of a file."""
    for element in children(root, "itemDefinition"):
        items[element.get("name") or ""] = Type("Any", get=_later(element, model))
        model.names.update(part.get("name") or "" for part in element.iter() if part.get("name"))


def _later(element: Element, model: "Model") -> Callable[[], Type]:
    """Build the type when it is first used: definitions may refer to later ones and to themselves."""
    made: list[Type] = []

    def get() -> Type:
        if not made:
            made.append(_definition(element, model))
        return made[0]

    return get


def _definition(element: Element, model: "Model") -> Type:
    function = child(element, "functionItem")
    components = list(children(element, "itemComponent"))
    if components:
        found = Type("context", fields=tuple((part.get("name") or "", _definition(part, model)) for part in components))
    elif function is not None:
        parts = [*children(function, "parameters"), function]
        refs = [part.get("typeRef") or part.get("outputTypeRef") or "Any" for part in parts]
        found = Type("function", fields=tuple((ref, model.types.named(ref) or ANY) for ref in refs))
    else:
        found = model.types.named(type_name(element)) or ANY
    found = _constrained(element, found, model)
    return Type("list", item=found) if element.get("isCollection") == "true" else found


def _constrained(element: Element, found: Type, model: "Model") -> Type:
    allowed = text(child(element, "allowedValues"))
    if not allowed:
        return found
    try:
        tests = compile_unary(allowed)
    except FeelError as error:
        model.report(element, "dmn-allowed-values", error)
        return found
    base = found

    def passes(value: Any) -> bool:
        from_base = base.get() if base.get else base
        return (from_base.allowed is None or from_base.allowed(value)) and tests(value, {})

    resolved = base.get() if base.get else base
    return Type(resolved.kind, resolved.item, resolved.fields, passes)


def given(value: Any, wanted: Type | None) -> Any:
    """Read a value from outside as its type wants it: a date written as text, the day of a moment."""
    kind = (wanted.get() if wanted.get else wanted).kind if wanted else ""
    if isinstance(value, str) and kind in {"date", "time", "date and time"}:
        return parse_temporal(value) or value
    if kind == "date" and isinstance(value, datetime):
        return value.date()
    if kind == "date and time" and isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 a day has no zone
    return value


def readings(value: Any, wanted: Type | None) -> tuple[Any, ...]:
    """Return every way to test an input of type date: as a day and as a local time.

    Camunda Modeler calls both ``date`` and writes ``date and time("2026-01-01T00:00:00")`` into the cells.
    """
    kind = (wanted.get() if wanted.get else wanted).kind if wanted else ""
    day = given(value, wanted)
    if kind != "date" or not isinstance(day, date):
        return (day,)
    moment = value if isinstance(value, datetime) else datetime(day.year, day.month, day.day)  # noqa: DTZ001 local
    return (day, moment, moment.replace(tzinfo=None))
