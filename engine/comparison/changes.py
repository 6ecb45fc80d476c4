"""What a comparison answers: one change, and the words for what was changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

PARTS = {
    "file": "file",
    "element": "element",
    "flow": "flow",
    "kind": "kind of element",
    "name": "name",
    "scope": "sub-process it is in",
    "lane": "lane",
    "route": "start or end of the flow",
    "default": "default flow",
    "timer": "timer",
    "condition": "condition",
    "role": "role",
    "assignee": "person it is assigned to",
    "form": "form",
    "due": "time to do it",
    "decision": "decision",
    "called": "called procedure",
    "repetition": "repetition",
    "property": "property %(key)s",
    "documentation": "explanation",
    "attribute": "attribute %(key)s",
    "drawing": "drawing",
    "hit-policy": "hit policy",
    "input": "input column",
    "output": "output column",
    "rule": "rule",
    "cell": "cell %(key)s",
    "annotation": "annotation",
    "order": "order",
    "field": "field",
    "field-property": "field property %(key)s",
    "fact": "fact",
    "outcome": "outcome",
    "deadline": "deadline",
    "count": "count",
    "stage": "stage",
    "paper": "document",
    "level": "level",
    "setting": "setting",
    "lines": "lines",
    "notation": "notation only, the meaning is the same",
}
KINDS = ("added", "removed", "changed", "moved")
MIRRORED = {"added": "removed", "removed": "added"}


@dataclass(frozen=True)
class Change:
    """One thing that differs between two versions of a model.

    `part` is a key of PARTS and says what differs, `key` which of several (a property, a column); `element` is the id
    in the file, `place` what a reader calls it. `before` and `after` are texts, empty where there is nothing.
    """

    file: str
    kind: str  # added | removed | changed | moved
    part: str
    element: str = ""
    place: str = ""
    key: str = ""
    before: str = ""
    after: str = ""

    @property
    def message(self) -> str:
        """The change in English: the fallback of the catalogue's sentence."""
        return f"{PARTS[self.part] % {'key': self.key}} {self.kind}"


def mirrored(change: Change) -> Change:
    """The same change seen from the other side."""
    kind = MIRRORED.get(change.kind, change.kind)
    return replace(change, kind=kind, before=change.after, after=change.before)


def kind_of(before: str | None, after: str | None) -> str:
    """What became of a value that is not the same on both sides; None and the empty text are no value."""
    return "added" if not before else "removed" if not after else "changed"


def in_order(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """Everything of both sides once: in the order of `after`, then what only `before` has."""
    yield from dict.fromkeys([*after, *before])


def reordered(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """The ids both sides have, in the order of each, where that order is not the same."""
    known_before, known_after = set(before), set(after)
    first, second = [one for one in before if one in known_after], [one for one in after if one in known_before]
    return (first, second) if first != second else None


def order_change(
    file: str, place: str, element: str, before: Mapping[str, str], after: Mapping[str, str]
) -> list[Change]:
    """Whether what both sides have (id -> words) comes in another order."""
    found = reordered([*before], [*after])
    if found is None:
        return []
    old, new = ("、".join(words[one] for one in ids) for words, ids in zip((before, after), found, strict=True))
    return [Change(file, "moved", "order", element, place, "", old, new)]
