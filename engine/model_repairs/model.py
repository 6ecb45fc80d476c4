"""The BPMN files as they are drawn, what their elements will be called, and how a repair writes into them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from lxml import etree

from engine.model_repairs.words import ASSUMING, RULES
from engine.runtime.diagram import NODES, SCOPES
from engine.xml import BPMN, CAMUNDA, NS, UnsafeXml, local, parse_xml, tag

ID = re.compile(r"[^\W\d][\w\-]*")
RESERVED = {"Start": "case_begins", "End": "case_ends", "Root": "root_step"}
REFERRING = ("sourceRef", "targetRef", "default", "attachedToRef", "bpmnElement", "processRef", "calledElement")
NAMING = ("flowNodeRef", "incoming", "outgoing")


@dataclass(frozen=True)
class Proposal:
    """One repair: `rule` is a stable id, `message` the English sentence, `params` are for the catalogue.

    The id names the same repair before and after any other repair of the files. `near` is what the element hangs on
    or is drawn as, where it is not drawn itself; what is not `certain` takes something for granted that
    the drawing does not say.
    """

    id: str
    rule: str
    file: str
    element: str
    message: str
    before: str
    after: str
    params: Mapping[str, str]
    near: str
    certain: bool


@dataclass(frozen=True)
class Step:
    """A proposal and how it is carried out."""

    proposal: Proposal
    carry_out: Callable[[], None]


@dataclass
class Model:
    """The files with their roots; `final` says the id that an element has or will get."""

    files: Mapping[str, str]
    roots: dict[str, Any] = field(default_factory=dict)
    final: dict[Any, str] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)  # ids that several elements have
    touched: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)  # id -> what people call the element
    pools: dict[str, str] = field(default_factory=dict)  # process -> what it is drawn as

    def scopes(self) -> Iterator[tuple[str, Any]]:
        """Processes and sub-processes, with their file."""
        for name, root in self.roots.items():
            for scope in root.iter(*(tag(kind) for kind in SCOPES)):
                yield name, scope

    def step(
        self, rule: str, file: str, element: Any, carry_out: Callable[[], None], *, before: str = "", after: str = "",
        **params: str,
    ) -> Step:  # fmt: skip
        """A repair of an element."""
        key = self.final.get(element, "")
        place = f"{rule}\n{file}\n{key}\n{params.get('dialect', '')}"
        code = sha256(place.encode()).hexdigest()[:12]
        shown = {"element": self._called(element), **params}
        shown = {name: value[:200] for name, value in shown.items()} | {"before": before[:200], "after": after[:200]}
        message = RULES[rule].format_map(shown)
        near = element.get("sourceRef") or element.get("targetRef") or self.pools.get(element.get("id"), "")
        certain = rule not in ASSUMING
        own = element.get("id") or ""
        return Step(Proposal(code, rule, file, own, message, before, after, shown, near, certain), carry_out)

    def _called(self, element: Any) -> str:
        """What people know an element by; a flow without a label by its ends."""
        ends = [self.names.get(element.get(end) or "", "") for end in ("sourceRef", "targetRef")]
        between = " → ".join(ends) if all(ends) else ""
        return str(element.get("name") or between or element.get("id") or self.final.get(element, ""))

    def named(self, element: Any) -> str:
        """The id of an element; it gets one if it has none."""
        if not element.get("id"):
            element.set("id", self.final[element])
        return str(element.get("id"))

    def written(self) -> dict[str, str]:
        """The files as text; what was not touched is as it was, letter by letter."""
        found = dict(self.files)
        for name in self.touched:
            root = self.roots[name]
            prefixes = [p for node in root.iter(etree.Element) for p in node.nsmap if p]
            etree.cleanup_namespaces(root, top_nsmap={"camunda": CAMUNDA}, keep_ns_prefixes=sorted(set(prefixes)))
            found[name] = '<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="unicode") + "\n"
        return found


def read_model(files: Mapping[str, str]) -> Model:
    """The readable BPMN files; the others are for the checks to refuse."""
    model = Model(files)
    for name in sorted(files):
        if not name.endswith(".bpmn"):
            continue
        try:
            root = parse_xml(files[name])
        except (UnsafeXml, ValueError, etree.LxmlError):
            continue
        if root.tag == tag("definitions"):
            model.roots[name] = root
    ids = Counter(node.get("id") for root in model.roots.values() for node in root.iter("{*}*") if node.get("id"))
    for root in model.roots.values():
        model.pools |= {pool.get("processRef"): pool.get("id", "") for pool in root.iter(tag("participant"))}
    drawn = (node for root in model.roots.values() for node in root.iter(f"{{{BPMN}}}*") if node.get("id"))
    model.names |= {node.get("id"): " ".join((node.get("name") or node.get("id")).split()) for node in drawn}
    model.twice |= {each for each, times in ids.items() if times > 1}
    taken = set(ids)
    for root in model.roots.values():
        _call(root, model, taken)
    return model


def _call(root: Any, model: Model, taken: set[str]) -> None:
    """Give every element the id that it has, or would have once it is repaired; flows are called after their ends."""
    places = Counter[tuple[Any, str]]()
    later: dict[str, str] = {}
    drawn = [node for node in root.iter(f"{{{BPMN}}}*") if local(node) in NODES | SCOPES | {"sequenceFlow"}]
    for node in sorted(drawn, key=lambda node: local(node) == "sequenceFlow"):
        kind = "userTask" if local(node) == "task" else local(node)
        around, given = node.getparent(), node.get("id") or ""
        places[around, kind] += 1
        if is_readable(given, kind):
            model.final[node] = given
            continue
        wanted = RESERVED.get(given) or re.sub(r"\W", "_", given)
        if not given and kind == "sequenceFlow":
            ends = (node.get(end) or "nowhere" for end in ("sourceRef", "targetRef"))
            wanted = re.sub(r"[^\w\-]", "_", "_to_".join(later.get(end, end) for end in ends))
        elif not given:
            snake = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
            wanted = f"{model.final.get(around, '')}_{snake}_{places[around, kind]}".strip("_")
        elif kind == "process" and not wanted.isascii():
            wanted = f"process_{re.sub(r'[^A-Za-z0-9]+', '_', wanted).strip('_') or 1}"
        wanted = wanted if ID.fullmatch(wanted) else f"step_{wanted}"
        model.final[node] = _free(wanted, taken)
        later[given] = model.final[node]
        taken.add(model.final[node])


def is_readable(element_id: str, kind: str = "") -> bool:
    """Whether the host can use an id as it is; that of a process names a folder, too."""
    plain = kind != "process" or element_id.isascii()
    return ID.fullmatch(element_id) is not None and element_id not in RESERVED and plain


def _free(wanted: str, taken: set[str]) -> str:
    found, number = wanted, 1
    while found in taken:
        number += 1
        found = f"{wanted}_{number}"
    return found


def nodes_of(scope: Any) -> list[Any]:
    """The nodes drawn directly in a scope."""
    return [node for node in scope if local(node) in NODES]


def flows_of(scope: Any) -> list[Any]:
    """The sequence flows drawn directly in a scope."""
    return [node for node in scope if local(node) == "sequenceFlow"]


def condition_of(flow: Any) -> str:
    """The condition as written; empty if there is none."""
    found = flow.find("bpmn:conditionExpression", NS)
    return "" if found is None else (found.text or "").strip()


def set_condition(flow: Any, text: str) -> None:
    """Write the condition of a flow."""
    found = flow.find("bpmn:conditionExpression", NS)
    found = etree.SubElement(flow, tag("conditionExpression")) if found is None else found
    found.attrib.pop("language", None)
    found.text = text


def add(model: Model, scope: Any, kind: str, wanted: str, **attributes: str) -> Any:
    """A new element at the end of a scope."""
    taken = {node.get("id") for root in model.roots.values() for node in root.iter("{*}*")}
    made = etree.SubElement(scope, tag(kind), {"id": _free(wanted, taken), **attributes})
    model.final[made] = made.get("id")
    return made
