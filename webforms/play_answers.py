"""The answers of a form in a play: files are samples by their names, and only what says something is kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from flask import request

import engine
from webforms.blocks import FormView, each_block
from webforms.posts import NOT_A_FILE
from webforms.readings import files_in

SAMPLES = ("pdf", "jpg", "png", "docx", "xlsx", "txt", "mp3")
NOTHING: tuple[Any, ...] = (None, "", [], {})
NAME = 80  # characters of a file's name
Options = Callable[[str], Sequence[engine.Option]]


def typed() -> dict[str, Any]:
    """What was typed, with the names of the files that were chosen; their content goes nowhere."""
    files = [
        (field, PurePosixPath((upload.filename or "").replace("\\", "/")).name[-NAME:])
        for field, upload in request.files.items(multi=True)
        if upload.filename
    ]
    given = [(name, value) for name, value in request.form.items(multi=True) if value != NOT_A_FILE]
    return engine.decode([*given, *files])


def sample(name: str) -> Mapping[str, Any]:
    """A file that is only a name."""
    return {"file": name, "name": name, "type": "", "size": 0}


def with_samples(view: FormView, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with a sample file at every place that needs one and has none."""
    filled = dict(answers)
    for block in each_block(view.blocks):
        if block.kind == "filepicker" and block.required and not (block.hidden or block.readonly or block.uploads):
            _put(filled, block.name, [_file_name(block.name, str(block.input.get("accept", "")))])
    return filled


def _file_name(path: str, accept: str) -> str:
    possible = [one.strip().lstrip(".").lower() for one in accept.split(",")]
    ending = next((one for one in SAMPLES if one in possible), "pdf")
    return f"{path.rpartition('.')[2]}.{ending}"


def _put(answers: dict[str, Any], path: str, value: Any) -> None:
    """At `key` or `rows[0].key`."""
    head, _, key = path.rpartition(".")
    if not head:
        answers[key] = value
        return
    name, _, number = head.rstrip("]").partition("[")
    rows = answers.get(name)
    if isinstance(rows, list) and number.isdigit() and int(number) < len(rows):
        answers[name] = [{**row, key: value} if place == int(number) else row for place, row in enumerate(rows)]


def tidied(
    form: engine.Form, answers: Mapping[str, Any], facts: Mapping[str, Any], options: Options, now: datetime
) -> dict[str, Any]:
    """The answers as a scenario says them: without what is hidden, not asked, or empty and was so before."""
    seen = engine.visible(form, answers, facts=facts, options=options, files=sample, now=now)
    names = {file: str(row.get("name", file)) for file, row in files_in(facts).items()}
    fields = {each.key: each for each in form.questions}
    return {
        key: value
        for key, given in answers.items()
        if key in fields
        and key in seen
        and ((value := _said(fields[key], given, names)) not in NOTHING or facts.get(key) not in NOTHING)
    }


def _said(field: engine.Field, given: Any, names: Mapping[str, str]) -> Any:
    if field.kind == "filepicker":
        given = given if isinstance(given, list) else [given]
        return [names.get(one, one) for one in given if isinstance(one, str) and one]
    if field.kind == "dynamiclist" and isinstance(given, list):
        return [dict(_row(field, row, names)) for row in given if isinstance(row, Mapping)]
    return [one for one in given if one] if isinstance(given, list) else given


def _row(field: engine.Field, row: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    columns = {each.key: each for each in field.children}
    for key, given in row.items():
        value = _said(columns[key], given, names) if key in columns else given
        if value not in NOTHING or "_was" in row:
            yield key, value
