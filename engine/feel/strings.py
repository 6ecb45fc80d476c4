"""Built-in functions on strings (§10.3.4.3)."""

from decimal import Decimal
from typing import Any

from engine.feel import regex
from engine.feel.limits import Run
from engine.feel.registry import builtin


@builtin("substring(string: string, start position: number, length?: number)")
def _substring(run: Run, text: str, start: Decimal, length: Decimal | None = None) -> str | None:
    place = int(start)
    if place == 0 or abs(place) > len(text) or (length is not None and length < 1):
        return None
    first = place - 1 if place > 0 else len(text) + place
    return run.text(text[first:] if length is None else text[first : first + int(length)])


@builtin("string length(string: string)")
def _length(_run: Run, text: str) -> Decimal:
    return Decimal(len(text))


@builtin("upper case(string: string)")
def _upper(run: Run, text: str) -> str:
    return run.text(text.upper())


@builtin("lower case(string: string)")
def _lower(run: Run, text: str) -> str:
    return run.text(text.lower())


@builtin("substring before(string: string, match: string)")
def _before(run: Run, text: str, match: str) -> str:
    place = text.find(match)
    return run.text(text[: max(place, 0)])


@builtin("substring after(string: string, match: string)")
def _after(run: Run, text: str, match: str) -> str:
    place = text.find(match)
    return "" if place < 0 else run.text(text[place + len(match) :])


@builtin("contains(string: string, match: string)")
def _contains(run: Run, text: str, match: str) -> bool:
    return match in run.text(text)


@builtin("starts with(string: string, match: string)")
def _starts(_run: Run, text: str, match: str) -> bool:
    return text.startswith(match)


@builtin("ends with(string: string, match: string)")
def _ends(_run: Run, text: str, match: str) -> bool:
    return text.endswith(match)


@builtin("string join(list: list, delimiter?: string or null)")
def _join(run: Run, items: list[Any], delimiter: str | None = None) -> str | None:
    run.room(len(items))
    if not all(item is None or isinstance(item, str) for item in items):
        return None
    parts = [item for item in items if item is not None]
    separator = delimiter or ""
    run.length(sum(map(len, parts)) + len(separator) * max(len(parts) - 1, 0))
    return separator.join(parts)


@builtin("matches(input: string, pattern: string, flags?: string or null)")
def _matches(run: Run, text: str, pattern: str, flags: str | None = None) -> bool | None:
    compiled = regex.compiled(run, pattern, flags or "")
    return None if compiled is None else regex.search(run, compiled, text, 0) is not None


@builtin("replace(input: string, pattern: string, replacement: string, flags?: string or null)")
def _replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> str | None:
    compiled = regex.compiled(run, pattern, flags or "")
    return None if compiled is None else regex.replaced(run, compiled, text, replacement, literal="q" in (flags or ""))


@builtin("split(string: string, delimiter: string)")
def _split(run: Run, text: str, pattern: str) -> list[str] | None:
    compiled = regex.compiled(run, pattern, "")
    if compiled is None:
        return None
    parts: list[str] = []
    start = 0
    for found in regex.matches(run, compiled, text):
        parts.append(text[start : found[0]])
        start = found[1] or 0
    return run.items([*parts, text[start:]])
