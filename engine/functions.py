"""The functions of this host that FEEL can call beside its own: periods, and names from the directory."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from engine.masking import masked_text

EVERYWHERE = "*"
DIRECTORY: ContextVar[Mapping[str, Callable[..., Any]]] = ContextVar("directory", default=MappingProxyType({}))


def _period(unit: str) -> Callable[[Any], str | None]:
    def period(count: Any) -> str | None:
        if isinstance(count, bool) or not isinstance(count, (int, Decimal)) or count != int(count) or count < 0:
            return None
        return f"{int(count)}{unit}"

    period.__name__ = {"wd": "working days", "d": "days", "m": "months", "h": "hours"}[unit]
    return period


def _looked_up(kind: str) -> Callable[[Any], Any]:
    def look_up(key: Any) -> Any:
        find = DIRECTORY.get().get(kind)
        return None if find is None or key is None else find(key)

    look_up.__name__ = kind
    return look_up


def _register_row(register: Any, key: Any, office: Any = None, *, now: datetime | None = None) -> Any:
    """A row of a register as of now: the office's own where it has one. A key no longer listed keeps its last row."""
    find = DIRECTORY.get().get("register")
    return None if find is None or key is None else find(str(register), str(key), str(office or ""), now)


def _register_rows(register: Any, office: Any = EVERYWHERE, *, now: datetime | None = None) -> Any:
    """The rows of a register that apply to an office as of now; without an office everybody's."""
    find = DIRECTORY.get().get("registers")
    if find is None or office is None:
        return None
    return find(str(register), None if office == EVERYWHERE else str(office), now)


def _register_changes(register: Any, before: Any, after: Any, *, now: datetime | None = None) -> Any:
    """What changed between two lists of rows: change (add, change, remove), key, name, what in words."""
    compare = DIRECTORY.get().get("register changes")
    if compare is None or not all(isinstance(rows, list) for rows in (before, after)):
        return None
    return compare(str(register), before, after, now)


def _offices(which: Any) -> Any:
    """The ids of the offices with a flag (`reporting`) or of a kind (`town`), in the order of their list."""
    find = DIRECTORY.get().get("offices")
    return None if find is None or which is None else find(str(which))


def _reports(process: Any, first_day: Any, last_day: Any) -> Any:
    """For every office and period between two days what was handed in: its newest revision, or that there is none."""
    find = DIRECTORY.get().get("reports")
    return None if find is None else find(process, first_day, last_day)


def _last_report(process: Any, office: Any, before: Any) -> Any:
    """The last report of an office that was accepted and whose period ended before a day, or null."""
    find = DIRECTORY.get().get("last report")
    return None if find is None else find(process, office, before)


def _figures(report: Any, office: Any, first_day: Any, last_day: Any, reported: Any = None) -> Any:
    """The rows of a report: indicator, section, name, unit, definition, value, typed, formula, and of which row a part.

    No office means all of them. `reported` values by the rows' names take the place of the counted ones. Null where
    the days are not the first and last of reporting months.
    """
    find = DIRECTORY.get().get("figures")
    days = (first_day, last_day)
    if find is None or not all(isinstance(day, date) and not isinstance(day, datetime) for day in days):
        return None
    told = reported if isinstance(reported, Mapping) else None
    return find(str(report), None if office is None else str(office), *days, told)


def _case_record(number: Any, office: Any) -> Any:
    """What is known of an office's own case by its number: title, status, outcome, facts (without sensitive ones)."""
    find = DIRECTORY.get().get("case record")
    return None if find is None or number is None or office is None else find(str(number), str(office))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "working_days": _period("wd"),
    "days": _period("d"),
    "months": _period("m"),
    "hours": _period("h"),
    "person name": _looked_up("person name"),
    "office name": _looked_up("office name"),
    "person id": _looked_up("person id"),
    "user name": _looked_up("user name"),
    "register": _register_row,
    "offices": _offices,
    "reports": _reports,
    "last report": _last_report,
    "registers": _register_rows,
    "figures": _figures,
    "register changes": _register_changes,
    "case record": _case_record,
    "masked text": masked_text,
}
