"""What an analyst does to a diagram, at random: insert, delete, rename, other timers, roles and labels, new branches.

Every edit keeps a sound diagram sound. What was renamed is kept as the mapping that a migration needs.
"""

from collections.abc import Collection
from random import Random
from typing import Any

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
SCOPES = ("process", "subProcess")


def _tag(name: str) -> str:
    return f"{{{BPMN}}}{name}"


class Edited:
    """A diagram that is being edited. `only` limits edits at elements to some, e.g. those that hold a token.

    `behind_tasks`: new steps come only where somebody has just done something, never after a timer.
    """

    def __init__(self, text: str, random: Random, prefix: str = "new", *, behind_tasks: bool = False) -> None:
        self.root = etree.fromstring(text.encode())
        self.random, self.prefix, self.behind_tasks = random, prefix, behind_tasks
        self.mapping: dict[str, str] = {}
        self.removed: set[str] = set()
        self.count = 0
        for derived in [*self.root.iter(_tag("incoming"), _tag("outgoing"))]:
            derived.getparent().remove(derived)

    @property
    def text(self) -> str:
        return etree.tostring(self.root, encoding="unicode")

    def _name(self) -> str:
        self.count += 1
        return f"{self.prefix}{self.count}"

    def _all(self, *kinds: str) -> list[Any]:
        return list(self.root.iter(*map(_tag, kinds)))

    def _flows(self) -> list[Any]:
        """Flows that something can be put on: not those behind an event-based gateway, which waits itself."""
        gateways = {gateway.get("id") for gateway in self._all("eventBasedGateway")}
        tasks = {task.get("id") for task in self._all("userTask")}
        flows = [flow for flow in self._all("sequenceFlow") if flow.get("sourceRef") not in gateways]
        return [flow for flow in flows if flow.get("sourceRef") in tasks] if self.behind_tasks else flows

    def _add(self, scope: Any, kind: str, **attributes: str) -> Any:
        node = etree.SubElement(scope, _tag(kind), {key: value for key, value in attributes.items() if key != "role"})
        if "role" in attributes:
            node.set(f"{{{CAMUNDA}}}candidateGroups", attributes["role"])
        return node

    def _flow(self, scope: Any, source: str, target: str) -> None:
        self._add(scope, "sequenceFlow", id=f"{self._name()}f", sourceRef=source, targetRef=target)

    # --- edits

    def insert(self, flow: Any = None) -> None:
        """A step more on some flow."""
        flow = flow if flow is not None else self.random.choice(self._flows())
        scope, step = flow.getparent(), self._name()
        self._add(scope, "userTask", id=step, name=step, role="clerk")
        self._flow(scope, step, flow.get("targetRef"))
        flow.set("targetRef", step)

    def branch(self) -> None:
        """Two new steps beside each other on some flow."""
        flow = self.random.choice(self._flows())
        scope, fork, join = flow.getparent(), self._name(), self._name()
        for gateway in (fork, join):
            self._add(scope, "parallelGateway", id=gateway)
        for _ in range(2):
            step = self._name()
            self._add(scope, "userTask", id=step, name=step, role="clerk")
            self._flow(scope, fork, step)
            self._flow(scope, step, join)
        self._flow(scope, join, flow.get("targetRef"))
        flow.set("targetRef", fork)

    def delete(self, only: Collection[str] = ()) -> None:
        """A step less, where it has one way in, one way out and nothing on its edge."""
        edges = {event.get("attachedToRef") for event in self._all("boundaryEvent")}
        found = []
        for task in self._all("userTask"):
            name = task.get("id")
            into = [f for f in self._all("sequenceFlow") if f.get("targetRef") == name]
            out = [f for f in self._all("sequenceFlow") if f.get("sourceRef") == name]
            pairs = {(f.get("sourceRef"), f.get("targetRef")) for f in self._all("sequenceFlow")}
            if (
                name in edges
                or (only and name not in only)
                or len(into) != 1
                or len(out) != 1
                or task.find(_tag("multiInstanceLoopCharacteristics")) is not None
            ):
                continue
            if (into[0].get("sourceRef"), out[0].get("targetRef")) not in pairs:
                found.append((task, into[0], out[0]))
        if not found:
            return
        task, into, out = self.random.choice(found)
        into.set("targetRef", out.get("targetRef"))
        out.getparent().remove(out)
        self._forget(task)

    def _forget(self, task: Any) -> None:
        for reference in self._all("flowNodeRef"):
            if reference.text == task.get("id"):
                reference.getparent().remove(reference)
        self.removed.add(task.get("id"))
        task.getparent().remove(task)

    def rename(self, only: Collection[str] = ()) -> None:
        """An element gets another id."""
        kinds = ("userTask", "subProcess", "boundaryEvent", "intermediateCatchEvent", "parallelGateway")
        nodes = [each for each in self._all(*kinds) if not only or each.get("id") in only]
        nodes = [each for each in nodes if not each.get("id").startswith(self.prefix)]
        if not nodes:
            return
        old, new = self.random.choice(nodes).get("id"), self._name()
        self.mapping = {key: new if value == old else value for key, value in self.mapping.items()}
        self.mapping.setdefault(old, new)
        for each in self.root.iter():
            for attribute in ("id", "sourceRef", "targetRef", "attachedToRef", "default", "bpmnElement"):
                if each.get(attribute) == old:
                    each.set(attribute, new)
            if each.tag == _tag("flowNodeRef") and each.text == old:
                each.text = new

    def retime(self, only: Collection[str] = (), text: str = "P77D") -> None:
        """Timers of some elements say something else."""
        for event in self._all("boundaryEvent", "intermediateCatchEvent"):
            duration = event.find(f"{_tag('timerEventDefinition')}/{_tag('timeDuration')}")
            if duration is not None and (event.get("attachedToRef") in only or event.get("id") in only or not only):
                duration.text = text

    def relabel(self) -> None:
        """Another label, another role, another form."""
        task = self.random.choice(self._all("userTask"))
        task.set("name", self._name())
        task.set(f"{{{CAMUNDA}}}formRef", "another")

    def remind(self, only: Collection[str] = ()) -> None:
        """A timer on the edge of a step that does not interrupt it."""
        tasks = [each for each in self._all("userTask") if not only or each.get("id") in only]
        if not tasks:
            return
        task = self.random.choice(tasks)
        scope, event, over = task.getparent(), self._name(), self._name()
        node = self._add(scope, "boundaryEvent", id=event, attachedToRef=task.get("id"), cancelActivity="false")
        timer = etree.SubElement(node, _tag("timerEventDefinition"))
        etree.SubElement(timer, _tag("timeDuration")).text = "P1D"
        self._add(scope, "endEvent", id=over)
        self._flow(scope, event, over)

    def calm(self, only: Collection[str] = ()) -> None:
        """No reminder any more, where nothing but an end follows it."""
        ends = {end.get("id") for end in self._all("endEvent")}
        found = []
        for event in self._all("boundaryEvent"):
            out = [flow for flow in self._all("sequenceFlow") if flow.get("sourceRef") == event.get("id")]
            if [flow.get("targetRef") in ends for flow in out] == [True] and (
                not only or event.get("attachedToRef") in only
            ):
                found.append((event, out[0]))
        if found:
            event, flow = self.random.choice(found)
            (end,) = [end for end in self._all("endEvent") if end.get("id") == flow.get("targetRef")]
            for each in (event, flow, end):
                self.removed.add(each.get("id"))
                each.getparent().remove(each)

    def at_random(self, times: int, here: Collection[str], behind: Collection[str] = ()) -> "Edited":
        """Some edits anywhere, some of them at the elements that hold a token, or at those that have been done."""
        edits = [
            self.insert, self.insert, self.branch, self.delete, self.rename, self.relabel, self.remind, self.retime,
            lambda: self.rename(here), lambda: self.remind(here), lambda: self.retime(here),
        ]  # fmt: skip
        if behind:
            edits += 4 * [lambda: self.delete(behind), lambda: self.calm(here)]
        for _ in range(times):
            self.random.choice(edits)()
        return self
