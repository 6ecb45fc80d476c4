"""XPath regular expressions in linear time, for ``matches``, ``replace`` and ``split`` (§10.3.4.3).

A Pike machine: all alternatives advance together, one character at a time, so no pattern can make the work grow
faster than pattern times text, and both are paid from the evaluation's budget. Back-references need backtracking
and are left out: a pattern with one is not a pattern, hence null.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.feel.characters import Predicate
from engine.feel.limits import Run
from engine.feel.patterns import Instruction, Program, compile_pattern

_THREADS_PER_STEP = 16
_COMPILING_STEPS = 100
Groups = tuple[int | None, ...]


def compiled(run: Run, pattern: str, flags: str) -> Program | None:
    """Compile a pattern; null if it is none."""
    key = ("regex", pattern, flags)
    if key not in run.cache:
        run.spend(_COMPILING_STEPS + len(pattern))
        made = run.cache[key] = compile_pattern(pattern, flags)
        run.spend(len(made.steps) if made else 0)
    program: Program | None = run.cache[key]
    return program


@dataclass(slots=True)
class _Threads:
    """The alternatives alive at one place of the text, best first."""

    program: Program
    text: str
    list: list[tuple[int, Groups]]
    seen: set[int]

    def add(self, start: int, groups: Groups, at: int) -> None:
        """Follow all instructions that read no character."""
        pending = [(start, groups)]
        while pending:
            place, saved = pending.pop()
            if place in self.seen:
                continue
            self.seen.add(place)
            step = self.program.steps[place]
            if step.kind == "save":
                pending.append((place + 1, (*saved[: step.first], at, *saved[step.first + 1 :])))
            elif step.kind == "split":
                pending.extend(((step.second, saved), (step.first, saved)))
            elif step.kind == "jump":
                pending.append((step.first, saved))
            elif step.kind in {"begin", "end"}:
                if self.holds(step, at):
                    pending.append((place + 1, saved))
            else:
                self.list.append((place, saved))

    def holds(self, step: Instruction, at: int) -> bool:
        """Whether ``^`` or ``$`` is true here."""
        if step.kind == "begin":
            return at == 0 or (self.program.multiline and self.text[at - 1] == "\n")
        return at == len(self.text) or (self.program.multiline and self.text[at] == "\n")


def search(run: Run, program: Program, text: str, start: int) -> Groups | None:
    """Find the leftmost match from ``start``: begin and end of the whole and of each group."""
    empty: Groups = (None,) * (2 * program.groups)
    best: Groups | None = None
    threads = _Threads(program, text, [], set())
    work = 0
    for at in range(start, len(text) + 1):
        if best is None:
            threads.add(0, empty, at)
        elif not threads.list:
            break
        following = _Threads(program, text, [], set())
        work += 1 + len(threads.seen)
        for place, saved in threads.list:
            step = program.steps[place]
            if step.kind == "match":
                best = saved
                break
            test: Predicate | None = step.test
            if at < len(text) and test is not None and test(text[at]):
                following.add(place + 1, saved, at + 1)
        threads = following
        if work >= _THREADS_PER_STEP:
            run.spend(work // _THREADS_PER_STEP)
            work = 0
    return best


def matches(run: Run, program: Program, text: str) -> Iterator[Groups]:
    """Find every match, from left to right and without overlaps."""
    at = 0
    while at <= len(text):
        run.spend()
        found = search(run, program, text, at)
        if found is None:
            return
        yield found
        begin, end = found[0] or 0, found[1] or 0
        at = end + 1 if begin == end else end


def replaced(run: Run, program: Program, text: str, replacement: str, *, literal: bool) -> str | None:
    r"""Replace every match; ``$1`` is a group, ``\\$`` a dollar sign; null for any other use of the two."""
    parts = [replacement] if literal else _template(replacement, program.groups - 1)
    if parts is None:
        return None
    pieces: list[str] = []
    start = 0
    for found in matches(run, program, text):
        pieces.append(text[start : found[0]])
        for part in parts:
            pieces.append(part if isinstance(part, str) else text[found[2 * part] or 0 : found[2 * part + 1] or 0])
            run.text(pieces[-1])
        start = found[1] or 0
    pieces.append(text[start:])
    run.length(sum(map(len, pieces)))
    return "".join(pieces)


def _template(text: str, groups: int) -> list[str | int] | None:
    parts: list[str | int] = []
    at = 0
    while at < len(text):
        following = text[at + 1 : at + 2]
        if text[at] == "\\":
            if following not in {"\\", "$"}:
                return None
            parts.append(following)
            at += 2
        elif text[at] == "$":
            if not (following.isascii() and following.isdigit()):
                return None
            number, at = _group_number(text, at + 1, groups)
            parts.append(number if number <= groups else "")
        else:
            parts.append(text[at])
            at += 1
    return parts


def _group_number(text: str, at: int, groups: int) -> tuple[int, int]:
    """Read as many digits as still name a group."""
    number, end = int(text[at]), at + 1
    while text[end : end + 1].isascii() and text[end : end + 1].isdigit() and number * 10 + int(text[end]) <= groups:
        number, end = number * 10 + int(text[end]), end + 1
    return number, end
