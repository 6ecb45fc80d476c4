"""The files of a published version, and what an editor of them offers to choose from."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml.etree import _Element as Element
from sqlalchemy.orm import Session

from engine.directory import directory
from engine.errors import NotFound
from engine.model import Version
from engine.xml import UnsafeXml, local, parse_xml

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PublishedModel:
    """A published version of a process folder. Procedures are no secret inside the house: everybody may read them."""

    version_id: int
    process: str
    title: str
    digest: str
    deployed_at: datetime
    active: bool
    files: Mapping[str, str]


@dataclass(frozen=True)
class DecidedColumn:
    """A column of a decision table whose values a diagram can read, and where it is kept."""

    decision: str
    title: str
    name: str
    label: str
    file: str
    element: str


@dataclass(frozen=True)
class ModelChoices:
    """What elements of a diagram can refer to, each as value and words: roles of the house, and parts of the folder."""

    roles: Pairs
    forms: Pairs
    decisions: Pairs
    deadlines: Pairs
    papers: Pairs
    stages: Pairs
    outcomes: Pairs
    levels: Pairs
    columns: tuple[DecidedColumn, ...]


def published_model(session: Session, version_id: int) -> PublishedModel:
    """A version with its files. Raises NotFound."""
    row = session.get(Version, version_id)
    if row is None:
        raise NotFound
    return PublishedModel(row.id, row.process, row.title, row.digest, row.deployed_at, row.active, dict(row.files))


def model_choices(session: Session, files: Mapping[str, str]) -> ModelChoices:
    """The choices for a folder; parts that cannot be read yet are left out, the checks say what is wrong with them."""
    manifest = _manifest(files)
    return ModelChoices(
        roles=tuple((role.id, role.name) for role in directory(session).roles.values()),
        forms=tuple(_forms(files)),
        decisions=tuple(_decisions(files)),
        deadlines=_labelled(manifest, "deadlines"),
        papers=_labelled(manifest, "papers", "title"),
        stages=_labelled(manifest, "stages"),
        outcomes=_labelled(manifest, "outcomes"),
        levels=_labelled(manifest, "levels"),
        columns=tuple(_columns(files)),
    )


def _manifest(files: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        return tomllib.loads(files.get("manifest.toml", ""))
    except tomllib.TOMLDecodeError:
        return {}


def _labelled(manifest: Mapping[str, Any], section: str, words: str = "label") -> Pairs:
    rows = manifest.get(section)
    if not isinstance(rows, Mapping):
        return ()
    return tuple((key, str(row.get(words, key))) for key, row in rows.items() if isinstance(row, Mapping))


def _forms(files: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    for name in sorted(files):
        if name.startswith("forms/") and name.endswith(".form"):
            stem = name.removeprefix("forms/").removesuffix(".form")
            found.append((stem, _form_title(files[name]) or stem))
    return found


def _form_title(text: str) -> str:
    """What the form calls itself, or its first question."""
    try:
        form = json.loads(text)
    except ValueError:
        return ""
    if not isinstance(form, dict):
        return ""
    parts = form.get("components")
    labels = [str(part.get("label", "")) for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return str(form.get("name") or next(filter(None, labels), ""))


def _decisions(files: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(element.get("id", ""), _called(element)) for _, element in _drawn_decisions(files) if element.get("id")]


def _columns(files: Mapping[str, str]) -> list[DecidedColumn]:
    found = []
    for file, element in _drawn_decisions(files):
        for column in element.iter():
            if local(column) == "output":
                key, name = column.get("id", ""), column.get("name", "")
                words = column.get("label") or name or _called(element)
                found.append(DecidedColumn(element.get("id", ""), _called(element), name, words, file, key))
    return found


def _drawn_decisions(files: Mapping[str, str]) -> Iterator[tuple[str, Element]]:
    for name in sorted(files):
        if name.endswith(".dmn"):
            try:
                root = parse_xml(files[name])
            except UnsafeXml:
                continue
            yield from ((name, each) for each in root if local(each) == "decision")


def _called(element: Element) -> str:
    return str(element.get("name") or element.get("id", ""))
