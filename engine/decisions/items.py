"""Item definitions as FEEL types (§7.3.2): structure, collections, functions and allowed values."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from engine.decisions.source import Element, child, children, label, text, type_name
from engine.feel import FeelError, Type, compile_unary
from engine.feel.temporal import parse_temporal
from engine.feel.types import ANY, simple

_NUMBERS = {"integer", "long", "double", "short", "float", "decimal", "int", "byte"}
Report = Callable[..., None]


class Items(dict[str, Type]):
    """The types of a model by name."""

    def named(self, name: str) -> Type | None:
        """Look a type up by the name in a ``typeRef``; a prefix of an XML namespace is dropped."""
        bare = name.rpartition(":")[2]
        if bare in _NUMBERS:
            return simple("number")
        return self.get(name) or self.get(bare) or simple(name) or simple(bare)


def read_items(root: Element, items: Items, names: set[str], report: Report, prefix: str = "") -> None:
    """Add the item definitions of a file."""
    for element in children(root, "itemDefinition"):
        items[prefix + (element.get("name") or "")] = Type("Any", get=_later(element, items, prefix, report))
        names.update(component.get("name") or "" for component in element.iter() if component.get("name"))


def _later(element: Element, items: Items, prefix: str, report: Report) -> Callable[[], Type]:
    """Build the type when it is first used: definitions may refer to later ones and to themselves."""
    made: list[Type] = []

    def get() -> Type:
        if not made:
            made.append(_definition(element, items, prefix, report))
        return made[0]

    return get


def _definition(element: Element, items: Items, prefix: str, report: Report) -> Type:
    function = child(element, "functionItem")
    components = list(children(element, "itemComponent"))
    name = type_name(element)
    if components:
        fields = [(part.get("name") or "", _definition(part, items, prefix, report)) for part in components]
        found = Type("context", fields=tuple(fields))
    elif function is not None:
        parts = [*children(function, "parameters"), function]
        refs = [part.get("typeRef") or part.get("outputTypeRef") or "Any" for part in parts]
        found = Type("function", fields=tuple((ref, _reference(ref, items, prefix)) for ref in refs))
    else:
        found = _reference(name, items, prefix) if name else ANY
    found = _constrained(element, found, report)
    return Type("list", item=found) if element.get("isCollection") == "true" else found


def _reference(name: str, items: Items, prefix: str) -> Type:
    return items.named(prefix + name) or items.named(name) or ANY


def _constrained(element: Element, found: Type, report: Report) -> Type:
    allowed = text(child(element, "allowedValues"))
    if not allowed:
        return found
    try:
        tests = compile_unary(allowed)
    except FeelError as error:
        report(label(element), "dmn-allowed-values", error)
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
