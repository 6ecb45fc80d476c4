"""Case variables on disk: plain JSON where JSON can say it, one tagged object `{"@": kind, "v": text}` where it cannot.

Numbers come back as Decimal. An object that happens to have the key "@" is wrapped, so no user data can pose as a tag.
Also the msgpack hooks of the state codec, which use the same tags.
"""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.feel import YearsMonths

TAG = "@"


def dumps(value: Any) -> str:
    """Canonical JSON text (sorted keys) of FEEL values."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """FEEL values from their JSON text."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal, object_hook=unpack_value)


def json_ready(value: Any) -> Any:
    """The value with nothing in it that `json` cannot write: for JSON columns and command output."""
    return json.loads(dumps(value))


def normalised(value: Any) -> Any:
    """The value as it will be after saving and loading: the same before and after a reload."""
    return loads(dumps(value))


def from_json(value: Any) -> Any:
    """FEEL values from what a JSON column gave back (`json_ready` undone)."""
    return loads(json.dumps(value))


def pack_value(value: Any) -> Any:
    """Msgpack's `default`: a tagged object for what msgpack does not know."""
    return _tagged(value)


def packable(value: Any) -> Any:
    """The value for msgpack: an object that happens to have the key "@" is wrapped here too."""
    if isinstance(value, dict):
        inner = {key: packable(item) for key, item in value.items()}
        return {TAG: "object", "v": list(inner.items())} if TAG in inner else inner
    if isinstance(value, (list, tuple)):
        return [packable(item) for item in value]
    return value


def unpack_value(value: dict[Any, Any]) -> Any:
    """The object hook of both formats."""
    if TAG not in value or set(value) != {TAG, "v"}:
        return value
    return _READ[value[TAG]](value["v"])


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, dict):
        inner = {str(key): _plain(item) for key, item in value.items()}
        return {TAG: "object", "v": list(inner.items())} if TAG in inner else inner
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return _plain(Decimal(repr(value)))
    if isinstance(value, Decimal):
        return _number(value)
    return _tagged(value)


def _number(value: Decimal) -> Any:
    if not value.is_finite():
        return None
    if value == value.to_integral_value() and abs(value) < Decimal(10) ** 18:
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else {TAG: "number", "v": str(value)}


def _tagged(value: Any) -> dict[str, Any]:
    for kind, (known, write, _) in _KINDS.items():
        if type(value) is known:
            return {TAG: kind, "v": write(value)}
    raise TypeError(f"a {type(value).__name__} cannot be a process variable")


def _microseconds(value: timedelta) -> int:
    return value // timedelta(microseconds=1)


_KINDS: dict[str, tuple[type, Any, Any]] = {
    "date": (date, date.isoformat, date.fromisoformat),
    "instant": (datetime, datetime.isoformat, datetime.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "duration": (timedelta, _microseconds, lambda v: timedelta(microseconds=int(v))),
    "months": (YearsMonths, lambda v: v.months, lambda v: YearsMonths(int(v))),
    "number": (Decimal, str, Decimal),
}
_READ: dict[str, Any] = {kind: read for kind, (_, _, read) in _KINDS.items()} | {"object": dict}
