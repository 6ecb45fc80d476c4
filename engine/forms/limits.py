"""Whether a typed answer keeps the rules of its field."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.errors import Problem
from engine.feel import Expression, FeelError
from engine.forms import patterns
from engine.forms.fields import TEMPORAL, ZONE, Bound, Field
from engine.forms.values import Wrong, as_text, local, wrong

Resolve = Callable[[Bound], Any]
SAME_TYPE = {"jpeg": "jpg", "htm": "html"}


def problem_of(field: Field, value: Any, scope: Mapping[str, Any], now: datetime | None) -> Problem | None:
    """The first rule the answer breaks."""

    def resolve(bound: Bound) -> Any:
        return evaluated(bound, scope, now)

    for check in (_required, _lengths, _bounds, _digits, _pattern, _past, _files):
        for found in check(field, value, resolve, now):
            return found.problem
    return None


def evaluated(bound: Bound, scope: Mapping[str, Any], now: datetime | None) -> Any:
    """A fixed bound, or what its expression gives; null where it takes too long."""
    if not isinstance(bound, Expression):
        return bound
    try:
        return bound(scope, now=now.astimezone(ZONE) if now else None)
    except FeelError:
        return None


def _required(field: Field, value: Any, _resolve: Resolve, _now: datetime | None) -> Iterator[Wrong]:
    if field.rules.required and (value is False or value in (None, "", [])):  # 0 is an answer
        yield wrong(field, "required", "this must be answered", kind=field.kind)


def _lengths(field: Field, value: Any, resolve: Resolve, _now: datetime | None) -> Iterator[Wrong]:
    if not isinstance(value, str) or not value or field.kind not in {"textfield", "textarea"}:
        return
    least, most = resolve(field.rules.min_length), resolve(field.rules.max_length)
    if isinstance(most, Decimal) and len(value) > most:
        yield wrong(field, "too-long", f"at most {most} characters", limit=int(most), count=len(value))
    if isinstance(least, Decimal) and len(value) < least:
        yield wrong(field, "too-short", f"at least {least} characters", limit=int(least), count=len(value))


def _bounds(field: Field, value: Any, resolve: Resolve, _now: datetime | None) -> Iterator[Wrong]:
    if value is None or (field.kind != "number" and field.kind not in TEMPORAL):
        return
    least, most = _like(value, resolve(field.rules.minimum)), _like(value, resolve(field.rules.maximum))
    small, big = ("too-small", "too-big") if field.kind == "number" else ("too-early", "too-late")
    if least is not None and value < least:
        yield wrong(field, small, f"not less than {as_text(least)}", limit=_shown(least))
    if most is not None and value > most:
        yield wrong(field, big, f"not more than {as_text(most)}", limit=_shown(most))


def _like(value: Any, bound: Any) -> Any:
    """The bound as what the value is: dates and instants are compared by the day; None if they cannot be compared."""
    if isinstance(value, datetime) and isinstance(bound, date) and not isinstance(bound, datetime):
        return value if value.date() == bound else datetime(bound.year, bound.month, bound.day, tzinfo=ZONE)
    if isinstance(bound, datetime) and isinstance(value, date) and not isinstance(value, datetime):
        return local(bound).date()
    return local(bound) if isinstance(bound, datetime) else bound if type(bound) is type(value) else None


def _shown(bound: Any) -> str:
    return (as_text(bound) or "").replace("T", " ")


def _digits(field: Field, value: Any, _resolve: Resolve, _now: datetime | None) -> Iterator[Wrong]:
    if not isinstance(value, Decimal) or field.kind != "number":
        return
    digits, step = field.rules.digits, field.rules.step
    if digits is not None and value != round(value, digits):
        code = "too-many-digits" if digits else "not-whole"
        yield wrong(field, code, f"at most {digits} decimal places", limit=digits)
    if step is not None and Fraction(value) % Fraction(step):
        yield wrong(field, "not-a-multiple", f"a multiple of {step}", limit=_shown(step))


def _pattern(field: Field, value: Any, _resolve: Resolve, _now: datetime | None) -> Iterator[Wrong]:
    if isinstance(value, str) and value and field.rules.pattern and not patterns.fits(value, field.rules.pattern):
        yield wrong(field, "pattern", field.rules.pattern_message or "wrong format", text=field.rules.pattern_message)


def _past(field: Field, value: Any, _resolve: Resolve, now: datetime | None) -> Iterator[Wrong]:
    if not field.rules.not_past or now is None or not isinstance(value, date):
        return
    day = local(value).date() if isinstance(value, datetime) else value
    if day < now.astimezone(ZONE).date():
        yield wrong(field, "in-the-past", "not before today")


def _files(field: Field, value: Any, _resolve: Resolve, _now: datetime | None) -> Iterator[Wrong]:
    if field.kind != "filepicker" or not value:
        return
    rules = field.rules
    if len(value) < rules.min_items:
        yield wrong(field, "too-few-files", f"at least {rules.min_items} files", limit=rules.min_items)
    if len(value) > rules.max_items:
        yield wrong(field, "too-many-files", f"at most {rules.max_items} files", limit=rules.max_items)
    accepted = {SAME_TYPE.get(each, each) for each in rules.accept}
    for file in value:
        name = str(file.get("name", ""))
        extension = name.rpartition(".")[2].lower()
        if accepted and SAME_TYPE.get(extension, extension) not in accepted:
            kinds = ", ".join(rules.accept)
            yield wrong(field, "bad-file", f"{name} is not one of {kinds}", name=name, accept=kinds)
