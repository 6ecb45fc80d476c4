"""The functions of this host that FEEL can call beside its own: periods, and names from the directory."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from decimal import Decimal
from types import MappingProxyType
from typing import Any

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


def _register_row(register: Any, key: Any) -> Any:
    """A row of a register as a context, or null."""
    find = DIRECTORY.get().get("register")
    return None if find is None or key is None else find(str(register), str(key))


def _offices(which: Any) -> Any:
    """The ids of the offices with a flag (`reporting`) or of a kind (`town`), in the order of their list."""
    find = DIRECTORY.get().get("offices")
    return None if find is None or which is None else find(str(which))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "working_days": _period("wd"),
    "days": _period("d"),
    "months": _period("m"),
    "hours": _period("h"),
    "person name": _looked_up("person name"),
    "office name": _looked_up("office name"),
    "register": _register_row,
    "offices": _offices,
}
