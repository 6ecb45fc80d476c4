"""Camunda's ``mapDecisionResult``: four ways to look at the rules that apply."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.decisions.findings import DecisionError
from engine.decisions.tables import Match

_MODES: dict[str, Callable[[list[Match]], Any]] = {
    "singleEntry": lambda matches: _entry(_single(matches)) if matches else None,
    "singleResult": lambda matches: _single(matches) if matches else None,
    "collectEntries": lambda matches: [_entry(match.outputs) for match in matches],
    "resultList": lambda matches: [match.outputs for match in matches],
}


def _single(matches: list[Match]) -> dict[str, Any]:
    if len(matches) > 1:
        raise DecisionError("dmn-result-mapping", f"{len(matches)} rules match, but one result is wanted")
    return matches[0].outputs


def _entry(outputs: Mapping[str, Any]) -> Any:
    if len(outputs) > 1:
        raise DecisionError("dmn-result-mapping", f"the result has {len(outputs)} outputs, but one is wanted")
    return next(iter(outputs.values()), None)


def map_result(result: list[Match], mode: str = "resultList") -> Any:
    """Map the rules that apply as Camunda's ``mapDecisionResult`` does."""
    if mode not in _MODES:
        raise DecisionError("dmn-result-mapping", f"there is no result mapping {mode}", mode=mode)
    return _MODES[mode](result)
