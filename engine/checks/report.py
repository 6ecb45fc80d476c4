"""Collecting findings: each is an entry of the rule tables, a place, and parameters."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.errors import Finding


@dataclass(frozen=True)
class Rule:
    """What a rule says about a place that breaks it, and what to do then; `{name}`s are parameters."""

    level: str
    message: str
    remedy: str = ""


class Report:
    """The findings so far."""

    def __init__(self, rules: dict[str, Rule]) -> None:
        self.rules = rules
        self.findings: list[Finding] = []

    def add(self, rule: str, file: str, element: str | None = None, line: int | None = None, **params: Any) -> None:
        """Note one thing that is wrong."""
        entry = self.rules[rule]
        shown = {key: str(value)[:200] for key, value in params.items()}
        self.findings.append(
            Finding(
                rule,
                entry.level,
                file,
                element or None,
                entry.message.format_map(shown),
                entry.remedy.format_map(shown),
                shown,
                line,
            )
        )

    def take(self, findings: Iterable[Finding]) -> None:
        """Note what another part of the engine found."""
        self.findings += findings

    def refuses(self, file: str | None = None) -> bool:
        """Whether something (in this file) can run nowhere."""
        return any(f.level == "semantics" and file in (None, f.file) for f in self.findings)

    def sorted(self) -> list[Finding]:
        """All findings once, by file and line."""
        unique = {(f.rule, f.file, f.element, f.message, f.line): f for f in self.findings}
        return sorted(unique.values(), key=lambda f: (f.file, f.line or 0, f.element or "", f.rule, f.message))
