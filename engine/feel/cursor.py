"""The grammar's hands: the current token, names in scope, and errors with a place.

FEEL names may contain blanks and operators, so what counts as one name depends on what is in scope (§10.3.1.4):
the longest known name wins.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from engine.feel.errors import FeelError
from engine.feel.lexer import Token, tokenize
from engine.feel.limits import MAX_NESTING
from engine.feel.types import Type
from engine.feel.values import Function

RESERVED = {
    *("and", "between", "else", "every", "false", "for", "if", "in", "null", "or", "return"),
    *("satisfies", "some", "then", "true"),
}
PROPERTIES = ("time offset", "start included", "end included")
_JOINTS = {"+", "-", "*", "/", ".", "'"}

Index = dict[str, list[tuple[list[str], str]]]


def indexed(names: Iterable[str]) -> Index:
    """Arrange names of several parts by their first part."""
    index: Index = {}
    for name in names:
        try:
            parts = [token.text for token in tokenize(name)[:-1]]
        except FeelError:
            continue
        if len(parts) > 1:
            index.setdefault(parts[0], []).append((parts, " ".join(name.split())))
    return index


@dataclass
class Cursor:
    """One pass over the tokens of a text."""

    text: str
    fixed: Index
    functions: Mapping[str, Function]
    variables: Collection[str]
    types: Mapping[str, Type]
    tokens: list[Token] = field(init=False)
    texts: list[str] = field(init=False)
    at: int = 0
    depth: int = 0
    scopes: list[set[str]] = field(default_factory=list)
    local: list[Index] = field(default_factory=list)
    entries: Index = field(default_factory=dict)
    filters: int = 0
    asked: bool = False
    free_names: set[str] = field(default_factory=set)
    filter_names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tokens = tokenize(self.text)
        self.texts = [token.text for token in self.tokens]

    @property
    def token(self) -> Token:
        """The token under the cursor."""
        return self.tokens[self.at]

    def ahead(self, count: int = 1) -> Token:
        """Look past the current token."""
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def wrong(self, message: str, token: Token | None = None, code: str = "feel-syntax") -> FeelError:
        """Make the error of stopping at a token."""
        token = token or self.token
        return FeelError(code, message, text=self.text, position=token.start, found=token.text)

    def unexpected(self, wanted: str) -> FeelError:
        """Make the error of finding something else here."""
        found = f"found '{self.token.text}'" if self.token.kind != "end" else "the expression ends"
        return self.wrong(f"expected {wanted}, {found}")

    def take(self) -> Token:
        """Step over the current token."""
        token = self.token
        self.at += 1
        return token

    def sees(self, *texts: str) -> bool:
        """Whether an operator or word of these is next (a string never is)."""
        return self.token.kind in {"operator", "name"} and self.token.text in texts

    def accept(self, *texts: str) -> bool:
        """Step over one of these, if it is next."""
        found = self.sees(*texts)
        self.at += found
        return found

    def expect(self, text: str) -> Token:
        """Step over this, or stop."""
        if not self.sees(text):
            raise self.unexpected(f"'{text}'")
        return self.take()

    def descend(self) -> None:
        """Go one level deeper."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.wrong(f"the expression is nested more than {MAX_NESTING} levels deep", code="feel-too-large")

    def known(self, *more: Index) -> tuple[str, int] | None:
        """Find the longest known name of several parts that starts here, and its number of tokens."""
        found: tuple[str, int] | None = None
        for index in (self.fixed, *self.local, *more):
            for parts, name in index.get(self.token.text, ()):
                size = len(parts)
                if (found is None or size > found[1]) and self.texts[self.at : self.at + size] == parts:
                    found = (name, size)
        if found is not None and found[0] in self.functions and found[0] not in self.variables:
            following = self.ahead(found[1])
            if following.kind in {"name", "number"}:
                return None
        return found

    def reads(self, name: str) -> None:
        """Remember that the text reads a variable."""
        if name == "?":
            self.asked = True
        if any(name in scope for scope in self.scopes):
            return
        (self.filter_names if self.filters else self.free_names).add(name)

    def is_known_function(self, name: str) -> bool:
        """Whether something of this name may be called."""
        return name in self.functions or self.is_variable(name)

    def is_variable(self, name: str) -> bool:
        """Whether a variable of this name is in scope."""
        return name in self.variables or any(name in scope for scope in self.scopes)

    def open_scope(self, names: Iterable[str] = ()) -> None:
        """Start a region with its own variables."""
        self.scopes.append(set())
        self.local.append({})
        for name in names:
            self.declare(name)

    def declare(self, name: str, *, entry: bool = False) -> None:
        """Add a variable to the innermost region; an entry of a context may be read behind a dot as well."""
        self.scopes[-1].add(name)
        for first, entries in indexed([name]).items():
            self.local[-1].setdefault(first, []).extend(entries)
            if entry:
                self.entries.setdefault(first, []).extend(entries)

    def close_scope(self) -> None:
        """End a region."""
        self.scopes.pop()
        self.local.pop()

    def name_before(self, *ends: str) -> str:
        """Read a name being declared: everything up to one of the ends, which stays."""
        first = self.token
        if first.kind != "name":
            raise self.unexpected("a name")
        while not self.sees(*ends):
            if self.token.kind not in {"name", "number"} and self.token.text not in _JOINTS:
                raise self.unexpected(" or ".join(f"'{end}'" for end in ends))
            self.at += 1
        if self.tokens[self.at - 1] is first:
            return first.text
        return " ".join(self.text[first.start : self.tokens[self.at - 1].end].split())

    def declares(self, end: str) -> bool:
        """Whether a name followed by ``end`` starts here (``key:`` of a context or a named argument)."""
        step = 0
        while self.ahead(step).kind in {"name", "number"} or (step and self.ahead(step).text in _JOINTS):
            step += 1
        return step > 0 and self.token.kind == "name" and self.ahead(step).text == end
