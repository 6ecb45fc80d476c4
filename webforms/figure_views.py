"""Figures for people: the span and the office in the address, numbers with units, changes, links to the cases."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from flask import request, url_for

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.directory import my_offices
from webforms.i18n import OFFICE_ZONE, day
from webforms.words import gettext

YEAR = 12
LONGEST = 24  # months of one page


@dataclass(frozen=True)
class Question:
    """What a page asks: from which month to which, for which office."""

    first: str
    last: str
    office: str | None
    known: engine.Indicators

    @property
    def span(self) -> engine.Span:
        """The months asked for."""
        return engine.Span(self.first, self.last)

    @property
    def words(self) -> str:
        """The span for people, by its days."""
        months = self.known.months
        return f"{day(months.first(self.first))} — {day(months.last(self.last))}"

    @cached_property
    def months(self) -> list[str]:
        """Every month of the span."""
        return self.known.months.every(self.first, self.last)

    @property
    def before(self) -> engine.Span:
        """As many months just before."""
        count = -len(self.months)
        return engine.Span(self.known.months.later(self.first, count), self.known.months.later(self.last, count))

    @property
    def year_before(self) -> engine.Span:
        """The same months a year earlier."""
        return engine.Span(self.known.months.later(self.first, -YEAR), self.known.months.later(self.last, -YEAR))

    def address(self, endpoint: str, **changed: Any) -> str:
        """A page about the same months and office."""
        given = {"from": self.first, "to": self.last, "office": self.office}
        return url_for(endpoint, **{**given, **changed})

    @property
    def presets(self) -> list[tuple[str, str, bool]]:
        """Spans people often ask for: words, address, whether it is this one."""
        months = self.known.months
        this = months.of(now().astimezone(OFFICE_ZONE).date())
        year = this[:4]
        last = f"{int(year) - 1:04d}"
        spans = [
            (gettext("This month"), this, this),
            (gettext("Last month"), months.later(this, -1), months.later(this, -1)),
            (gettext("This year"), f"{year}-01", this),
            (gettext("Last year"), f"{last}-01", f"{last}-12"),
            (gettext("Last 12 months"), months.later(this, 1 - YEAR), this),
        ]
        endpoint = request.endpoint or "statistics.index"
        keep = {k: v for k, v in request.args.items() if k in {"indicator", "value"}}
        return [
            (words, self.address(endpoint, **{**keep, "from": first, "to": until}), (first, until) == self.span)
            for words, first, until in spans
        ]

    def figures(self, *wanted: str, spans: list[engine.Span] | None = None, offices: Any = ()) -> engine.Figures:
        """Figures of these spans, of the office asked for or of several."""
        periods = [tuple(span) for span in spans or [self.span]]
        places = offices or [self.office]
        return engine.figures(reading(), me(), periods=periods, offices=places, indicators=wanted or None)  # type: ignore[arg-type]  # spans are pairs


def asked() -> Question:
    """The question in the address; what cannot be read is the usual span: this year so far. Raises NotFound."""
    known = engine.indicators(reading())
    months = known.months
    this = months.of(now().astimezone(OFFICE_ZONE).date())
    first, last = _month(known, "from"), _month(known, "to")
    last = last or (this if first is None or first <= this else first)
    first = first or (f"{last[:4]}-01" if last == this else last)
    first, last = min(first, last), max(first, last)
    first = max(first, months.later(last, 1 - LONGEST))
    office = request.args.get("office", "").strip() or None
    if office is not None and office not in {key for key, _ in my_offices()}:
        raise engine.NotFound
    return Question(first, last, office, known)


def _month(known: engine.Indicators, name: str) -> str | None:
    month = request.args.get(name, "").strip()
    try:
        known.months.first(month)
        known.months.later(month, -2 * YEAR)
    except (ValueError, OverflowError):
        return None
    return month if "1990" < month < "2200" else None


def number(indicator: engine.Indicator, value: Decimal | None) -> str:
    """A figure with its decimals; a dash for none."""
    if value is None:
        return "—"
    shown = value.quantize(Decimal(1).scaleb(-indicator.decimals), ROUND_HALF_UP)
    return f"{shown:,f}" + ("%" if indicator.percent else "")


def change(indicator: engine.Indicator, value: Decimal | None, before: Decimal | None) -> str:
    """By how much a figure differs: in percent, or in percentage points for what is a percentage."""
    if value is None or before is None:
        return "—"
    if indicator.percent:
        points = (value - before).quantize(Decimal("0.1"), ROUND_HALF_UP)
        return gettext("%(points)s points", points=f"{points:+f}")
    if before == 0:
        return "—" if value else "0%"
    return f"{((value - before) / abs(before) * 100).quantize(Decimal('0.1'), ROUND_HALF_UP):+f}%"
