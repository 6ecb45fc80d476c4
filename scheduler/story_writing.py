"""Scenario files: writing them, as a person would lay them out."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import tomlkit

import engine
from scheduler.stories import Step, Story

WIDTH = 120  # what is longer gets lines of its own


def written(story: Story) -> str:
    """The TOML text of a scenario; `read_story` reads the same story from it."""
    head = {
        "title": story.title,
        "covers": list(story.covers),
        "office": story.office,
        "at": in_office(story.at),
        "by": story.by,
        "open": story.open,
        "after": list(story.after),
        "calendar": True if story.calendar is None else list(story.calendar),
    }
    parts = ["".join(lines({name: value for name, value in head.items() if value or name in {"title", "covers"}}))]
    if story.start:
        parts.append("[start]\n" + "".join(lines(story.start)))
    parts += ["[[steps]]\n" + "".join(_step(step)) for step in story.steps]
    return "\n".join(parts)


def in_office(moment: datetime) -> str:
    """An instant as the files write it: the office's clock, without a zone, with seconds where there are some."""
    local = moment.astimezone(engine.OFFICE).replace(tzinfo=None)
    return local.isoformat(timespec="auto" if local.second or local.microsecond else "minutes")


def inline(value: Any) -> str:
    """A value on one line. What TOML has no type for is text; a field of a row that is empty is left out."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(name)} = {inline(each)}" for name, each in value.items() if each is not None)
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(inline(each) for each in value if each is not None)}]"
    if isinstance(value, datetime):
        value = in_office(value) if value.tzinfo else value.isoformat()
    elif isinstance(value, (date, Decimal)):
        value = str(value)
    return str(tomlkit.item(value).as_string())


def lines(values: Mapping[str, Any]) -> Iterator[str]:
    """Key and value on a line each; a list that is too long for one has a line for each of its entries."""
    for name, value in values.items():
        if value is None:
            continue
        line = f"{_key(name)} = {inline(value)}\n"
        if len(line) > WIDTH and isinstance(value, (list, tuple)) and value:
            line = f"{_key(name)} = [\n" + "".join(f"  {inline(each)},\n" for each in value) + "]\n"
        yield line


def _key(name: str) -> str:
    return str(tomlkit.key(name).as_string())


def _step(step: Step) -> Iterator[str]:
    until = in_office(step.until) if step.until else ""
    own = {"do": step.do, "raise": step.raised, "wait": step.wait, "until": until, "by": step.by,
           "process": step.process, "refused": list(step.refused), "note": step.note}  # fmt: skip
    yield from lines({name: value for name, value in own.items() if value})
    if step.answers:
        line = next(lines({"answers": step.answers}))
        yield from [line] if len(line) <= WIDTH else ["[steps.answers]\n", *lines(step.answers)]
    if step.expect is not None:
        yield "[steps.expect]\n"
        yield from lines(step.expect)
