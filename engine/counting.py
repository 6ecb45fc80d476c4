"""What is countable about a case: the `[counts]` of a manifest, and what they say about a case as it stands.

A count of a case is a pure function of its variables, its row, the days on which elements were completed and the
deadlines it missed; so it can be made again at any time and gives the same. It never reads a clock.
"""

import json
import re
from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from hashlib import sha256
from typing import Any

from engine.deadlines import OFFICE
from engine.errors import RunFailed
from engine.feel import Expression, FeelError, compile_expression
from engine.functions import FUNCTIONS
from engine.model import EVERYWHERE, OPEN_ENDED
from engine.months import Months

GIVEN = frozenset(["done", "late"])  # names counts can read beside what every expression can
DONE = re.compile(r"\bdone\.(\w+)")
NOON = time(12)
VALUE_LIMIT = 100  # characters of a dimension's value
HUNDREDTHS = 100
Mark = tuple[str, str]  # dimension and value; both empty: the happening itself
Cell = tuple[str, str, str, str, str, str]  # kind, office, dimension, period, value, measure
Place = tuple[str, str, str]  # kind, dimension, value
Row = tuple[str, date, str, date, str]


@dataclass(frozen=True)
class Count:
    """One kind of countable happening. `until` is the kind that ends it, for what is open at a certain time."""

    kind: str
    when: Expression
    day: Expression
    until: str = ""
    dimensions: Mapping[str, Expression] = field(default_factory=dict)
    sums: Mapping[str, Expression] = field(default_factory=dict)

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names whose change may change the count."""
        expressions = [self.when, self.day, *self.dimensions.values(), *self.sums.values()]
        return frozenset().union(*(e.free_names | e.filter_names for e in expressions))


@dataclass(frozen=True)
class CountRules:
    """The counts of a process. `digest` names their content."""

    counts: Mapping[str, Count] = field(default_factory=dict)
    digest: str = ""

    @cached_property
    def elements(self) -> frozenset[str]:
        """The elements whose day of completion the counts read, as `done.<element>`."""
        texts = (e.text for c in self.counts.values() for e in (c.when, c.day, *c.dimensions.values()))
        return frozenset(name for text in texts for name in DONE.findall(text))

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names whose change may change a count."""
        return frozenset().union(*(each.reads for each in self.counts.values()))

    def key(self, months: Months) -> str:
        """What `Case.counted_by` says when a case was counted by these rules in these months; empty without rules."""
        return f"{self.digest}/{months.closing_day}" if self.counts else ""


@dataclass(frozen=True)
class Happening:
    """A count that is true of a case: when and where, its dimensions' values, its sums in hundredths."""

    day: date
    office: str
    period: str
    marks: tuple[Mark, ...] = ()
    sums: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Counted:
    """Everything counted of one case, and the memory that counting needs."""

    happenings: Mapping[str, Happening] = field(default_factory=dict)
    done: Mapping[str, date] = field(default_factory=dict)
    late: Mapping[str, date] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> "Counted":
        """From the JSON in a case's row."""
        if text == "{}":
            return NOTHING
        given = json.loads(text)
        happenings = {
            kind: Happening(date.fromisoformat(day), office, period, tuple((d, v) for d, v in marks), sums)
            for kind, (day, office, period, marks, sums) in given.get("kinds", {}).items()
        }
        return cls(happenings, _days(given.get("done", {})), _days(given.get("late", {})))

    def written(self) -> str:
        """As JSON for the case's row."""
        kinds = {
            kind: [each.day.isoformat(), each.office, each.period, each.marks, dict(each.sums)]
            for kind, each in self.happenings.items()
        }
        memory = {"done": self.done, "late": self.late}
        parts = {"kinds": kinds} | {k: {n: day.isoformat() for n, day in m.items()} for k, m in memory.items()}
        return json.dumps({key: part for key, part in parts.items() if part}, ensure_ascii=False, separators=(",", ":"))


def _days(given: Mapping[str, str]) -> dict[str, date]:
    return {name: date.fromisoformat(day) for name, day in given.items()}


NOTHING = Counted()


@dataclass(frozen=True)
class Subject:
    """A case as counts see it."""

    variables: Mapping[str, Any]
    about: Mapping[str, Any]  # what expressions read as `case`
    office: str
    is_cancelled: bool = False


def read_counts(section: Mapping[str, Any]) -> CountRules:
    """The `[counts]` of a manifest. Raises FeelError; shapes are checked when a folder is published."""
    counts = {}
    for kind, row in section.items():
        counts[kind] = Count(
            kind,
            _compiled(row.get("when", "true")),
            _compiled(row.get("day", "null")),
            str(row.get("until", "")),
            {name: _compiled(text) for name, text in row.get("dimensions", {}).items()},
            {name: _compiled(text) for name, text in row.get("sums", {}).items()},
        )
    written = json.dumps(section, sort_keys=True, ensure_ascii=False, default=str)
    return CountRules(counts, sha256(written.encode()).hexdigest()[:16] if counts else "")


def _compiled(text: str) -> Expression:
    return compile_expression(text.strip().removeprefix("="), functions=FUNCTIONS)


def remember(known: Counted, rules: CountRules, done: Collection[str], late: Collection[str], day: date) -> Counted:
    """What was counted, with what has happened on this day: elements completed, deadlines that ended unmet or late."""
    new = {element: day for element in done if element in rules.elements}
    missed = {name: day for name in late if name not in known.late}
    if not new and not missed:
        return known
    return replace(known, done={**known.done, **new}, late={**known.late, **missed})


def count(
    rules: CountRules, known: Counted, subject: Subject, months: Months, changed: Collection[str] | None
) -> Counted:
    """Count a case again. `changed` are the names that may have changed; None counts everything anew.

    Raises RunFailed when an expression of the manifest costs too much.
    """
    if subject.is_cancelled:
        return replace(known, happenings={})
    found = dict(known.happenings) if changed is not None else {}
    names = frozenset(changed or ())
    context = context_of(known, subject)
    for kind, rule in rules.counts.items():
        if changed is not None and rule.reads.isdisjoint(names):
            continue
        happening = _happening(rule, context, subject.office, months)
        if happening is None:
            found.pop(kind, None)
        else:
            found[kind] = happening
    return replace(known, happenings={kind: found[kind] for kind in rules.counts if kind in found})


def context_of(known: Counted, subject: Subject) -> ChainMap[str, Any]:
    """The names that counts read."""
    own = {"done": dict(known.done), "late": dict(known.late), "case": dict(subject.about)}
    return ChainMap(own, dict(subject.variables))


def _happening(rule: Count, context: Mapping[str, Any], office: str, months: Months) -> Happening | None:
    try:
        if rule.when(context) is not True:
            return None
        day = _day(rule.day(context))
        if day is None:
            return None  # not dated, so in no period: the facts that date it are still missing
        noon = datetime.combine(day, NOON, OFFICE)  # registers are read as of the day that counts
        marks = [(name, text) for name, each in rule.dimensions.items() for text in _values(each(context, now=noon))]
        sums = {name: _hundredths(each(context, now=noon)) for name, each in rule.sums.items()}
    except FeelError as error:
        raise RunFailed(f"the count {rule.kind} failed: {error}", element=f"counts.{rule.kind}") from error
    kept = {name: total for name, total in sums.items() if total}
    return Happening(day, office, months.of(day), tuple(dict.fromkeys(marks)), kept)


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return (value.astimezone(OFFICE) if value.tzinfo else value).date()
    return value if isinstance(value, date) else None


def _values(value: Any) -> Iterator[str]:
    """A dimension's value as text; a list counts under each of its items."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, Decimal):
        yield f"{value.normalize():f}"[:VALUE_LIMIT]
    elif value is not None and str(value).strip():
        yield str(value).strip()[:VALUE_LIMIT]


def _hundredths(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return 0
    scaled = (Decimal(value) * HUNDREDTHS).quantize(Decimal(1), ROUND_HALF_UP)
    return int(scaled) if abs(scaled) < Decimal(10) ** 17 else 0


# --- what follows for the tables --------------------------------------------------------------------------------------


def cells(counted: Counted) -> Iterator[tuple[Cell, int]]:
    """What the case adds to the sums: cell and amount. The triggers of `occurrence` do the same."""
    for kind, each in counted.happenings.items():
        for office in (each.office, EVERYWHERE):
            for dimension, value in (("", ""), *each.marks):
                for measure, amount in {"": 1, **each.sums}.items():
                    yield (kind, office, dimension, each.period, value, measure), amount


def places(counted: Counted, rules: CountRules) -> dict[Place, Row]:
    """The rows by which the case is found: where -> office, day, period, end, sums."""
    found: dict[Place, Row] = {}
    for kind, each in counted.happenings.items():
        rule = rules.counts.get(kind)
        end = counted.happenings.get(rule.until) if rule is not None and rule.until else None
        sums = json.dumps({"": 1, **each.sums}, sort_keys=True, separators=(",", ":"))
        row = (each.office, each.day, each.period, end.day if end is not None else OPEN_ENDED, sums)
        for dimension, value in (("", ""), *each.marks):
            found[kind, dimension, value] = row
    return found
