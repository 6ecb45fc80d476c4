"""Compile an XPath regular expression to the instructions of ``regex``."""

from dataclasses import dataclass

from engine.feel.characters import Pattern, Predicate, bracket, either_case, escape, exactly

_FLAGS = set("smixq")
_LONGEST = 1000
_MOST_STEPS = 4000
_DEEPEST = 40


@dataclass(slots=True)
class Instruction:
    """One step: char (with its test), split, jump, save, begin, end or match."""

    kind: str
    first: int = 0
    second: int = 0
    test: Predicate | None = None


@dataclass(slots=True)
class Program:
    """A compiled pattern; ``groups`` counts the whole match as well."""

    steps: list[Instruction]
    groups: int
    multiline: bool


Code = list[Instruction]


@dataclass
class _Reader:
    text: str
    flags: str
    at: int = 0
    groups: int = 1
    depth: int = 0

    def sees(self, char: str) -> bool:
        return self.text.startswith(char, self.at)

    def accept(self, char: str) -> bool:
        found = self.sees(char)
        self.at += len(char) if found else 0
        return found

    def alternatives(self) -> Code:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Pattern(self.text)
        code = self.sequence()
        while self.accept("|"):
            other = self.sequence()
            code = [Instruction("split", 1, len(code) + 2), *code, Instruction("jump", len(other) + 1), *other]
        self.depth -= 1
        return code

    def sequence(self) -> Code:
        code: Code = []
        while self.at < len(self.text) and not self.sees("|") and not self.sees(")"):
            code += self.quantified(self.atom())
            if len(code) > _MOST_STEPS:
                raise Pattern(self.text)
        return code

    def atom(self) -> Code:
        char = self.text[self.at]
        self.at += 1
        if char == "(":
            return self.group()
        if char in "^$":
            return [Instruction("begin" if char == "^" else "end")]
        if char == "[":
            test, self.at = bracket(self.text, self.at)
        elif char == "\\":
            test, self.at, _ = escape(self.text, self.at)
        elif char == ".":
            test = (lambda _char: True) if "s" in self.flags else (lambda char: char not in "\n\r")
        elif char in "*+?{}])":
            raise Pattern(self.text)
        else:
            test = exactly(char)
        return [Instruction("char", test=either_case(test) if "i" in self.flags else test)]

    def group(self) -> Code:
        saved = 0
        if not self.accept("?:"):
            saved, self.groups = self.groups, self.groups + 1
        code = self.alternatives()
        if not self.accept(")"):
            raise Pattern(self.text)
        return [Instruction("save", 2 * saved), *code, Instruction("save", 2 * saved + 1)] if saved else code

    def quantified(self, code: Code) -> Code:
        least, most = self.bounds()
        if (least, most) == (1, 1):
            return code
        greedy = not self.accept("?")
        copies = least if most is None else most
        if (copies + 1) * (len(code) + 1) > _MOST_STEPS:
            raise Pattern(self.text)
        made: Code = code * least
        if most is None:
            size = len(code)
            made += [_split(1, size + 2, greedy=greedy), *code, Instruction("jump", -size - 1)]
            return made
        optional = most - least
        for left in range(optional, 0, -1):
            made += [_split(1, left * (len(code) + 1), greedy=greedy), *code]
        return made

    def bounds(self) -> tuple[int, int | None]:
        if self.accept("*"):
            return 0, None
        if self.accept("+"):
            return 1, None
        if self.accept("?"):
            return 0, 1
        if not self.accept("{"):
            return 1, 1
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at : max(end, self.at)].partition(",")
        if not _count(low) or (high and not _count(high)):
            raise Pattern(self.text)
        self.at = end + 1
        least, most = int(low), int(high) if high else None if comma else int(low)
        if most is not None and most < least:
            raise Pattern(self.text)
        return least, most


def _count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4  # noqa: PLR2004 far beyond the largest program


def _split(near: int, far: int, *, greedy: bool) -> Instruction:
    return Instruction("split", near, far) if greedy else Instruction("split", far, near)


def compile_pattern(pattern: str, flags: str) -> Program | None:
    """Compile a pattern with XPath flags; None if it is not one, or too large."""
    if len(pattern) > _LONGEST or set(flags) - _FLAGS:
        return None
    if "q" in flags:
        code = [Instruction("char", test=either_case(exactly(c)) if "i" in flags else exactly(c)) for c in pattern]
        groups = 1
    else:
        reader = _Reader("".join(pattern.split()) if "x" in flags else pattern, flags)
        try:
            code = reader.alternatives()
        except Pattern:
            return None
        if reader.at < len(reader.text):
            return None
        groups = reader.groups
    relative = [Instruction("save", 0), *code, Instruction("save", 1), Instruction("match")]
    return Program([_absolute(step, place) for place, step in enumerate(relative)], groups, "m" in flags)


def _absolute(step: Instruction, place: int) -> Instruction:
    """Turn distances into addresses (code is copied by quantifiers, so it is built with distances)."""
    if step.kind == "split":
        return Instruction("split", place + step.first, place + step.second)
    return Instruction("jump", place + step.first) if step.kind == "jump" else step
