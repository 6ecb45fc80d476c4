"""What was found in the past, in words: sums, elements, cases, values, reasons."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import engine
from webforms.directory import directory
from webforms.i18n import clauses, day, labelled, listed, moment, period
from webforms.lights import Light
from webforms.replays import Answer
from webforms.words import gettext, ngettext
from webforms.words import lazy_gettext as _l

KINDS = {
    "way": _l("Goes another way"),
    "stuck": _l("Does not get on"),
    "value": _l("Another result"),
    "due": _l("Another due day"),
    "step": _l("A step more"),
}
ORDER = {kind: place for place, kind in enumerate(KINDS)}
MILD = 60  # how warm what leads nobody elsewhere is drawn at most
LONG = 80  # characters of a value that decided
PERIOD = re.compile(r"\d{1,4}(wd|d|m|h)")
COLOURS = {"way": "red", "stuck": "red", "value": "orange", "due": "orange", "step": "blue"}
FIRES = {"earlier": _l("would have run out before it was done"), "later": _l("would not have run out then")}
REASONS = {
    "value-lost": _l("A value of that time cannot be rebuilt"),
    "another-way-then": _l("Rebuilt, it does not lead the way that was really taken"),
    "not-rebuilt": _l("What decided then cannot be computed again"),
    "limit-not-rebuilt": _l("The time limit of that time cannot be computed again, perhaps it was changed by hand"),
    "not-asked-then": _l("The draft looks at something that was not asked then"),
    "target-gone": _l("Where the case went then is not in the draft"),
    "other-kind": _l("The element is of another kind in the draft"),
}


def sums(answer: Answer) -> dict[str, int]:
    """How many cases and points, and how many of them are otherwise."""
    return {
        "cases": len(answer.cases),
        "elsewhere": sum(case.goes_elsewhere for case in answer.cases),
        "otherwise": sum(case.differs and not case.goes_elsewhere for case in answer.cases),
        "points": sum(case.points for case in answer.cases),
        "unjudged": sum(len(case.unjudged) for case in answer.cases),
    }


def elements(answer: Answer) -> list[dict[str, Any]]:
    """Per element and kind in how many cases it would have been otherwise; other ways first, then the most."""
    counts: Counter[tuple[str, str]] = Counter()
    names: dict[str, str] = {}
    for case in answer.cases:
        counts.update({(one.element, one.kind) for one in case.differences})
        names |= {one.element: answer.names.get(one.element, one.name) for one in case.differences}
    return [
        {"element": element, "name": names[element], "light": _light(kind), "count": count}
        for (element, kind), count in sorted(counts.items(), key=lambda item: (ORDER[item[0][1]], -item[1], item[0]))
    ]  # fmt: skip


def marks(answer: Answer) -> list[dict[str, Any]]:
    """What the picture shows: a badge with the number of cases, red where they would have gone elsewhere."""
    away: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for case in answer.cases:
        ways = {one.element for one in case.differences if one.kind in {"way", "stuck"} or one.fires}
        away.update(ways)
        other.update({one.element for one in case.differences} - ways)
    most, most_other = max(away.values(), default=1), max(other.values(), default=1)
    return [
        {"id": element, "heat": round(max(100 * away[element] / most, MILD * other[element] / most_other)),
         "waits": "",
         "late": ngettext("%(num)s case", "%(num)s cases", away[element]) if away[element] else "",
         "badge": ngettext("%(num)s case", "%(num)s cases", other[element]) if other[element] else ""}
        for element in sorted(away.keys() | other.keys())
    ]  # fmt: skip


def rows_of(answer: Answer, may_see: set[UUID]) -> list[dict[str, Any]]:
    """Every difference in the cases this person may see; other ways first, then those closed last."""
    found = [(case, one) for case in answer.cases if case.case_id in may_see for one in case.differences]
    return [_row(answer, case, one) for case, one in sorted(found, key=lambda pair: ORDER[pair[1].kind])]


def _row(answer: Answer, case: engine.CaseReplay, one: engine.ReplayDifference) -> dict[str, Any]:
    return {
        "case": case,
        "office": directory().office_name(case.office),
        "element": one.element,
        "name": answer.names.get(one.element, one.name),
        "at": one.at,
        "light": _light(one.kind),
        "then": _side(one.then),
        "now": _side(one.now),
        "fires": str(FIRES[one.fires]) if one.fires else "",
        "rules": _rules(one),
        "reads": [
            (read.label, gettext("kept apart") if read.hidden else _short(said(read.value))) for read in one.reads
        ],
    }


def _short(words: str) -> str:
    return words if len(words) <= LONG else words[: LONG - 1] + "…"


def _side(value: Any) -> list[str]:
    """One of the two sides, line by line."""
    if isinstance(value, Mapping):
        return [labelled(name, said(each)) for name, each in value.items()]
    if isinstance(value, (list, tuple)):
        return [str(each) for each in value]
    return [said(value)]


def said(value: Any) -> str:
    """A value in words."""
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, Mapping):
        return " · ".join(labelled(name, said(each)) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return clauses(map(said, value))
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    return period(value) if PERIOD.fullmatch(str(value)) else str(value)


def _rules(one: engine.ReplayDifference) -> str:
    if not (one.rules_then or one.rules_now):
        return ""
    then, now = (_numbers(rules) for rules in (one.rules_then, one.rules_now))
    return gettext("Row of the table: %(then)s, now %(now)s", then=then, now=now)


def _numbers(rules: Sequence[int]) -> str:
    return listed(map(str, rules)) or gettext("none")


def _light(kind: str) -> Light:
    return Light(COLOURS[kind], str(KINDS[kind]))


def unjudged(answer: Answer) -> list[dict[str, Any]]:
    """What could not be judged, by element and reason."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for case in answer.cases:
        counts.update((answer.names.get(one.element, one.name), one.code, _about(answer, one)) for one in case.unjudged)
    return [
        {"name": name, "why": str(REASONS.get(code, code)), "about": about, "count": count}
        for (name, code, about), count in counts.most_common()
    ]


def _about(answer: Answer, one: engine.Unjudged) -> str:
    if one.code == "target-gone":
        return answer.names.get(one.about, one.about)
    return one.about if one.code in {"value-lost", "not-asked-then"} else ""


def counted(answer: Answer, of: Callable[[engine.CaseReplay], Sequence[Any]]) -> list[tuple[Any, int]]:
    """What happens in how many cases, the most first."""
    counts: Counter[Any] = Counter()
    for case in answer.cases:
        counts.update(of(case))
    return counts.most_common()
