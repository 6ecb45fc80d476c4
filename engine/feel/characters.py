r"""Character classes of XPath regular expressions: ``[a-z-[aeiou]]``, ``\\d``, ``\\p{Lu}``, ``\\i`` and the like."""

import unicodedata
from collections.abc import Callable

Predicate = Callable[[str], bool]
_SPACES = " \t\n\r"
_SINGLE = {"n": "\n", "r": "\r", "t": "\t"}
_LITERAL = set("\\|.?*+(){}[]-^$/ #&~'\"<>=!,:;@%_")
_BLOCKS = {
    "BasicLatin": (0, 0x7F),
    "Latin-1Supplement": (0x80, 0xFF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
}


class Pattern(ValueError):
    """The text is no regular expression of the supported kind."""


def _digit(char: str) -> bool:
    return unicodedata.category(char) == "Nd"


def _word(char: str) -> bool:
    return unicodedata.category(char)[0] not in "PZC"


def _space(char: str) -> bool:
    return char in _SPACES


def _initial(char: str) -> bool:
    return char.isalpha() or char in "_:"


def _name(char: str) -> bool:
    return char.isalnum() or char in "_:.-\u00b7" or unicodedata.category(char)[0] == "M"


_CLASSES: dict[str, Predicate] = {"d": _digit, "w": _word, "s": _space, "i": _initial, "c": _name}


def negated(test: Predicate) -> Predicate:
    """Every other character."""
    return lambda char: not test(char)


def exactly(wanted: str) -> Predicate:
    """One character."""
    return lambda char: char == wanted


def either_case(test: Predicate) -> Predicate:
    """Ignore case (flag ``i``)."""
    return lambda char: test(char) or test(char.lower()) or test(char.upper())


def escape(text: str, at: int) -> tuple[Predicate, int, str]:
    """Read what follows a backslash: the test, the place behind it, and the character if it is a single one."""
    if at >= len(text):
        raise Pattern(text)
    char = text[at]
    if char in "pP":
        return _category(text, at)
    if char.lower() in _CLASSES:
        test = _CLASSES[char.lower()]
        return (negated(test) if char.isupper() else test), at + 1, ""
    if char in _SINGLE or char in _LITERAL:
        single = _SINGLE.get(char, char)
        return exactly(single), at + 1, single
    raise Pattern(text)


def _category(text: str, at: int) -> tuple[Predicate, int, str]:
    end = text.find("}", at)
    if text[at + 1 : at + 2] != "{" or end < 0:
        raise Pattern(text)
    name = text[at + 2 : end]
    if name.startswith("Is"):
        if name[2:] not in _BLOCKS:
            raise Pattern(text)
        low, high = _BLOCKS[name[2:]]
        test: Predicate = lambda char: low <= ord(char) <= high  # noqa: E731 one of two short tests
    else:
        if not (1 <= len(name) <= 2 and name[0] in "LMNPZSC"):  # noqa: PLR2004 a category or its group
            raise Pattern(text)
        test = lambda char: unicodedata.category(char).startswith(name)  # noqa: E731 one of two short tests
    return (negated(test) if text[at] == "P" else test), end + 1, ""


def bracket(text: str, at: int, depth: int = 0) -> tuple[Predicate, int]:
    """Read a class in brackets; ``at`` is behind the opening one."""
    if depth > 8:  # noqa: PLR2004 nobody subtracts this often
        raise Pattern(text)
    outside = text[at : at + 1] == "^"
    at += outside
    tests: list[Predicate] = []
    minus: Predicate | None = None
    first = at
    while text[at : at + 1] != "]" or at == first:
        if text.startswith("-[", at) and at > first:
            minus, at = bracket(text, at + 2, depth + 1)
            break
        test, at = _member(text, at)
        tests.append(test)
    if text[at : at + 1] != "]":
        raise Pattern(text)

    def inside(char: str) -> bool:
        return any(test(char) for test in tests) != outside and not (minus is not None and minus(char))

    return inside, at + 1


def _member(text: str, at: int) -> tuple[Predicate, int]:
    """Read one character, escape or span of a class."""
    if at >= len(text) or text[at] == "[":
        raise Pattern(text)
    if text[at] == "\\":
        test, after, low = escape(text, at + 1)
    else:
        test, after, low = exactly(text[at]), at + 1, text[at]
    if not low or text[after : after + 1] != "-" or text[after + 1 : after + 2] in {"]", "[", ""}:
        return test, after
    if text[after + 1] == "\\":
        _, end, high = escape(text, after + 2)
    else:
        end, high = after + 2, text[after + 1]
    if not high or high < low:
        raise Pattern(text)
    return (lambda char: low <= char <= high), end
