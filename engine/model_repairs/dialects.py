"""Repairs of what is written for other engines: attributes and extensions that have an exact Camunda 7 twin."""

from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from engine.model_repairs.juel import twin
from engine.model_repairs.model import Model, Step, nodes_of
from engine.xml import BPMN, CAMUNDA, NS, local, tag

ZEEBE = "http://camunda.org/schema/zeebe/1.0"
FLOWABLE = {"http://flowable.org/bpmn": "Flowable", "http://activiti.org/bpmn": "Activiti"}
SAME = frozenset(
    ["candidateGroups", "dueDate", "priority", "topic", "resultVariable", "collection", "elementVariable", "assignee"]
)
WITHOUT_EFFECT = frozenset(["async", "exclusive", "formFieldValidation", "asyncLeave"])  # on how these engines store
ZEEBE_MARKS = frozenset(["userTask"])  # says only that it is a task for people, as the element does
TWINS: dict[str, dict[str, tuple[str, str]]] = {
    "taskDefinition": {"type": (CAMUNDA, "topic")},
    "assignmentDefinition": {"assignee": (CAMUNDA, "assignee"), "candidateGroups": (CAMUNDA, "candidateGroups")},
    "taskSchedule": {"dueDate": (CAMUNDA, "dueDate")},
    "priorityDefinition": {"priority": (CAMUNDA, "priority")},
    "formDefinition": {"formId": (CAMUNDA, "formRef")},
    "calledDecision": {"decisionId": (CAMUNDA, "decisionRef"), "resultVariable": (CAMUNDA, "resultVariable")},
    "calledElement": {"processId": ("", "calledElement")},
}
HARMLESS = {"taskDefinition": {"retries"}, "formDefinition": {"bindingType"}, "calledDecision": {"bindingType"},
            "calledElement": {"bindingType"}}  # fmt: skip
Change = Callable[[], None]


def other_dialects(model: Model) -> Iterator[Step]:
    """Everything on an element that can be said in Camunda 7 words, in one repair for each dialect."""
    for file, scope in model.scopes():
        for node in nodes_of(scope):
            changes = _zeebe(node)
            if changes:
                yield _step(model, file, node, changes, "Camunda 8")
            for namespace, dialect in FLOWABLE.items():
                changes = _java(node, namespace)
                if changes:
                    yield _step(model, file, node, changes, dialect)


def _step(model: Model, file: str, node: Any, changes: list[tuple[str, str, Change]], dialect: str) -> Step:
    before, after = ("; ".join(str(change[place]) for change in changes) for place in (0, 1))
    carry_out = _all_of([change for _, _, change in changes], node)
    return model.step("repair-dialect", file, node, carry_out, before=before, after=after, dialect=dialect)


def settings_without_twin(model: Model) -> Iterator[Step]:
    """What is written for another engine and has no counterpart: no editor here shows it, so nobody could remove it."""
    for file, root in model.roots.items():
        for element in root.iter(f"{{{BPMN}}}*"):
            for namespace, dialect in {ZEEBE: "Camunda 8", **FLOWABLE}.items() if element in model.final else ():
                rest = _rest(element, namespace)
                if rest:
                    before = "; ".join(words for words, _ in rest)
                    change = _all_of([change for _, change in rest], element)
                    yield model.step(
                        "repair-dialect-rest", file, element, change, before=before, after="—", dialect=dialect
                    )


def _rest(element: Any, namespace: str) -> list[tuple[str, Change]]:
    rest: list[tuple[str, Change]] = []
    for holder in (element, *element.iterfind("./bpmn:multiInstanceLoopCharacteristics", NS)):
        for name, value in list(holder.attrib.items()):
            found = etree.QName(name)
            kept = found.localname in SAME and not holder.get(tag(found.localname, CAMUNDA))
            twin_of = kept and _value(found.localname, value)
            if found.namespace == namespace and not twin_of and found.localname not in WITHOUT_EFFECT:
                rest.append((f"{found.localname}={value}", _moving(holder, name, "", "")))
        for child in holder.iterfind("./bpmn:extensionElements/*", NS):
            foreign = isinstance(child.tag, str) and etree.QName(child).namespace == namespace
            if foreign and (namespace != ZEEBE or _extension(element, child) is None):
                rest.append((local(child), _replacing(element, child, {}, None)))
    return rest


def _all_of(changes: list[Change], element: Any) -> Change:
    def carry_out() -> None:
        for change in changes:
            change()
        for extensions in element.findall(".//bpmn:extensionElements", NS):
            if len(extensions) == 0:
                extensions.getparent().remove(extensions)

    return carry_out


def _java(node: Any, namespace: str) -> list[tuple[str, str, Change]]:
    """Attributes of Flowable and Activiti, whose names Camunda 7 kept."""
    changes: list[tuple[str, str, Change]] = []
    for holder in (node, *node.iterfind("./bpmn:multiInstanceLoopCharacteristics", NS)):
        for name, value in list(holder.attrib.items()):
            found = etree.QName(name)
            if found.namespace != namespace:
                continue
            if found.localname in WITHOUT_EFFECT:
                changes.append((f"{found.localname}={value}", "—", _moving(holder, name, "", "")))
            elif found.localname in SAME:
                written = _value(found.localname, value)
                if written and not holder.get(tag(found.localname, CAMUNDA)):
                    change = _moving(holder, name, tag(found.localname, CAMUNDA), written)
                    changes.append((f"{found.localname}={value}", f"{found.localname}={written}", change))
    return changes


def _value(name: str, value: str) -> str:
    """The value as the host reads it; empty if there is no exact twin."""
    if "{" not in value:
        return "" if name == "assignee" else value  # a user name of another house
    feel = twin(value)
    return feel if name == "collection" or not feel else f"={feel}" if name in {"dueDate", "priority"} else ""


def _moving(holder: Any, old: str, new: str, value: str) -> Change:
    def carry_out() -> None:
        holder.attrib.pop(old, None)
        if new:
            holder.set(new, value)

    return carry_out


def _zeebe(node: Any) -> list[tuple[str, str, Change]]:
    changes: list[tuple[str, str, Change]] = []
    extensions = node.findall("bpmn:extensionElements/*", NS)
    extensions += node.findall("bpmn:multiInstanceLoopCharacteristics/bpmn:extensionElements/*", NS)
    for child in extensions:
        if not isinstance(child.tag, str) or etree.QName(child).namespace != ZEEBE:
            continue
        change = _extension(node, child)
        if change is not None:
            changes.append(change)
    return changes


def _extension(node: Any, child: Any) -> tuple[str, str, Change] | None:  # noqa: PLR0911 a line for each kind
    kind, given = local(child), {name: value for name, value in child.attrib.items() if value}
    if kind in ZEEBE_MARKS and not given and len(child) == 0:
        return kind, "—", _replacing(node, child, {}, None)
    if kind == "script" and local(node) == "scriptTask" and given.keys() == {"expression", "resultVariable"}:
        wanted = {"scriptFormat": "feel", tag("resultVariable", CAMUNDA): given["resultVariable"]}
        script = given["expression"].removeprefix("=").strip()
        return given["expression"], f"{given['resultVariable']} = {script}", _replacing(node, child, wanted, script)
    if kind == "loopCharacteristics" and {"inputCollection"} <= given.keys() <= {"inputCollection", "inputElement"}:
        wanted = {tag("collection", CAMUNDA): given["inputCollection"].removeprefix("=").strip()}
        if "inputElement" in given:
            wanted[tag("elementVariable", CAMUNDA)] = given["inputElement"]
        return str(given), str(list(wanted.values())), _replacing(child.getparent().getparent(), child, wanted, None)
    known, harmless = TWINS.get(kind, {}), HARMLESS.get(kind, set())
    meant = {name: value for name, value in given.items() if name not in harmless}
    if not meant or not meant.keys() <= known.keys() or given.get("bindingType", "latest") != "latest":
        return None
    if any(value.startswith("=") and name not in {"dueDate", "priority", "assignee"} for name, value in meant.items()):
        return None  # computed names
    if "assignee" in meant and not meant["assignee"].startswith("="):
        return None
    wanted = {_name(*known[name]): value for name, value in meant.items()}
    before = "; ".join(f"{name}={value}" for name, value in meant.items())
    after = "; ".join(f"{known[name][1]}={value}" for name, value in meant.items())
    return f"{kind} {before}", after, _replacing(node, child, wanted, None)


def _name(namespace: str, name: str) -> str:
    return tag(name, namespace) if namespace else name


def _replacing(holder: Any, child: Any, wanted: dict[str, str], script: str | None) -> Change:
    def carry_out() -> None:
        child.getparent().remove(child)
        for name, value in wanted.items():
            holder.set(name, value)
            if name == tag("topic", CAMUNDA):
                holder.set(tag("type", CAMUNDA), "external")
        if script is not None:
            for old in holder.findall("bpmn:script", NS):
                holder.remove(old)
            etree.SubElement(holder, tag("script")).text = script

    return carry_out
