"""Charts drawn on the server as SVG: they need no script, print sharp, and keep the strict policy on styles.

Geometry only; the template writes it down. Every chart stands beside a table with the same numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT = 960, 260
LEFT, TOP, BOTTOM = 48, 24, 36
STEPS = (1, 2, 5)
LINES = 4  # at least so many intervals on the scale
GAP = Decimal("0.28")  # of a column's room left empty


@dataclass(frozen=True)
class Mark:
    """A bar or a point, with the words beside it."""

    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True)
class Series:
    """One row of marks; `path` joins the points of a line."""

    name: str
    marks: tuple[Mark, ...]
    path: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing of fixed size: scale lines (y, words), labels (x, words), series."""

    kind: str
    title: str
    lines: tuple[tuple[float, str], ...]
    labels: tuple[tuple[float, str], ...]
    series: tuple[Series, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def columns(title: str, labels: Sequence[str], rows: Sequence[tuple[str, Sequence[Decimal | None]]]) -> Chart:
    """Groups of columns, one for each label."""
    top = scale_of([value for _, values in rows for value in values])
    room = (WIDTH - LEFT) / max(1, len(labels))
    wide = room * (1 - float(GAP)) / max(1, len(rows))
    series = []
    for number, (name, values) in enumerate(rows):
        marks = []
        for place, value in enumerate(values):
            high = _high(value or Decimal(0), top)
            x = LEFT + place * room + room * float(GAP) / 2 + number * wide
            marks.append(Mark(_r(x), _r(HEIGHT - BOTTOM - high), _r(wide * 0.92), _r(high), _words(value)))
        series.append(Series(name, tuple(marks)))
    return Chart("columns", title, _lines(top), _places(labels, room), tuple(series))


def lines(title: str, labels: Sequence[str], rows: Sequence[tuple[str, Sequence[Decimal | None]]]) -> Chart:
    """Points joined by lines; where there is no value the line is broken. The scale is percent."""
    top = Decimal(100)
    room = (WIDTH - LEFT) / max(1, len(labels))
    series = []
    for name, values in rows:
        marks, path, pen = [], [], "M"
        for place, value in enumerate(values):
            if value is None:
                pen = "M"
                continue
            x, y = _r(LEFT + (place + 0.5) * room), _r(HEIGHT - BOTTOM - _high(value, top))
            marks.append(Mark(x, y, 0, 0, _words(value)))
            path.append(f"{pen}{x} {y}")
            pen = "L"
        series.append(Series(name, tuple(marks), " ".join(path)))
    return Chart("lines", title, _lines(top, "%"), _places(labels, room), tuple(series))


def scale_of(values: Sequence[Decimal | None]) -> Decimal:
    """The end of a scale that holds every value: a round number.

    >>> scale_of([Decimal(3), Decimal(87), None]), scale_of([])
    (Decimal('100'), Decimal('4'))
    """
    largest = max((value for value in values if value is not None), default=Decimal(0))
    size = Decimal(1)
    while True:
        for step in STEPS:
            if size * step * LINES >= largest:
                return size * step * LINES
        size *= 10


def share(value: Decimal | None, largest: Decimal) -> float:
    """How long a bar in a table is, 0 to 100."""
    return _r(float(value / largest * 100)) if value is not None and largest > 0 else 0.0


def _high(value: Decimal, top: Decimal) -> float:
    return float(max(Decimal(0), min(value, top)) / top) * (HEIGHT - TOP - BOTTOM)


def _lines(top: Decimal, unit: str = "") -> tuple[tuple[float, str], ...]:
    step = top / LINES
    return tuple((_r(HEIGHT - BOTTOM - _high(step * n, top)), f"{step * n:f}{unit}") for n in range(LINES + 1))


def _places(labels: Sequence[str], room: float) -> tuple[tuple[float, str], ...]:
    return tuple((_r(LEFT + (number + 0.5) * room), label) for number, label in enumerate(labels))


def _words(value: Decimal | None) -> str:
    return "" if value is None or value == 0 else f"{value:f}"


def _r(value: float) -> float:
    return round(value, 1)
