"""What stands in brackets: lists, ranges, parentheses, and the unary tests of ``in`` and of table cells."""

from engine.feel import nodes
from engine.feel.forms import Forms
from engine.feel.lexer import Token

ADDITIVE = 4
COMPARISONS = {"=", "!=", "<", "<=", ">", ">="}


class Brackets(Forms):
    """The rules of the grammar for ``( )``, ``[ ]`` and ``{ }``."""

    def postfix(self, node: nodes.Node, *, range_end: bool = False) -> nodes.Node:
        """Read paths, filters and calls; they are in ``grammar``."""
        raise NotImplementedError

    def enclosed(self, token: Token) -> nodes.Node:
        """Read what an opening bracket starts."""
        if token.text == "(":
            return self._parenthesis(token, many=False)
        if token.text == "[":
            return self._bracket(token)
        if token.text == "]":
            return self._range(token, self.binary(ADDITIVE), included=False)
        if token.text == "{":
            return self.context(token)
        self.at -= 1
        raise self.unexpected("a value")

    def _bracket(self, start: Token) -> nodes.Node:
        items: list[nodes.Node] = []
        while not self.accept("]"):
            item = self._item()
            if not items and self.sees(".."):
                return self._range(start, item, included=True)
            items.append(item)
            if not self.sees("]"):
                self.expect(",")
        return nodes.Items(start.start, items)

    def _item(self) -> nodes.Node:
        return self._half_range() if self.token.text in COMPARISONS else self.expression()

    def _half_range(self) -> nodes.Node:
        sign = self.take()
        operand = self.binary(ADDITIVE)
        if sign.text == "=":
            return nodes.Span(sign.start, operand, operand)
        if sign.text in {"<", "<="}:
            return nodes.Span(sign.start, None, operand, start_included=False, end_included=sign.text == "<=")
        if sign.text in {">", ">="}:
            return nodes.Span(sign.start, operand, None, start_included=sign.text == ">=", end_included=False)
        raise self.wrong("!= has no range", sign)

    def _range(self, start: Token, low: nodes.Node, *, included: bool) -> nodes.Node:
        self.expect("..")
        self.descend()
        high = self.binary(ADDITIVE, range_end=True)
        self.depth -= 1
        if not self.sees("]", ")", "["):
            raise self.unexpected("] or ) at the end of the range")
        return nodes.Span(start.start, low, high, included, self.take().text == "]")

    def _parenthesis(self, start: Token, *, many: bool) -> nodes.Node:
        first: nodes.Node = self.test()
        if isinstance(first, nodes.Test) and not first.sign:
            first = first.operand
            if self.sees(".."):
                return self._range(start, first, included=False)
        if not many:
            if isinstance(first, nodes.Test):
                first = self._as_range(first)
            self.expect(")")
            return first
        tests = [first if isinstance(first, nodes.Test) else nodes.Test(first.position, "", first)]
        while self.accept(","):
            tests.append(self.test())
        self.expect(")")
        return nodes.Tests(start.start, tests) if len(tests) > 1 or tests[0].sign else first

    def _as_range(self, test: nodes.Test) -> nodes.Node:
        included = test.sign in {"<=", ">=", "="}
        low = None if test.sign in {"<", "<="} else test.operand
        high = None if test.sign in {">", ">="} else test.operand
        if test.sign == "!=":
            raise self.wrong("!= has no range")
        return nodes.Span(test.position, low, high, low is not None and included, high is not None and included)

    def in_tests(self) -> nodes.Tests:
        """Read what follows ``in``."""
        start = self.token
        if self.token.text != "(" or self.token.kind != "operator":
            return nodes.Tests(start.start, [self.test(level=ADDITIVE)])
        self.at += 1
        node = self._parenthesis(start, many=True)
        if isinstance(node, nodes.Tests):
            return node
        operand = self.binary(ADDITIVE, self.postfix(node))
        return nodes.Tests(start.start, [nodes.Test(start.start, "", operand)])

    def test(self, level: int = 1) -> nodes.Test:
        """Read one positive unary test (rules 7 and 8)."""
        outer, self.asked = self.asked, False
        token = self.token
        sign = self.take().text if token.kind == "operator" and token.text in COMPARISONS else ""
        self.descend()
        operand = self.binary(ADDITIVE if sign else level)
        self.depth -= 1
        asks = self.asked
        self.asked = outer or asks
        return nodes.Test(token.start, sign, operand, asks)
