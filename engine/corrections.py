"""A variable of a case given another value by hand: read by its declaration, as strictly as a form reads it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engine.answers import keeper
from engine.authority import SYSTEM
from engine.errors import InvalidAnswers, Problem
from engine.facts import Fact, protect
from engine.forms import Field, Option, Rules, no_files
from engine.forms.values import Wrong, typed
from engine.options import options_for, people_with_any
from engine.projections import Loaded
from engine.values import normalised

PLACE = re.compile(r"(\w+)\[(\d{1,4})\]\.(\w+)")
READ_AS = {
    "text": "textfield",
    "longtext": "textarea",
    "number": "number",
    "money": "number",
    "integer": "number",
    "boolean": "select",
    "date": "date",
    "datetime": "datetime",
    "phone": "textfield",
    "id_number": "textfield",
    "choice": "select",
    "multichoice": "checklist",
    "person": "select",
    "office": "select",
    "register": "select",
}
YES_NO = (Option(True, "yes"), Option(False, "no"))


@dataclass(frozen=True)
class Correctable:
    """A variable, or a column of a row of a list, that can be corrected: where, what it is called, what it holds."""

    path: str  # "amount" or "people[0].phone"
    label: str
    fact: Fact
    value: Any
    options: Sequence[Option]


def correctables(session: Session, loaded: Loaded) -> list[Correctable]:
    """Everything that can be corrected in a case, in the order of its declaration."""
    choices = _choices(session, loaded)
    return [
        Correctable(path, label, fact, value, choices(fact, _column(path))) for path, label, fact, value in _all(loaded)
    ]


def _all(loaded: Loaded) -> Iterator[tuple[str, str, Fact, Any]]:
    for key, fact in loaded.definition.facts.items():
        value = loaded.variables.get(key)
        label = fact.label or key
        if fact.type in READ_AS:
            yield key, label, fact, value
        elif fact.type == "list" and isinstance(value, list):
            for position, row in enumerate(value):
                for column in fact.fields.values():
                    if column.type in READ_AS and isinstance(row, dict):
                        place = f"{label} {position + 1} · {column.label or column.key}"
                        yield f"{key}[{position}].{column.key}", place, column, row.get(column.key)


def _column(path: str) -> str:
    """`people[0].phone` as forms know it: `people.phone`."""
    return re.sub(r"\[\d+\]", "", path)


def _choices(session: Session, loaded: Loaded) -> Callable[[Fact, str], Sequence[Option]]:
    """What a variable can be chosen from: as the forms that ask for it offer it."""
    asked = _asked(loaded)
    offered = options_for(
        session, loaded.directory, loaded.case.office, SYSTEM, now=loaded.turn.now, facts=loaded.variables
    )

    def choices(fact: Fact, column: str) -> Sequence[Option]:
        if fact.type == "boolean":
            return YES_NO
        if READ_AS[fact.type] not in {"select", "checklist"}:
            return ()
        field = asked.get(column)
        if field is not None and (field.options or field.values_key):
            return offered(field.values_key) if field.values_key else field.options
        if fact.type == "person":
            return [Option(str(person), name) for person, name in people_with_any(session)]
        return offered("offices") if fact.type == "office" else ()

    return choices


def _asked(loaded: Loaded) -> dict[str, Field]:
    """The question that asks for each variable or column, by `amount` or `people.phone`."""
    found: dict[str, Field] = {}
    for name in loaded.definition.files:
        if name.startswith("forms/") and name.endswith(".form"):
            form = loaded.definition.form(name.removeprefix("forms/").removesuffix(".form"))
            for field in form.questions:
                found.setdefault(field.key, field)
                for column in field.children:
                    found.setdefault(f"{field.key}.{column.key}", column)
    return found


def read_correction(session: Session, loaded: Loaded, path: str, raw: Any) -> Any:
    """The typed value of a correction. Raises InvalidAnswers when the variable cannot hold it."""
    known = next((one for one in _all(loaded) if one[0] == path), None)
    if known is None:
        raise InvalidAnswers({"fact": Problem("not-correctable", "this cannot be corrected here")})
    _, label, fact, _ = known
    kind = READ_AS[fact.type]
    choices = _choices(session, loaded)(fact, _column(path)) if kind in {"select", "checklist"} else ()
    if kind in {"select", "checklist"} and not choices:
        kind = "textfield"
    asked = _asked(loaded).get(_column(path))
    declared = fact.type if fact.type in {"phone", "id_number"} else ""
    rules = Rules(format=asked.rules.format if asked is not None else declared)
    field = Field(kind=kind, id=path, key=path, label=label, options=tuple(choices), rules=rules)
    try:
        value = normalised(typed(field, raw, lambda _key: (), no_files))
    except Wrong as wrong:
        raise InvalidAnswers({"value": wrong.problem}) from wrong
    if fact.type == "integer" and value is not None and value != int(value):
        raise InvalidAnswers({"value": Problem("not-whole", f"{label}: a whole number", {"label": label})})
    return value


def hide_correction(loaded: Loaded, path: str, value: Any) -> Any:
    """A sensitive value put aside, with the reference to it in its place; `keep_sensitive` writes it."""
    key, _row, column = _parts(path)
    fact = loaded.definition.facts[key]
    if column is None:
        return protect({key: fact}, {key: value}, keeper(loaded))[key]
    hidden = protect({key: fact}, {key: [{column: value}]}, keeper(loaded))
    return hidden[key][0][column]


def apply_correction(loaded: Loaded, path: str, value: Any) -> Any:
    """Set the variable; what it held before. Raises InvalidAnswers when there is no such row any more."""
    key, row, column = _parts(path)
    if column is None:
        before = loaded.variables.get(key)
        loaded.turn.assign(key, value)
        return before
    rows = loaded.variables.get(key)
    if not isinstance(rows, list) or row >= len(rows) or not isinstance(rows[row], Mapping):
        raise InvalidAnswers({"fact": Problem("not-correctable", "there is no such row any more")})
    before = rows[row].get(column)
    loaded.turn.assign(key, [{**each, column: value} if n == row else each for n, each in enumerate(rows)])
    return before


def _parts(path: str) -> tuple[str, int, str | None]:
    place = PLACE.fullmatch(path)
    return (place[1], int(place[2]), place[3]) if place else (path, 0, None)
