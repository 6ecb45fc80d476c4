"""Expressions of Java engines that mean exactly the same in FEEL: comparisons and logic of plain names and values.

What Java engines coerce (arithmetic, texts that are numbers) or call (methods, functions, `empty`) has no exact twin.
"""

import re

from engine.feel import FeelError, compile_expression
from engine.functions import FUNCTIONS

WRAPPED = re.compile(r"\s*[$#]\{(.*)\}\s*", re.DOTALL)
TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?![\w(\[]))|(?P<number>\d+(?:\.\d+)?(?![\w.]))
    |(?P<text>'[^'"\\]*'|"[^'"\\]*")|(?P<sign>==|!=|<=|>=|&&|\|\||[<>()!]))""",
    re.VERBOSE,
)
WORDS = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "and": "&&", "or": "||", "not": "!"}
COMPARING = {"==": "=", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
OPPOSITE = {"=": "!=", "!=": "="}
LIMIT = 2_000  # characters


class NoTwin(ValueError):
    """The expression has no exact counterpart."""


def twin(text: str) -> str:
    """The FEEL expression that means the same as `${...}`; empty if there is none."""
    found = WRAPPED.fullmatch(text)
    if found is None or len(text) > LIMIT:
        return ""
    try:
        feel = _Reader(found[1]).read()
        compile_expression(feel, functions=FUNCTIONS)
    except (NoTwin, FeelError, RecursionError):
        return ""
    return feel


class _Reader:
    """Reads from left to right; `||` binds weakest, then `&&`, then comparisons."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if found is None:
                raise NoTwin
            kind, token = found.lastgroup or "", found[found.lastgroup or 0]
            if kind == "name" and token in WORDS:
                kind, token = "sign", WORDS[token]
            if kind == "name" and token in {"empty", "div", "mod", "instanceof"}:
                raise NoTwin
            self.tokens.append((kind, token))
            at = found.end()

    def read(self) -> str:
        feel = self._or()
        if self.tokens:
            raise NoTwin
        return feel

    def _taken(self, *signs: str) -> str:
        if self.tokens and self.tokens[0][0] == "sign" and self.tokens[0][1] in signs:
            return self.tokens.pop(0)[1]
        return ""

    def _or(self) -> str:
        parts = [self._and()]
        while self._taken("||"):
            parts.append(self._and())
        return " or ".join(parts)

    def _and(self) -> str:
        parts = [self._comparison()]
        while self._taken("&&"):
            parts.append(self._comparison())
        return " and ".join(parts)

    def _comparison(self) -> str:
        if self._taken("!"):
            return self._negation()
        if self._taken("("):
            inner = self._or()
            if not self._taken(")") or self._taken(*COMPARING):
                raise NoTwin
            return f"({inner})"
        left = self._value()
        sign = self._taken(*COMPARING)
        return f"{left} {COMPARING[sign]} {self._value()}" if sign else left

    def _negation(self) -> str:
        """`!x` is true where there is no x, as `x != true` is; only equalities have an opposite that is as exact."""
        if not self._taken("("):
            if not self.tokens or self.tokens[0][0] != "name":
                raise NoTwin
            return f"{self._value()} != true"
        left, sign = self._value(), self._taken("==", "!=")
        if not sign:
            if not self._taken(")"):
                raise NoTwin
            return f"{left} != true"
        right = self._value()
        if not self._taken(")"):
            raise NoTwin
        return f"{left} {OPPOSITE[COMPARING[sign]]} {right}"

    def _value(self) -> str:
        if not self.tokens or self.tokens[0][0] == "sign":
            raise NoTwin
        kind, token = self.tokens.pop(0)
        return f'"{token[1:-1]}"' if kind == "text" else token
