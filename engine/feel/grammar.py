"""Operators, literals and names: FEEL's grammar by precedence climbing (§10.3.1.2).

The rules for what starts with a word (``if``, ``for``, ``function``, types) are in ``forms``.
"""

from engine.feel import nodes
from engine.feel.brackets import ADDITIVE, COMPARISONS, Brackets
from engine.feel.cursor import RESERVED
from engine.feel.lexer import Token
from engine.feel.temporal import parse_temporal
from engine.feel.values import number

_PRECEDENCE = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "between", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/"), 5),
    "**": 6,
}
_LEVELS = (nodes.Comparison, nodes.Between, nodes.In)
_MOST_LEVELS = 100
"""How often an operator may follow itself where each one is a level of the compiled closure."""
_CONSTANTS = {"true": True, "false": False, "null": None}


class Grammar(Brackets):
    """The parser: every method reads one rule and leaves the cursor behind it."""

    def whole(self) -> nodes.Node:
        """Read an expression that is the whole text."""
        node = self.expression()
        self.finish()
        return node

    def finish(self) -> None:
        """Stop unless the text is used up."""
        if self.token.kind != "end":
            raise self.unexpected("an operator or the end")

    def expression(self) -> nodes.Node:
        """Read any expression."""
        self.descend()
        node = self.binary(1)
        self.depth -= 1
        return node

    def binary(self, minimum: int, left: nodes.Node | None = None, *, range_end: bool = False) -> nodes.Node:
        """Read operators that bind at least as tightly as ``minimum``."""
        node = left or self.unary(range_end=range_end)
        levels = 0
        while self.token.kind != "string" and _PRECEDENCE.get(self.token.text, 0) >= minimum:
            levels += isinstance(node, _LEVELS)
            if levels > _MOST_LEVELS:
                raise self.wrong("the comparison is too long", code="feel-too-large")
            node = self._infix(node, self.take())
        return node

    def _infix(self, left: nodes.Node, sign: Token) -> nodes.Node:
        if sign.text == "between":
            low = self.binary(ADDITIVE)
            self.expect("and")
            return nodes.Between(sign.start, left, low, self.binary(ADDITIVE))
        if sign.text == "in":
            return nodes.In(sign.start, left, self.in_tests())
        right = self.binary(_PRECEDENCE[sign.text] + 1)
        if sign.text in COMPARISONS:
            return nodes.Comparison(sign.start, sign.text, left, right)
        return self._joined(left, sign, right)

    def _joined(self, left: nodes.Node, sign: Token, right: nodes.Node) -> nodes.Node:
        """Join operands of one precedence into one node, so that a long sum is not a deep one."""
        level = _PRECEDENCE[sign.text]
        if sign.text in {"and", "or"}:
            if isinstance(left, nodes.Logic) and left.sign == sign.text:
                left.operands.append(right)
                return left
            return nodes.Logic(sign.start, sign.text, [left, right])
        if isinstance(left, nodes.Chain) and _PRECEDENCE[left.rest[0][0]] == level:
            left.rest.append((sign.text, right))
            return left
        return nodes.Chain(sign.start, left, [(sign.text, right)])

    def unary(self, *, range_end: bool = False) -> nodes.Node:
        """Read a minus sign and what it is applied to."""
        start, minus = self.token.start, 0
        while self.accept("-"):
            minus += 1
        node = self.postfix(self.primary(), range_end=range_end)
        for _ in range(min(minus, 2 - minus % 2)):
            node = nodes.Negation(start, node)
        return node

    def postfix(self, node: nodes.Node, *, range_end: bool = False) -> nodes.Node:
        """Read paths, filters, calls and ``instance of``."""
        size = 0
        while True:
            size += 1
            if size > _MOST_LEVELS:
                raise self.wrong("the path is too long", code="feel-too-large")
            start = self.token.start
            if self.accept("."):
                node = nodes.Path(start, node, self._property())
            elif self.sees("(") and self.token.kind == "operator":
                node = self.call(node)
            elif self.sees("[") and not (range_end and not self._starts_operand(self.ahead())):
                node = self._filter(node)
            elif self.sees("instance") and self.ahead().text == "of":
                self.at += 2
                node = nodes.InstanceOf(start, node, self.type())
            else:
                return node

    def _starts_operand(self, token: Token) -> bool:
        if token.kind == "name":
            return token.text not in {"and", "or", "in", "between", "then", "else", "return", "satisfies", "instance"}
        return token.kind in {"number", "string"} or token.text in {"(", "[", "{", "-", "@"}

    def _property(self) -> str:
        found = self.known(self.entries)
        if found is not None:
            self.at += found[1]
            return found[0]
        if self.token.kind != "name":
            raise self.unexpected("the name of a property")
        return self.take().text

    def _filter(self, value: nodes.Node) -> nodes.Node:
        start = self.expect("[").start
        self.open_scope(["item"])
        self.filters += 1
        condition = self.expression()
        self.filters -= 1
        self.close_scope()
        self.expect("]")
        return nodes.Filter(start, value, condition)

    def primary(self) -> nodes.Node:
        """Read a literal, a name, or something in brackets."""
        token = self.token
        if token.kind == "name":
            return self._named()
        self.at += 1
        if token.kind == "number":
            return nodes.Literal(token.start, number(token.text))
        if token.kind == "string":
            return nodes.Literal(token.start, token.value)
        if token.text == "@" and self.token.kind == "string":
            return self._at_literal()
        return self.enclosed(token)

    def _named(self) -> nodes.Node:
        token = self.token
        found = self.known()
        if found is not None:
            self.at += found[1]
            return self._variable(token, found[0])
        form = self.form()
        if form is not None:
            return form
        if token.text in _CONSTANTS:
            self.at += 1
            return nodes.Literal(token.start, _CONSTANTS[token.text])
        if token.text in RESERVED:
            raise self.unexpected("a value")
        self.at += 1
        return self._variable(token, token.text)

    def _variable(self, token: Token, name: str) -> nodes.Node:
        calls = self.token.kind == "operator" and self.token.text == "("
        if calls and not self.is_known_function(name):
            raise self.wrong(f"there is no function {name}", token, "feel-unknown-function")
        if not (name in self.functions and name not in self.variables):
            self.reads(name)
        return nodes.Name(token.start, name)

    def _at_literal(self) -> nodes.Node:
        token = self.take()
        value = parse_temporal(token.value)
        if value is None:
            raise self.wrong(f"@{token.text} is no date, time or duration", token, "feel-literal")
        return nodes.Literal(token.start, value)
