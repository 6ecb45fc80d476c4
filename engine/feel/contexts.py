"""Built-in functions on contexts (§10.3.4.9)."""

from typing import Any

from engine.feel.limits import Run
from engine.feel.registry import builtin


@builtin("get value(m: context, key: string)")
def _get_value(_run: Run, context: dict[str, Any], key: str) -> Any:
    return context.get(key)


@builtin("get value(context: context, keys: list)")
def _get_nested(run: Run, context: Any, keys: list[Any]) -> Any:
    found = context if keys else None
    for key in run.items(keys):
        found = found.get(key) if isinstance(found, dict) and isinstance(key, str) else None
    return found


@builtin("get entries(m: context)")
def _get_entries(run: Run, context: dict[str, Any]) -> list[Any]:
    return run.items([{"key": key, "value": value} for key, value in context.items()])


@builtin("context(entries: list)")
def _context(run: Run, entries: list[Any]) -> dict[str, Any] | None:
    made: dict[str, Any] = {}
    for entry in run.items(entries):
        if not isinstance(entry, dict) or "value" not in entry:
            return None
        key = entry.get("key")
        if not isinstance(key, str) or key in made:
            return None
        made[key] = entry["value"]
    return made


@builtin("context put(context: context, key: string, value: any)")
def _put(run: Run, context: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    run.room(len(context))
    return {**context, key: value}


@builtin("context put(context: context, keys: list, value: any)")
def _put_nested(run: Run, context: dict[str, Any], keys: list[Any], value: Any) -> dict[str, Any] | None:
    if not keys or not all(isinstance(key, str) for key in keys):
        return None
    run.room(len(context) + len(keys))
    made = dict(context)
    place = made
    for key in keys[:-1]:
        inner = place.get(key)
        if not isinstance(inner, dict):
            return None
        run.room(len(inner))
        place[key] = dict(inner)
        place = place[key]
    place[keys[-1]] = value
    return made


@builtin("context merge(contexts: list)")
def _merge(run: Run, contexts: list[Any]) -> dict[str, Any] | None:
    made: dict[str, Any] = {}
    for context in contexts:
        if not isinstance(context, dict):
            return None
        run.room(len(context))
        made.update(context)
    return made
