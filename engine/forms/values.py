"""One raw answer, from a browser or already typed, to its typed value. A wrong answer is a Problem, never an error."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from engine.errors import Problem
from engine.forms import patterns
from engine.forms.fields import ZONE, Field, FileSource, OptionSource

INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))
REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,10})?", re.ASCII)
LARGEST = Decimal(10) ** 18
PLACES = 10
DAY = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))", re.ASCII
)
YEARS = range(1900, 2201)
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?", re.ASCII)
YES, NO = {"true", "on", "1", "yes"}, {"false", "off", "0", "no"}


class Wrong(Exception):
    """The answer is not what was asked for."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def wrong(field: Field, code: str, message: str, **params: Any) -> Wrong:
    """Say what is wrong, with the label of the field for the page."""
    return Wrong(
        Problem(code, f"{field.label}: {message}" if field.label else message, {"label": field.label, **params})
    )


def is_blank(raw: Any) -> bool:
    """Whether nothing was answered."""
    if isinstance(raw, list | tuple):
        return all(is_blank(item) for item in raw)
    return raw is None or (isinstance(raw, str) and not raw.translate(INVISIBLE).strip())


def empty(field: Field) -> Any:
    """The typed value of no answer."""
    if field.kind == "checkbox":
        return False
    return [] if field.multiple or field.kind == "dynamiclist" else None


def typed(field: Field, raw: Any, options: OptionSource, files: FileSource) -> Any:
    """The typed value of a raw answer. Raises Wrong."""
    if is_blank(raw):
        return empty(field)
    if isinstance(raw, list | tuple) and not field.multiple:
        given = [item for item in raw if not is_blank(item)]  # a box sends its hidden empty value too
        if len(given) > 1:
            raise wrong(field, "wrong-type", "only one answer is possible")
        raw = given[0]
    if field.kind in {"radio", "select"}:
        return _choice(field, raw, options)
    if field.kind == "checklist":
        return _choices(field, raw, options)
    if field.kind == "filepicker":
        return _files(field, raw, files)
    return _READERS[field.kind](field, raw)


def as_text(value: Any) -> str | None:
    """A single value as a browser would send it; None if it cannot be one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _digits_of(value)
    if isinstance(value, date | time):
        return _moment_text(value)
    return value if isinstance(value, str) else None


def _digits_of(value: float | Decimal) -> str | None:
    number = Decimal(repr(value) if isinstance(value, float) else value)
    fits = number.is_finite() and abs(number) < LARGEST and (not number or number.adjusted() >= -PLACES)
    return format(number, "f") if fits else None


def _moment_text(value: date | time) -> str | None:
    if isinstance(value, time):
        return value.replace(tzinfo=None, microsecond=0).isoformat("seconds" if value.second else "minutes")
    if value.year not in YEARS:
        return None
    if not isinstance(value, datetime):
        return value.isoformat()
    return local(value).replace(tzinfo=None).isoformat(timespec="seconds" if value.second else "minutes")


def local(moment: datetime) -> datetime:
    """The moment on the offices' clock; without a zone it is read as office time."""
    return moment.replace(tzinfo=ZONE) if moment.tzinfo is None else moment.astimezone(ZONE)


def _text(field: Field, raw: Any) -> str:
    if isinstance(raw, bool) or (text := as_text(raw)) is None:
        raise wrong(field, "wrong-type", "this is not text")
    is_long = field.kind == "textarea"
    text = re.sub(r"\r\n?", "\n", text) if is_long else text.replace("\t", " ").strip()
    if REFUSED.search(text) or (not is_long and re.search(r"[\r\n]", text)):
        raise wrong(field, "bad-characters", "the text contains control characters")
    text = unicodedata.normalize("NFC", text.translate(INVISIBLE)).strip()
    read = patterns.FORMATS.get(field.rules.format)
    if read is None:
        return text
    found = read(unicodedata.normalize("NFKC", text))
    if found is None:
        code = "bad-" + field.rules.format.replace("_", "-")
        raise wrong(field, code, f"this is not a valid {field.rules.format.replace('_', ' ')}")
    return found


def _number(field: Field, raw: Any) -> Decimal:
    text = "" if isinstance(raw, bool) else unicodedata.normalize("NFKC", as_text(raw) or "").strip()
    text = text.removeprefix("¥").strip()
    text = text.replace(",", "") if GROUPED.fullmatch(text) else text
    if not NUMBER.fullmatch(text):
        raise wrong(field, "not-a-number", "this is not a number")
    return Decimal(text) or Decimal(0)  # no negative zero


def _date(field: Field, raw: Any) -> date:
    if isinstance(raw, date) and raw.year in YEARS:
        return local(raw).date() if isinstance(raw, datetime) else raw
    found = DAY.fullmatch(_normal(raw))
    try:
        if found is not None:
            year, month, day = (int(part) for part in found.groups() if part is not None)
            if year in YEARS:
                return date(year, month, day)
    except ValueError:
        pass
    raise wrong(field, "not-a-date", "this is not a date")


def _time(field: Field, raw: Any) -> time:
    if isinstance(raw, time):
        return raw.replace(tzinfo=None, microsecond=0)
    found = CLOCK.fullmatch(_normal(raw))
    if found is None:
        raise wrong(field, "not-a-time", "this is not a time of day")
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def _datetime(field: Field, raw: Any) -> datetime:
    """An instant on the offices' clock; a time without a zone is office time."""
    if isinstance(raw, datetime) and raw.year in YEARS:
        return local(raw).replace(microsecond=0)
    text = _normal(raw)
    day, _, clock = text.replace(" ", "T", 1).partition("T")
    try:
        if clock.endswith("Z") or re.search(r"[+-]\d\d:?\d\d$", clock):
            return _datetime(field, datetime.fromisoformat(text))
        return datetime.combine(_date(field, day), _time(field, clock), ZONE)
    except (Wrong, ValueError, OverflowError):
        raise wrong(field, "not-a-datetime", "this is not a date with a time of day") from None


def _normal(raw: Any) -> str:
    return unicodedata.normalize("NFKC", raw).strip() if isinstance(raw, str) else ""


def _yes_or_no(field: Field, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    text = raw.strip().lower() if isinstance(raw, str) else ""
    if text not in YES | NO:
        raise wrong(field, "wrong-type", "this is neither yes nor no")
    return text in YES


def _choice(field: Field, raw: Any, options: OptionSource) -> Any:
    text = as_text(raw)
    for option in options(field.values_key) if field.values_key else field.options:
        if text is not None and as_text(option.value) == text.strip():
            return option.value
    raise wrong(field, "not-an-option", "choose one of the options")


def _choices(field: Field, raw: Any, options: OptionSource) -> list[Any]:
    given = raw if isinstance(raw, list | tuple) else [raw]
    chosen = [_choice(field, item, options) for item in given if not is_blank(item)]
    known = [option.value for option in (options(field.values_key) if field.values_key else field.options)]
    return [value for value in known if value in chosen]


def _files(field: Field, raw: Any, files: FileSource) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for item in raw if isinstance(raw, list | tuple) else [raw]:
        if is_blank(item):
            continue
        given = item.get("file") if isinstance(item, Mapping) else item
        known = files(given) if isinstance(given, str) else None
        if known is None:
            raise wrong(field, "unknown-file", "an uploaded file is no longer there; upload it again")
        found[str(given)] = dict(known)
    return list(found.values())


_READERS: dict[str, Callable[[Field, Any], Any]] = {
    "textfield": _text,
    "textarea": _text,
    "number": _number,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "checkbox": _yes_or_no,
}
