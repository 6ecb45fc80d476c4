"""Built-in functions on lists (§10.3.4.4) and sorting (§10.3.4.8)."""

from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from engine.feel.compare import arranged, equal
from engine.feel.limits import Run
from engine.feel.registry import builtin
from engine.feel.values import Function


@builtin("list contains(list: list, element: any)")
def _list_contains(run: Run, items: list[Any], element: Any) -> bool:
    return any(equal(run, item, element) is True for item in items)


@builtin("count(list: list)")
def _count(_run: Run, items: list[Any]) -> Decimal:
    return Decimal(len(items))


@builtin("min(list...: list)")
def _min(run: Run, items: list[Any]) -> Any:
    ordered = arranged(run, items)
    return ordered[0] if ordered else None


@builtin("max(list...: list)")
def _max(run: Run, items: list[Any]) -> Any:
    ordered = arranged(run, items)
    return ordered[-1] if ordered else None


@builtin("all(list...: list)", "and(list...: list)")
def _all(run: Run, items: list[Any]) -> bool | None:
    run.room(len(items))
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


@builtin("any(list...: list)", "or(list...: list)")
def _any(run: Run, items: list[Any]) -> bool | None:
    run.room(len(items))
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None


@builtin("sublist(list: list, start position: number, length?: number)")
def _sublist(run: Run, items: list[Any], start: Decimal, length: Decimal | None = None) -> list[Any] | None:
    place = int(start)
    if place == 0 or abs(place) > len(items) or (length is not None and length < 0):
        return None
    first = place - 1 if place > 0 else len(items) + place
    if length is not None and first + length > len(items):
        return None
    return run.items(items[first:] if length is None else items[first : first + int(length)])


@builtin("append(list: list, item...: list)")
def _append(run: Run, items: list[Any], more: list[Any]) -> list[Any]:
    return run.items([*items, *more])


@builtin("concatenate(list...: list)")
def _concatenate(run: Run, lists: list[Any]) -> list[Any] | None:
    joined: list[Any] = []
    for items in lists:
        if items is None:
            return None
        joined += run.items(items if isinstance(items, list) else [items])
    return run.items(joined)


@builtin("insert before(list: list, position: number, newItem: any)")
def _insert(run: Run, items: list[Any], position: Decimal, item: Any) -> list[Any] | None:
    place = _place(items, position)
    return None if place is None else run.items([*items[:place], item, *items[place:]])


@builtin("remove(list: list, position: number)")
def _remove(run: Run, items: list[Any], position: Decimal) -> list[Any] | None:
    place = _place(items, position)
    return None if place is None else run.items([*items[:place], *items[place + 1 :]])


def _place(items: list[Any], position: Decimal) -> int | None:
    """Turn a position from 1, or from the end if negative, into an index."""
    place = int(position)
    if place == 0 or abs(place) > len(items):
        return None
    return place - 1 if place > 0 else len(items) + place


@builtin("list replace(list: list, position: number, newItem: any)")
def _replace(run: Run, items: list[Any], position: Decimal, item: Any) -> list[Any] | None:
    place = _place(items, position)
    return None if place is None else run.items([*items[:place], item, *items[place + 1 :]])


@builtin("list replace(list: list, match: function, newItem: any)")
def _replace_matching(run: Run, items: list[Any], match: Function, new: Any) -> list[Any] | None:
    run.spend(len(items))
    answers = [match.apply(run, [item, new]) for item in items]
    if not all(isinstance(answer, bool) for answer in answers):
        return None
    return run.items([new if answer else item for item, answer in zip(items, answers, strict=True)])


@builtin("reverse(list: list)")
def _reverse(run: Run, items: list[Any]) -> list[Any]:
    return run.items(items[::-1])


@builtin("index of(list: list, match: any)")
def _index_of(run: Run, items: list[Any], match: Any) -> list[Any]:
    return run.items([Decimal(place) for place, item in enumerate(items, 1) if equal(run, item, match) is True])


def _distinct(run: Run, items: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for item in items:
        if not any(equal(run, item, other) is True for other in kept):
            kept.append(item)
    return run.items(kept)


@builtin("distinct values(list: list)")
def _distinct_values(run: Run, items: list[Any]) -> list[Any]:
    return _distinct(run, items)


@builtin("union(list...: list)")
def _union(run: Run, lists: list[Any]) -> list[Any] | None:
    joined = _concatenate(run, lists)
    return None if joined is None else _distinct(run, joined)


@builtin("flatten(list: list)")
def _flatten(run: Run, items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    pending: list[Any] = [items]
    while pending:
        item = pending.pop()
        run.spend()
        if isinstance(item, list):
            pending.extend(reversed(item))
        else:
            flat.append(item)
    return run.items(flat)


@builtin("sort(list: list)", "sort(list: list, precedes: function)")
def _sort(run: Run, items: list[Any], precedes: Function | None = None) -> list[Any] | None:
    if precedes is None:
        return arranged(run, items)

    def order(left: Any, right: Any) -> int:
        run.spend()
        if precedes.apply(run, [left, right]) is True:
            return -1
        return 1 if precedes.apply(run, [right, left]) is True else 0

    run.room(len(items))
    return sorted(items, key=cmp_to_key(order))
