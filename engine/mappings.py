"""From the elements of one version to those of another: what a mapping may say, and what it could be."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import runtime, store
from engine.definitions import Definition, define
from engine.errors import InvalidAnswers, NotFound, Problem
from engine.includes import apart
from engine.model import Version


def version_of(session: Session, process: str, digest: str = "") -> Version:
    """A version of a process by (the beginning of) its digest; without one that in use. Raises NotFound."""
    query = select(Version).where(Version.process == process)
    query = query.where(Version.digest.startswith(digest, autoescape=True) if digest else Version.active)
    found = list(session.scalars(query.limit(2)))
    if len(found) != 1:
        raise NotFound(f"there is no single version {digest or 'in use'} of {process}")
    return found[0]


def checked_mapping(source: Definition, target: Definition, mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping without what maps to itself. Raises InvalidAnswers for elements that one of the versions has not."""
    wrong: dict[str, Problem] = {}
    names = {old: new for old, new in mapping.items() if old != new}
    for old, new in names.items():
        if old not in source.diagram.elements:
            wrong[old] = Problem("no-such-element", f"the old version has no element {old}", {"element": old})
        elif new not in target.diagram.elements:
            wrong[old] = Problem("no-such-element", f"the new version has no element {new}", {"element": new})
        elif new in source.diagram.elements and new not in names:
            wrong[old] = Problem("element-taken", f"{new} is an element of the old version too", {"element": new})
        elif list(names.values()).count(new) > 1:
            wrong[old] = Problem("element-taken", f"two elements are to become {new}", {"element": new})
    if wrong:
        raise InvalidAnswers(wrong)
    return names


def suggested_mapping(session: Session, process: str, from_version: str, to_version: str = "") -> dict[str, list[str]]:
    """For each element that tokens can rest in and that is gone: new elements it may be, the likeliest first."""
    source = definition_of(session, version_of(session, process, from_version)).diagram
    target = definition_of(session, version_of(session, process, to_version)).diagram
    return _likely(source, target)


def renamed_in(process: str, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str]]:
    """The same for the files of two versions or drafts. Raises InvalidDefinition."""
    return _likely(define(apart(before)[0], process).diagram, define(apart(after)[0], process).diagram)


def elements_of(process: str, files: Mapping[str, str]) -> dict[str, str]:
    """What these files draw: the id of every element with its name. Raises InvalidDefinition."""
    return _names(define(apart(files)[0], process).diagram)


def _names(drawn: runtime.Diagram) -> dict[str, str]:
    return {each.id: each.name or each.id for each in drawn.elements.values() if not runtime.is_synthetic(each.id)}


def _likely(source: runtime.Diagram, target: runtime.Diagram) -> dict[str, list[str]]:
    fresh = [element for element in target.elements.values() if element.id not in source.elements]
    found = {}
    for old in source.elements.values():
        if old.id in target.elements or runtime.is_synthetic(old.id) or old.kind in {"startEvent", "endEvent"}:
            continue
        same = [new for new in fresh if (new.kind, new.event) == (old.kind, old.event)]
        same.sort(key=lambda new: (new.name != old.name, new.form != old.form, new.role != old.role, new.id))
        found[old.id] = [new.id for new in same if not runtime.is_synthetic(new.id)]
    return found


def definition_of(session: Session, version: Version) -> Definition:
    """The compiled definition of a version."""
    return store.definition_of(session, version.id, version.process, version.digest)


def version_elements(session: Session, process: str, digest: str = "") -> dict[str, str]:
    """What is drawn in a version: the id of every element with its name. Raises NotFound."""
    return _names(definition_of(session, version_of(session, process, digest)).diagram)
