"""Built-in functions on numbers (§10.3.4.5) and booleans (§10.3.4.2)."""

import decimal
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine.feel.limits import Run
from engine.feel.registry import builtin
from engine.feel.values import NUMBERS, YearsMonths

_SERIES_STEPS = 20
_SMALLEST_SCALE, _LARGEST_SCALE = -6111, 6176


def _rounded(value: Decimal, scale: Decimal, rounding: str) -> Decimal | None:
    places = int(scale)
    if not _SMALLEST_SCALE <= places <= _LARGEST_SCALE:
        return None
    if isinstance(exponent := value.as_tuple().exponent, int) and -exponent <= places:
        return value
    made = value.quantize(Decimal(1).scaleb(-places, NUMBERS), rounding, NUMBERS)
    return made or Decimal(0)


def _rounding(rounding: str) -> Callable[..., Decimal | None]:
    def apply(_run: Run, value: Decimal, scale: Decimal = Decimal(0)) -> Decimal | None:
        return _rounded(value, scale, rounding)

    return apply


for _signature, _mode in {
    "decimal(n: number, scale: number)": decimal.ROUND_HALF_EVEN,
    "floor(n: number, scale?: number)": decimal.ROUND_FLOOR,
    "ceiling(n: number, scale?: number)": decimal.ROUND_CEILING,
    "round up(n: number, scale: number)": decimal.ROUND_UP,
    "round down(n: number, scale: number)": decimal.ROUND_DOWN,
    "round half up(n: number, scale: number)": decimal.ROUND_HALF_UP,
    "round half down(n: number, scale: number)": decimal.ROUND_HALF_DOWN,
}.items():
    builtin(_signature)(_rounding(_mode))


@builtin("abs(n: number or span or months)")
def _abs(_run: Run, value: Any) -> Any:
    if isinstance(value, YearsMonths):
        return YearsMonths(abs(value.months))
    return abs(value) if isinstance(value, timedelta) else NUMBERS.abs(value)


@builtin("modulo(dividend: number, divisor: number)")
def _modulo(_run: Run, dividend: Decimal, divisor: Decimal) -> Decimal:
    """Return the remainder with the sign of the divisor: ``dividend - divisor * floor(dividend / divisor)``."""
    rest = NUMBERS.remainder(dividend, divisor)
    return NUMBERS.add(rest, divisor) if rest and (rest < 0) != (divisor < 0) else rest


@builtin("sqrt(number: number)")
def _sqrt(_run: Run, value: Decimal) -> Decimal:
    return NUMBERS.sqrt(value)


@builtin("log(number: number)")
def _log(run: Run, value: Decimal) -> Decimal | None:
    run.spend(_SERIES_STEPS)
    return NUMBERS.ln(value) if value > 0 else None


@builtin("exp(number: number)")
def _exp(run: Run, value: Decimal) -> Decimal:
    run.spend(_SERIES_STEPS)
    return NUMBERS.exp(value)


@builtin("odd(number: number)")
def _odd(_run: Run, value: Decimal) -> bool:
    return NUMBERS.remainder(value, Decimal(2)) in {1, -1}


@builtin("even(number: number)")
def _even(_run: Run, value: Decimal) -> bool:
    return NUMBERS.remainder(value, Decimal(2)) == 0


@builtin("not(negand: boolean)")
def _not(_run: Run, value: bool) -> bool:
    return not value
