"""What starts with a word or is declared: ``if``, ``for``, ``some``, ``function``, calls, contexts and types."""

from engine.feel import nodes
from engine.feel.cursor import Cursor
from engine.feel.errors import FeelError
from engine.feel.lexer import Token
from engine.feel.types import ANY, SIMPLE, Type, simple


class Forms(Cursor):
    """The rules of the grammar that bring new names or belong to a keyword."""

    def expression(self) -> nodes.Node:
        """Read any expression; the operators are in ``grammar``."""
        raise NotImplementedError

    def binary(self, minimum: int, left: nodes.Node | None = None, *, range_end: bool = False) -> nodes.Node:
        """Read operators; they are in ``grammar``."""
        raise NotImplementedError

    def form(self) -> nodes.Node | None:
        """Read an expression that starts with a keyword, if one is next."""
        token = self.token
        if token.text == "if":
            return self._if()
        if token.text == "for":
            return self._iteration("return")
        if token.text in {"some", "every"}:
            return self._iteration("satisfies")
        if token.text == "function" and self.ahead().text == "(":
            return self._lambda()
        return None

    def _if(self) -> nodes.Node:
        start = self.take().start
        condition = self.expression()
        self.expect("then")
        yes = self.expression()
        self.expect("else")
        return nodes.If(start, condition, yes, self.expression())

    def _iteration(self, word: str) -> nodes.Node:
        start = self.take()
        self.open_scope()
        iterators: list[tuple[str, nodes.Node]] = []
        while True:
            name = self.name_before("in")
            self.expect("in")
            iterators.append((name, self._domain()))
            self.declare(name)
            if not self.accept(","):
                break
        self.expect(word)
        if word == "return":
            self.declare("partial")
        body = self.expression()
        self.close_scope()
        return nodes.For(start.start, iterators, body, "" if word == "return" else start.text)

    def _domain(self) -> nodes.Node:
        start = self.token.start
        low = self.expression()
        return nodes.Span(start, low, self.expression(), bare=True) if self.accept("..") else low

    def _lambda(self) -> nodes.Node:
        start = self.take().start
        self.expect("(")
        parameters: list[tuple[str, Type | None]] = []
        while not self.accept(")"):
            name = self.name_before(":", ",", ")")
            parameters.append((name, self.type() if self.accept(":") else None))
            if not self.sees(")"):
                self.expect(",")
        self.open_scope(name for name, _ in parameters)
        external = self.accept("external")
        body = self.expression()
        self.close_scope()
        return nodes.Lambda(start, parameters, None if external else body)

    def call(self, function: nodes.Node) -> nodes.Node:
        """Read the arguments of a call."""
        start = self.expect("(").start
        names: list[str] | None = None
        arguments: list[nodes.Node] = []
        while not self.accept(")"):
            if not arguments and self.declares(":"):
                names = []
            if names is not None:
                names.append(self.name_before(":"))
                self.expect(":")
            arguments.append(self.expression())
            if not self.sees(")"):
                self.expect(",")
        self._check_arguments(function, len(arguments), names)
        return nodes.Call(start, function, arguments, names)

    def _check_arguments(self, function: nodes.Node, count: int, names: list[str] | None) -> None:
        """Refuse a call that a built-in or host function can never accept."""
        if not isinstance(function, nodes.Name) or self.is_variable(function.name):
            return
        called = self.functions.get(function.name)
        reason = called.refuses(count, names) if called is not None and called.refuses is not None else ""
        if reason:
            raise FeelError(
                "feel-arguments", reason, text=self.text, position=function.position, function=function.name
            )

    def context(self, start: Token) -> nodes.Node:
        """Read the entries of a context."""
        entries: list[tuple[str, nodes.Node]] = []
        self.open_scope()
        while not self.accept("}"):
            key = self.take().value if self.token.kind == "string" else self.name_before(":")
            self.expect(":")
            if any(name == key for name, _ in entries):
                raise self.wrong(f"the context has two entries {key}")
            if self.sees("function"):
                self.declare(key)  # so that it can call itself
            entries.append((key, self.expression()))
            self.declare(key, entry=True)
            if not self.sees("}"):
                self.expect(",")
        self.close_scope()
        return nodes.Entries(start.start, entries)

    def type(self) -> Type:
        """Read a type (rules 52 and 53)."""
        self.descend()
        token = self.token
        generic = token.text if self.ahead().text == "<" else ""
        if generic in {"list", "range"}:
            self.at += 1
            found = Type(generic, item=self._angle(1)[0])
        elif generic == "context":
            self.at += 1
            found = Type("context", fields=self._fields())
        elif generic == "function":
            self.at += 1
            parameters = self._angle(0)
            self.expect("->")
            signature = tuple((str(place), item) for place, item in enumerate([*parameters, self.type()]))
            found = Type("function", fields=signature)
        else:
            found = self._named_type()
        self.depth -= 1
        return found

    def _angle(self, least: int) -> list[Type]:
        self.expect("<")
        found: list[Type] = []
        while not self.sees(">"):
            found.append(self.type())
            if not self.sees(">"):
                self.expect(",")
        if len(found) < least:
            raise self.unexpected("a type")
        self.expect(">")
        return found

    def _fields(self) -> tuple[tuple[str, Type], ...]:
        self.expect("<")
        fields: list[tuple[str, Type]] = []
        while not self.accept(">"):
            name = self.name_before(":")
            self.expect(":")
            fields.append((name, self.type()))
            if not self.sees(">"):
                self.expect(",")
        return tuple(fields)

    def _named_type(self) -> Type:
        """Read the longest type name that is known."""
        if self.token.kind != "name":
            raise self.unexpected("a type")
        words = [self.ahead(step) for step in range(8)]
        for size in range(len(words), 0, -1):
            if any(word.kind == "end" for word in words[:size]):
                continue
            name = " ".join(self.text[words[0].start : words[size - 1].end].split())
            if name in self.types or name in SIMPLE:
                self.at += size
                return self.types.get(name) or simple(name) or ANY
        raise self.wrong(f"there is no type {self.token.text}", code="feel-unknown-type")
