"""Built-in relations of points and ranges (§10.3.4.10), after Allen's interval algebra."""

from collections.abc import Callable
from typing import Any

from engine.feel.compare import compared
from engine.feel.limits import Run
from engine.feel.registry import builtin
from engine.feel.values import Range

Relation = Callable[[Run, Range, Range], bool | None]


def _sign(run: Run, sign: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        raise ValueError
    answer = compared(run, sign, left, right)
    if answer is None:
        raise ValueError
    return answer


def _before(run: Run, a: Range, b: Range) -> bool:
    touching = not (a.end_included and b.start_included)
    return _sign(run, "<", a.end, b.start) or (touching and _sign(run, "=", a.end, b.start))


def _meets(run: Run, a: Range, b: Range) -> bool:
    return a.end_included and b.start_included and _sign(run, "=", a.end, b.start)


def _overlaps(run: Run, a: Range, b: Range) -> bool:
    return not _before(run, a, b) and not _before(run, b, a)


def _starts_first(run: Run, a: Range, b: Range) -> bool:
    earlier = a.start_included and not b.start_included
    return _sign(run, "<", a.start, b.start) or (earlier and _sign(run, "=", a.start, b.start))


def _ends_last(run: Run, a: Range, b: Range) -> bool:
    later = a.end_included and not b.end_included
    return _sign(run, ">", a.end, b.end) or (later and _sign(run, "=", a.end, b.end))


def _same_start(run: Run, a: Range, b: Range) -> bool:
    return _sign(run, "=", a.start, b.start) and a.start_included == b.start_included


def _same_end(run: Run, a: Range, b: Range) -> bool:
    return _sign(run, "=", a.end, b.end) and a.end_included == b.end_included


def _includes(run: Run, a: Range, b: Range) -> bool:
    return not _starts_first(run, b, a) and not _ends_last(run, b, a)


def _overlaps_before(run: Run, a: Range, b: Range) -> bool:
    return _starts_first(run, a, b) and _ends_last(run, b, a) and _overlaps(run, a, b)


def _starts(run: Run, a: Range, b: Range) -> bool:
    return _same_start(run, a, b) and not _ends_last(run, a, b)


def _finishes(run: Run, a: Range, b: Range) -> bool:
    return _same_end(run, a, b) and not _starts_first(run, a, b)


def _coincides(run: Run, a: Range, b: Range) -> bool:
    return _same_start(run, a, b) and _same_end(run, a, b)


def _swapped(relation: Relation) -> Relation:
    return lambda run, a, b: relation(run, b, a)


def _as_range(value: Any) -> Range:
    return value if isinstance(value, Range) else Range(value, value)


def _register(name: str, relation: Relation, *signatures: str) -> None:
    def apply(run: Run, left: Any, right: Any) -> bool | None:
        return relation(run, _as_range(left), _as_range(right))

    builtin(*(f"{name}({signature})" for signature in signatures))(apply)


_POINT = "number or string or date or time or datetime or span or months"
_POINTS = f"point1: {_POINT}, point2: {_POINT}"
_POINT_RANGE = f"point: {_POINT}, range: range"
_RANGE_POINT = f"range: range, point: {_POINT}"
_RANGES = "range1: range, range2: range"

for _name, _relation in {"before": _before, "after": _swapped(_before)}.items():
    _register(_name, _relation, _POINTS, _POINT_RANGE, _RANGE_POINT, _RANGES)
for _name, _relation in {
    "meets": _meets,
    "met by": _swapped(_meets),
    "overlaps": _overlaps,
    "overlaps before": _overlaps_before,
    "overlaps after": _swapped(_overlaps_before),
}.items():
    _register(_name, _relation, _RANGES)
for _name, _relation in {"finishes": _finishes, "during": _swapped(_includes), "starts": _starts}.items():
    _register(_name, _relation, _POINT_RANGE, _RANGES)
for _name, _relation in {
    "finished by": _swapped(_finishes),
    "includes": _includes,
    "started by": _swapped(_starts),
}.items():
    _register(_name, _relation, _RANGE_POINT, _RANGES)
_register("coincides", _coincides, _POINTS, _RANGES)
