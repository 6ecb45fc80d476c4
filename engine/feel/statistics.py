"""Built-in functions that sum up a list of numbers (§10.3.4.4): null if an item is no number."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel.limits import Run
from engine.feel.registry import builtin
from engine.feel.values import NUMBERS


def _over_numbers(function: Callable[[list[Decimal]], Any]) -> Callable[[Run, list[Any]], Any]:
    def apply(run: Run, items: list[Any]) -> Any:
        run.room(len(items))
        return function(items) if all(isinstance(item, Decimal) for item in items) else None

    return apply


def total(values: list[Decimal]) -> Decimal:
    """Add in 34 digits."""
    result = Decimal(0)
    for value in values:
        result = NUMBERS.add(result, value)
    return result


def _mean(values: list[Decimal]) -> Decimal | None:
    return NUMBERS.divide(total(values), Decimal(len(values))) if values else None


def _product(values: list[Decimal]) -> Decimal | None:
    result = Decimal(1)
    for value in values:
        result = NUMBERS.multiply(result, value)
    return result if values else None


def _median(values: list[Decimal]) -> Decimal | None:
    ordered, middle = sorted(values), len(values) // 2
    if not values:
        return None
    return ordered[middle] if len(values) % 2 else _mean(ordered[middle - 1 : middle + 1])


def _deviation(values: list[Decimal]) -> Decimal | None:
    """Return the standard deviation of a sample."""
    mean = _mean(values)
    if mean is None or len(values) == 1:
        return None
    squares = [NUMBERS.power(NUMBERS.subtract(value, mean), 2) for value in values]
    return NUMBERS.sqrt(NUMBERS.divide(total(squares), Decimal(len(values) - 1)))


def _mode(values: list[Decimal]) -> list[Decimal]:
    counts: dict[Decimal, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(value for value, count in counts.items() if count == most)


for _name, _function in {
    "sum": lambda values: total(values) if values else None,
    "mean": _mean,
    "product": _product,
    "median": _median,
    "stddev": _deviation,
    "mode": _mode,
}.items():
    builtin(f"{_name}(list...: list)")(_over_numbers(_function))
