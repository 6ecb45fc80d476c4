"""Two diagrams compared by what they mean: elements by id, and of each what it says. Positions are only counted.

Ids that modelers make up for things inside an element (event definitions, expressions) are no part of the meaning.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.comparison.changes import Change, in_order, kind_of
from engine.xml import BPMN, XSI, local, parse_xml, tag

SKIPPED = {"incoming", "outgoing", "flowNodeRef"}
INSIDE = {
    "extensionElements", "documentation", "conditionExpression", "timeDuration", "timeDate", "timeCycle", "script",
    "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "loopCardinality", "loopCondition",
    "completionCondition", "ioSpecification", "dataInputAssociation", "dataOutputAssociation", "laneSet",
    "childLaneSet", "condition",
}  # fmt: skip
ATTRIBUTES = {
    "@name": "name", "@candidateGroups": "role", "@assignee": "assignee", "@formRef": "form", "@formKey": "form",
    "@dueDate": "due", "@decisionRef": "decision", "@calledElement": "called", "@sourceRef": "route",
    "@targetRef": "route", "@default": "default", "lane": "lane", "scope": "scope", "kind": "kind",
}  # fmt: skip
REFERENCES = {"route", "default", "lane", "scope"}
PROPERTY = "/extensionElements/properties/property["


@dataclass
class Facts:
    """What a diagram says: id -> aspect -> value, and id -> where it is drawn."""

    elements: dict[str, dict[str, str]] = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)

    def label(self, element: str) -> str:
        """What a reader calls an element: its name, a flow by its ends, anything else by its id."""
        said = self.elements.get(element, {})
        if said.get("@name"):
            return said["@name"]
        if "@sourceRef" in said and "@targetRef" in said:
            return f"{self.name(said['@sourceRef'])} → {self.name(said['@targetRef'])}"
        return element

    def name(self, element: str) -> str:
        """The name of an element, or its id."""
        return self.elements.get(element, {}).get("@name") or element


def diagram_facts(text: str) -> Facts:
    """Everything a diagram says. Raises UnsafeXml."""
    root, facts = parse_xml(text), Facts()
    for child in root:
        if local(child) and etree.QName(child).namespace == BPMN:
            _walk(child, "", "", facts)
    for lane in root.iter(tag("lane")):
        for node in lane.iterchildren(tag("flowNodeRef")):
            if (node.text or "").strip() in facts.elements:
                facts.elements[(node.text or "").strip()]["lane"] = lane.get("id", "")
    facts.drawn = drawn(root)
    return facts


def drawn(root: etree._Element) -> dict[str, str]:
    """Where everything is drawn: id of what is drawn -> its numbers."""
    found = {}
    for shape in root.iter(etree.Element):
        of = shape.get("bpmnElement") or shape.get("dmnElementRef")
        if of:
            found[of] = repr([sorted(one.attrib.items()) for one in shape.iter(etree.Element)][1:])
    return found


def _walk(element: etree._Element, owner: str, path: str, facts: Facts) -> None:
    name = local(element)
    if not name or name in SKIPPED:
        return
    own = element.get("id", "")
    if own and etree.QName(element).namespace == BPMN and name not in INSIDE and not name.endswith("EventDefinition"):
        facts.elements[own] = {"kind": name} | ({"scope": owner} if owner else {})
        owner, path = own, ""
    elif owner:
        path = f"{path}/{name}" + (f"[{element.get('name')}]" if element.get("name") else "")
    if owner:
        _note(element, facts.elements[owner], path)
    for child in element:
        _walk(child, owner, path, facts)


def _note(element: etree._Element, said: dict[str, str], path: str) -> None:
    values = []
    for key, value in element.attrib.items():
        name = etree.QName(str(key))
        is_name_in_path = bool(path) and name.localname == "name"
        if name.namespace != XSI and name.localname != "id" and not is_name_in_path:
            values.append((f"{path}@{name.localname}", str(value).strip()))
    if (element.text or "").strip() and path:
        values.append((path, (element.text or "").strip()))
    if path.endswith("EventDefinition") and not values:
        values.append((path, local(element)))
    for aspect, value in values:
        said[aspect] = f"{said[aspect]}\n{value}" if aspect in said else value


def compare_diagrams(file: str, before: str, after: str) -> list[Change]:
    """What differs between two diagrams. Raises UnsafeXml."""
    return list(_changes(file, diagram_facts(before), diagram_facts(after)))


def _changes(file: str, before: Facts, after: Facts) -> Iterator[Change]:
    for element in in_order(before.elements, after.elements):
        old, new = before.elements.get(element), after.elements.get(element)
        said, facts = (new, after) if new is not None else (old or {}, before)
        place = facts.label(element)
        if old is None or new is None:
            part = "flow" if said["kind"] in {"sequenceFlow", "messageFlow", "association"} else "element"
            words = _summary(said, facts)
            kind, texts = ("added", ("", words)) if old is None else ("removed", (words, ""))
            yield Change(file, kind, part, element, place, "", *texts)
            continue
        for aspect in in_order(old, new):
            if old.get(aspect) != new.get(aspect):
                part, key = _part(aspect)
                first, second = old.get(aspect, ""), new.get(aspect, "")
                kind = "moved" if part in {"scope", "lane"} else kind_of(first, second)
                if part in REFERENCES:
                    first, second = before.name(first), after.name(second)
                yield Change(file, kind, part, element, place, key, first, second)
    yield from drawing_moved(file, before.drawn, after.drawn)


def drawing_moved(file: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    """Whether things both pictures show are drawn elsewhere, and how many."""
    moved = sum(1 for one in before if one in after and before[one] != after[one])
    if moved:
        yield Change(file, "moved", "drawing", "", "", str(moved))


def _part(aspect: str) -> tuple[str, str]:
    """What an aspect is called, and which of several it is."""
    if aspect in ATTRIBUTES:
        return ATTRIBUTES[aspect], aspect.removeprefix("@") if ATTRIBUTES[aspect] == "route" else ""
    if aspect.startswith(PROPERTY):
        return "property", aspect.removeprefix(PROPERTY).partition("]")[0]
    for sign, part in (
        ("timerEventDefinition", "timer"), ("conditionExpression", "condition"),
        ("LoopCharacteristics", "repetition"), ("/documentation", "documentation"),
    ):  # fmt: skip
        if sign in aspect:
            return part, ""
    return "attribute", aspect.lstrip("/@")


def _summary(said: Mapping[str, str], facts: Facts) -> str:
    """What a whole element says, for one that is there on one side only: a line for each thing."""
    lines = [said["kind"]]
    for aspect, value in said.items():
        part, key = _part(aspect)
        if part not in {"kind", "name", "documentation", "lane"} and not aspect.endswith(value):
            words = facts.name(value) if part in REFERENCES else value
            lines.append(f"{key or aspect.lstrip('/@')}: {words}")
    return "\n".join(lines)
