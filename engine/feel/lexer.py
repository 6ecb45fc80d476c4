"""Tokens of FEEL (§10.3.1.2, grammar rules 22 to 37).

Names are cut into their parts here; which parts make one name (``Pre-bureau risk category``) depends on the names
in scope, so the grammar joins them. Full-width punctuation is refused with the character to type instead: an
input method leaves it behind and it looks almost right.
"""

import re
import unicodedata
from dataclasses import dataclass

from engine.feel.errors import FeelError

_SPACE = re.compile(r"(?:[\s\u180e\u200b\ufeff]|//[^\r\n]*|/\*.*?\*/)+", re.DOTALL)
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_OPERATOR = re.compile(r"\.\.|\*\*|<=|>=|!=|->|[-+*/()\[\]{},:.<>='@^;&!|%$#~]")
_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))",
    re.DOTALL,
)
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "'": "'", '"': '"', "\\": "\\"}
_FULL_WIDTH = dict(zip("（）［］｛｝，：；．＝＜＞＋－＊／“”‘’！。、", "()[]{},:;.=<>+-*/\"\"''!.,", strict=True))
_RANGES = (
    *((0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2FF), (0x300, 0x36F), (0x370, 0x37D), (0x37F, 0x1FFF), (0x200C, 0x200D)),
    *((0x203F, 0x2040), (0x2070, 0x218F), (0x2C00, 0x2FEF), (0x3001, 0xD7FF), (0xF900, 0xFDCF), (0xFDF0, 0xFFFD)),
    *((0x10000, 0xEFFFF), (0xB7, 0xB7)),
)
_LARGEST_ASCII = 0x7F
_MIDDLE_DOT = 0xB7


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text: ``kind`` is name, number, string, operator or end; ``value`` is a string's content."""

    kind: str
    text: str
    start: int
    end: int
    value: str = ""


def _name_character(char: str) -> bool:
    code = ord(char)
    if code <= _LARGEST_ASCII:
        return char.isalnum() or char in "_?"
    return (
        any(low <= code <= high for low, high in _RANGES) and unicodedata.category(char)[0] not in "PZ"
    ) or code == _MIDDLE_DOT


def _name_end(text: str, start: int) -> int:
    end = start + 1
    while end < len(text) and _name_character(text[end]) and text[end] != "?":
        end += 1
    return start + 1 if text[start] == "?" else end


def _unescape(found: re.Match[str], text: str, position: int) -> str:
    high, low, four, six, other = found.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    if four or six:
        code = int(four or six, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 the limits of Unicode
            raise FeelError("feel-syntax", f"{found[0]} is not a character", text=text, position=position)
        return chr(code)
    return _SIMPLE_ESCAPES.get(other, found[0])


def _string(text: str, start: int) -> Token:
    found = _STRING.match(text, start)
    if found is None:
        raise FeelError("feel-syntax", "the string is not closed", text=text, position=start)
    value = _ESCAPE.sub(lambda escape: _unescape(escape, text, start), found[1])
    return Token("string", found[0], start, found.end(), value)


def _token(text: str, start: int) -> Token:
    char = text[start]
    if char == '"':
        return _string(text, start)
    number = _NUMBER.match(text, start)
    if number is not None:
        return Token("number", number[0], start, number.end())
    operator = _OPERATOR.match(text, start)
    if operator is not None:
        return Token("operator", operator[0], start, operator.end())
    if _name_character(char):
        end = _name_end(text, start)
        return Token("name", text[start:end], start, end)
    hint = f"; type {_FULL_WIDTH[char]} instead" if char in _FULL_WIDTH else ""
    raise FeelError("feel-syntax", f"{char!r} has no meaning here{hint}", text=text, position=start, character=char)


def tokenize(text: str) -> list[Token]:
    """Cut the text into tokens; the last one is ``end``."""
    tokens: list[Token] = []
    position = 0
    while True:
        space = _SPACE.match(text, position)
        if space is not None:
            position = space.end()
        if text.startswith("/*", position):
            raise FeelError("feel-syntax", "the comment is not closed", text=text, position=position)
        if position >= len(text):
            return [*tokens, Token("end", "", len(text), len(text))]
        tokens.append(_token(text, position))
        position = tokens[-1].end
