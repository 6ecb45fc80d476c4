"""BPMN 2.0 played by moving tokens, written from chapter 13 of the specification; it knows nothing of the runtime.

Only the expression language and decisions are shared (the DMN test kit tests them). Legal deadlines and forms are not
played. What happens is a list of (instant, "element" completed, "-element" cancelled, "!element" failed).
"""

import re
from calendar import monthrange
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from lxml import etree

from engine import OFFICE
from engine.decisions import DecisionError
from engine.feel import YearsMonths, compile_expression

BPMN, CAMUNDA = "{http://www.omg.org/spec/BPMN/20100524/MODEL}", "{http://camunda.org/schema/1.0/bpmn}"
SPAN = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")
PASSED = {"task", "manualTask", "serviceTask", "sendTask", "scriptTask", "businessRuleTask"}
STEPS = 20_000


class Stopped(Exception):
    """The case cannot go on: an incident, or a loop without end."""


class Node:
    """A flow node of the file."""

    def __init__(self, xml: Any) -> None:
        self.xml, self.id, self.kind = xml, xml.get("id"), etree.QName(xml).localname
        given = [each for each in xml if each.tag.endswith("EventDefinition")]
        given += [
            xml.getroottree().find(f".//*[@id='{ref.text}']") for ref in xml.iterfind(f"{BPMN}eventDefinitionRef")
        ]
        self.definition = given[0] if given else None
        self.event = "" if not given else etree.QName(given[0]).localname.removesuffix("EventDefinition")
        if self.kind in {"receiveTask", "sendTask"} and xml.get("messageRef"):
            self.event = "message"
        self.interrupts = xml.get("cancelActivity", xml.get("isInterrupting", "true")) != "false"
        self.loop = xml.find(f"{BPMN}multiInstanceLoopCharacteristics")
        self.again = xml.find(f"{BPMN}standardLoopCharacteristics")

    def name(self) -> str:
        """Of its message or signal; the code of its error or escalation."""
        holder = self.xml if self.xml.get("messageRef") else self.definition
        ref = (holder.get(f"{self.event}Ref") or "").split(":")[-1]
        found = self.xml.getroottree().find(f"./*[@id='{ref}']") if ref else None
        return "" if found is None else found.get(f"{self.event}Code") or found.get("name") or ""

    def property(self, name: str) -> str:
        found = self.xml.find(f"{BPMN}extensionElements/{CAMUNDA}properties/{CAMUNDA}property[@name='{name}']")
        return "" if found is None else found.get("value")


class Net:
    """What is drawn in one process or sub-process."""

    def __init__(self, xml: Any) -> None:
        drawn = [each for each in xml if isinstance(each.tag, str)]
        self.nodes = {each.get("id"): Node(each) for each in drawn if each.get("id") and _flows_through(each)}
        self.flows = [each for each in drawn if each.tag == f"{BPMN}sequenceFlow"]
        self.out = {key: [f for f in self.flows if f.get("sourceRef") == key] for key in self.nodes}
        self.into = {key: [f for f in self.flows if f.get("targetRef") == key] for key in self.nodes}

    def edges(self, key: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.xml.get("attachedToRef") == key]

    def decides(self, node: Node) -> bool:
        """Whether it is a gateway of which some way has to be taken."""
        flows = self.out[node.id]
        conditions = any(flow.find(f"{BPMN}conditionExpression") is not None for flow in flows)
        return node.kind in {"exclusiveGateway", "inclusiveGateway"} and (len(flows) > 1 or conditions)

    def handlers(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.xml.get("triggeredByEvent") == "true"]

    def first(self, message: str = "") -> list[Node]:
        starts = [node for node in self.nodes.values() if node.kind == "startEvent"]
        chosen = [s for s in starts if (s.name() if s.event == "message" else "") == message]
        if starts:
            return chosen or starts[:1]
        link = lambda node: node.event == "link" and node.kind == "intermediateCatchEvent"  # noqa: E731
        rest = [node for node in self.nodes.values() if not self.into[node.id] and not link(node)]
        return [n for n in rest if n.kind not in {"boundaryEvent", "endEvent"} and n not in self.handlers()]

    def before(self, flow: Any, without: str) -> set[str]:
        """From where a flow can be reached, not through one node."""
        found, pending = set[str](), [flow.get("sourceRef")]
        while pending:
            at = pending.pop()
            if at in found or at == without:
                continue
            found.add(at)
            pending += [each.get("sourceRef") for each in self.into[at]]
            pending += [self.nodes[at].xml.get("attachedToRef")] if self.nodes[at].kind == "boundaryEvent" else []
        return found


def _flows_through(xml: Any) -> bool:
    kind = etree.QName(xml).localname
    return kind.endswith(("Task", "task", "Event", "Gateway")) or kind in {"subProcess", "callActivity"}


class Frame:
    """A process or sub-process that runs."""

    def __init__(self, net: Net, holder: "Token | None", case: "Case", local: dict[str, Any]) -> None:
        self.net, self.holder, self.case, self.local = net, holder, case, local
        self.tokens: list[Token] = []
        self.arrived: Counter[Any] = Counter()  # by flow into a join
        self.moving: list[Node] = []  # on their way, and to where
        self.over = False


class Token:
    """One that rests: in an activity, an event that is awaited, or a gateway that awaits several."""

    def __init__(self, node: Node, frame: Frame, inside: "Token | None" = None) -> None:
        self.node, self.frame, self.shell = node, frame, inside
        self.frames: list[Frame] = []
        self.parts: list[Token] = []  # instances, where it stands for all of a repeated activity
        self.awaits: list[list[Any]] = []  # [event, due or None, rounds left]
        self.local: dict[str, Any] = {} if inside is None else dict(inside.local)
        self.queue: list[Any] = []
        self.total = self.done = 0
        self.results: dict[int, Any] = {}
        self.number = 0


class Case:
    def __init__(self, variables: Mapping[str, Any]) -> None:
        self.variables = dict(variables)
        self.top: Frame | None = None

    @property
    def done(self) -> bool:
        return self.top is not None and self.top.over


class World:
    """Cases that are played; the first is that of the process which is tried."""

    def __init__(
        self, texts: list[str], process: str, data: Mapping[str, Any], at: datetime, decide: Any = None
    ) -> None:
        roots = [etree.fromstring(text.encode()) for text in texts]
        self.now, self.happened, self.cases = at, list[tuple[datetime, str]](), list[Case]()
        self.processes = {each.get("id"): Net(each) for root in roots for each in root.iter(f"{BPMN}process")}
        self.nets: dict[Any, Net] = {}
        self.todo: deque[Any] = deque()
        self.mail: list[tuple[str, dict[str, Any]]] = []
        self.decide, self.count, self.stopped = decide, 0, ""
        self.tried = (process, data)

    def start(self) -> None:
        self._begin(*self.tried)
        self.run()

    def _begin(self, process: str, data: Mapping[str, Any], message: str = "") -> None:
        case = Case(data)
        self.cases.append(case)
        case.top = self._frame(self.processes[process], None, case, {}, message)

    # --- what is open

    def resting(self) -> list[Token]:
        """Every token, in the order in which they came to rest."""
        found = []
        for case in self.cases:
            pending = [case.top] if case.top else []
            while pending:
                frame = pending.pop()
                for token in [t for each in frame.tokens for t in (each, *each.parts)]:
                    found.append(token)
                    pending += token.frames
        return found

    def tasks(self) -> list[Token]:
        found = [t for t in self.resting() if t.node.kind == "userTask" and (t.shell or not _repeats(t.node))]
        return sorted(found, key=lambda token: token.number)

    def waits(self) -> list[tuple[Token | Frame, Node]]:
        """What hears messages and signals."""
        found: list[tuple[Token | Frame, Node]] = []
        for token in self.resting():
            found += [(token, event) for event, _, _ in token.awaits if event.event in {"message", "signal"}]
        for frame in {id(f): f for f in self._frames()}.values():
            for handler in frame.net.handlers():
                (start,) = self._net(handler).first("*")[:1]
                found.append((frame, start))
        return found

    def _frames(self) -> list[Frame]:
        tops = [case.top for case in self.cases if case.top and not case.top.over]
        return tops + [frame for token in self.resting() for frame in token.frames]

    def next_due(self) -> datetime | None:
        dues = [due for token in self.resting() for _, due, _ in token.awaits if due]
        return min(dues, default=None)

    # --- what is done from outside

    def answer(self, token: Token, answers: Mapping[str, Any]) -> None:
        for name, value in answers.items():
            self._assign(token, name, value)
        self._finished(token)
        self.run()

    def tell(self, place: "Token | Frame", event: Node, payload: Mapping[str, Any]) -> None:
        self._hears(place, event, payload)
        self.run()

    def tick(self) -> None:
        """Everything that is due happens, first what came to rest first."""
        while True:
            due = [
                (when, t.number, t, wait)
                for t in self.resting()
                for wait in t.awaits
                if (when := wait[1]) and when <= self.now
            ]
            if not due:
                return
            _, _, token, wait = min(due, key=lambda row: row[:2])
            event, _, left = wait
            if left is not None and left != 1:
                wait[1:] = [_later(wait[1], event.definition[0].text.split("/")[-1]), left - 1]
            else:
                wait[1] = None
            self._occurs(token, event)
            self.run()

    def run(self) -> None:
        for _ in range(STEPS):
            if self.todo:
                self.todo.popleft()()
            elif not self._joined() and not self._delivered():
                return
        raise Stopped("endless")

    # --- tokens

    def _note(self, word: str) -> None:
        self.happened.append((self.now, word))

    def _net(self, node: Node) -> Net:
        return self.nets.setdefault(node.xml, Net(node.xml))

    def _frame(self, net: Net, holder: Token | None, case: Case, local: dict[str, Any], message: str = "") -> Frame:
        frame = Frame(net, holder, case, local)
        if holder is not None:
            holder.frames.append(frame)
        for node in reversed(net.first(message)):
            self._go(frame, node, begins=True)
        return frame

    def _go(self, frame: Frame, node: Node, flow: Any = None, *, begins: bool = False) -> None:
        together = frame.moving
        together.append(node)

        def arrive() -> None:
            if frame.moving is together:  # the scope has not been cleared
                together.remove(node)
                self._enter(frame, node, flow)
                self._is_over(frame)

        self.todo.insert(0, arrive) if begins else self.todo.append(arrive)

    def _enter(self, frame: Frame, node: Node, flow: Any) -> None:
        if node.kind in {"parallelGateway", "inclusiveGateway"} and len(frame.net.into[node.id]) > 1:
            frame.arrived[flow] += 1
            if all(frame.arrived[each] for each in frame.net.into[node.id]):
                self._join(frame, node)
        elif node.loop is not None or node.again is not None:
            self._repeat(self._rest(frame, node))
        elif node.kind in {"subProcess", "callActivity"}:
            self._inside(self._rest(frame, node))
        elif node.kind in PASSED:
            self._rest(frame, node)
            self._work(frame.tokens[-1])
        elif (
            node.kind in {"userTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway"}
            and node.event != "link"
        ):
            token = self._rest(frame, node)
            events = (
                [frame.net.nodes[f.get("targetRef")] for f in frame.net.out[node.id]]
                if node.kind.endswith("Gateway")
                else [node]
            )
            token.awaits += [[each, *self._due(token, each)] for each in events if each.event]
        else:
            self._throw(frame, node)

    def _rest(self, frame: Frame, node: Node) -> Token:
        token = Token(node, frame)
        self.count = token.number = self.count + 1
        frame.tokens.append(token)
        token.awaits = [[event, *self._due(token, event)] for event in frame.net.edges(node.id)]
        return token

    def _due(self, token: Token, event: Node) -> tuple[datetime | None, int | None]:
        if event.event != "timer":
            return None, None
        written = next(each for each in event.definition if str(each.tag).startswith(f"{BPMN}time"))
        text = (written.text or "").strip()
        value = text
        if not re.match(r"(R\d*/|P[\dT]|\d{4}-)", text):
            value = self._value(token, text)
        if value is None:
            raise self._stop(event)
        if isinstance(value, str) and value.startswith("R"):
            rounds, *rest = value.removeprefix("R").split("/")
            first = _later(self.now, rest[0])
            return first, int(rounds) if rounds else -1
        return _later(self.now, value), None

    def _stop(self, node: Node) -> Stopped:
        self._note(f"!{node.id}")
        return Stopped(node.id)

    def _work(self, token: Token) -> None:
        """An activity that is done at once."""
        node = token.node
        if node.kind in {"scriptTask", "businessRuleTask"}:
            result = node.xml.get(f"{CAMUNDA}resultVariable")
            value = (
                self._decided(token) if node.kind[0] == "b" else self._value(token, node.xml.find(f"{BPMN}script").text)
            )
            if result:
                self._assign(token, result, value)
        if node.kind == "sendTask" and node.event:
            self._send(token.frame, node)
        self._finished(token)

    def _decided(self, token: Token) -> Any:
        asked, mapping = (token.node.xml.get(f"{CAMUNDA}{name}") for name in ("decisionRef", "mapDecisionResult"))
        try:
            return self.decide(asked, self._context(token), self.now, mapping or "resultList")
        except DecisionError as error:
            raise self._stop(token.node) from error

    def _inside(self, token: Token) -> None:
        called = token.node.xml.get("calledElement")
        net = self.processes[called] if called else self._net(token.node)
        self._frame(net, token, token.frame.case, token.local)

    def _finished(self, token: Token) -> None:
        self._note(token.node.id)
        if token.shell is not None:
            self._part_done(token)
            return
        token.frame.tokens.remove(token)
        self._leave(token.frame, token.node, token)
        self._is_over(token.frame)

    def _leave(self, frame: Frame, node: Node, token: Token | None = None) -> None:
        flows, place = frame.net.out[node.id], token or frame
        if frame.net.decides(node):
            chosen = self._chosen(frame, node, flows)
        else:
            plain = [f for f in flows if f.get("id") != node.xml.get("default") or not f.get("id")]
            chosen = [f for f in plain if self._holds(place, node, f)]
            chosen = chosen or [f for f in flows if f not in plain]
        for flow in chosen:
            self._go(frame, frame.net.nodes[flow.get("targetRef")], flow)

    def _chosen(self, frame: Frame, node: Node, flows: list[Any]) -> list[Any]:
        default = [flow for flow in flows if flow.get("id") and flow.get("id") == node.xml.get("default")]
        true = []
        for flow in flows:
            if flow not in default and (node.kind != "exclusiveGateway" or not true) and self._holds(frame, node, flow):
                true.append(flow)
        if not true and not default:
            raise self._stop(node)
        self._note(node.id)
        return true or default

    def _holds(self, place: "Token | Frame", node: Node, flow: Any) -> bool:
        condition = flow.find(f"{BPMN}conditionExpression")
        if condition is None or not (condition.text or "").strip() or node.kind == "parallelGateway":
            return True
        value = self._value(place, condition.text)
        if value not in (True, False, None):
            raise self._stop(node)
        return bool(value)

    def _throw(self, frame: Frame, node: Node) -> None:
        """Events that are passed, and gateways that only split or merge."""
        if node.kind == "endEvent" and node.event == "error":
            if not self._error(frame, node):
                raise self._stop(node)
            return
        if not frame.net.decides(node):  # one that decides is noted once it has
            self._note(node.id)
        if node.event == "terminate":
            self._clear(frame)
        elif node.event == "link" and node.kind == "intermediateThrowEvent":
            name = node.definition.get("name")
            catches = [n for n in frame.net.nodes.values() if n.event == "link" and n.kind == "intermediateCatchEvent"]
            self._go(frame, next(each for each in catches if each.definition.get("name") == name))
        else:
            self._leave(frame, node)
        if node.kind in {"endEvent", "intermediateThrowEvent"}:  # whoever hears it interrupts the token that goes on
            if node.event in {"message", "signal"}:
                self._send(frame, node)
            elif node.event == "escalation":
                self._escalate(frame, node)

    # --- joins

    def _join(self, frame: Frame, node: Node) -> None:
        for flow in frame.net.into[node.id]:
            frame.arrived[flow] -= bool(frame.arrived[flow])
        if not frame.net.decides(node):
            self._note(node.id)
        self._leave(frame, node)

    def _joined(self) -> bool:
        """Let an inclusive join go on that nothing can come to any more."""
        for frame in self._frames():
            for node in frame.net.nodes.values():
                into = frame.net.into[node.id] if node.kind == "inclusiveGateway" else []
                come = [flow for flow in into if frame.arrived[flow]]
                if come and len(into) > 1 and not self._awaited(frame, node, into, come):
                    self._join(frame, node)
                    return True
        return False

    def _awaited(self, frame: Frame, node: Node, into: list[Any], come: list[Any]) -> bool:
        places = {token.node.id for token in frame.tokens}
        places |= {flow.get("targetRef") for flow, count in frame.arrived.items() if count} - {node.id}
        places |= {moved.id for moved in frame.moving}
        missing = set().union(*(frame.net.before(flow, node.id) for flow in into if flow not in come))
        return bool(places & (missing - set().union(*(frame.net.before(flow, node.id) for flow in come))))

    # --- ends of scopes

    def _is_over(self, frame: Frame) -> None:
        if frame.over or frame.tokens or frame.moving or any(frame.arrived.values()):
            return
        frame.over = True
        holder = frame.holder
        if holder is None:
            return
        holder.frames.remove(frame)
        if not holder.frames:
            self._finished(holder)

    def _clear(self, frame: Frame, *, keep: Token | None = None) -> None:
        """Take away all tokens of a scope."""
        joins = {flow.get("targetRef") for flow, count in frame.arrived.items() if count}
        for element in [*joins, *(node.id for node in frame.moving)]:
            self._note(f"-{element}")
        frame.arrived, frame.moving = Counter(), []
        for token in list(frame.tokens):
            if token is not keep:
                self._cancel(token)

    def _cancel(self, token: Token) -> None:
        token.frame.tokens.remove(token)
        for each in token.parts or [token]:
            self._abandon(each)
            self._note(f"-{each.node.id}")

    def _abandon(self, token: Token) -> None:
        for inner in list(token.frames):
            self._clear(inner)
            inner.over = True

    # --- events

    def _hears(self, place: "Token | Frame", event: Node, payload: Mapping[str, Any]) -> None:
        case = place.case if isinstance(place, Frame) else place.frame.case
        case.variables.update(payload)
        self._occurs(place, event)

    def _occurs(self, place: "Token | Frame", event: Node) -> None:
        if isinstance(place, Frame):
            self._handle(place, event)
            return
        frame = place.frame
        if event is place.node:
            self._finished(place)
        elif event.kind == "boundaryEvent":
            if event.interrupts:
                self._cancel(place)
            self._go(frame, event)
        else:  # behind an event-based gateway
            self._note(place.node.id)
            frame.tokens.remove(place)
            self._note(event.id)
            self._leave(frame, event)

    def _handle(self, frame: Frame, start: Node) -> None:
        """An event sub-process begins, as a token beside the others or instead of them."""
        (handler,) = [node for node in frame.net.handlers() if start.xml.getparent() is node.xml]
        token = Token(handler, frame)
        self.count = token.number = self.count + 1
        frame.tokens.append(token)
        if start.interrupts:
            self._clear(frame, keep=token)
        inner = Frame(self._net(handler), token, frame.case, frame.local)
        token.frames.append(inner)
        self._go(inner, inner.net.nodes[start.id])

    def _around(self, frame: Frame) -> list[Token]:
        """The activities around a scope, innermost first."""
        found, at = [], frame.holder
        while at is not None:
            found.append(at.shell or at)
            at = at.frame.holder
        return found

    def _error(self, frame: Frame, node: Node) -> bool:
        code = node.name()
        for token in self._around(frame):
            for event in token.frame.net.edges(token.node.id):
                if event.event == "error" and event.name() in {"", code}:
                    self._note(node.id)
                    self._cancel(token)
                    self._go(token.frame, event)
                    return True
        return False

    def _escalate(self, frame: Frame, node: Node) -> None:
        code = node.name()
        for token in self._around(frame):
            for event in token.frame.net.edges(token.node.id):
                if event.event == "escalation" and event.name() in {"", code}:
                    self._occurs(token, event)
                    return

    def _send(self, frame: Frame, node: Node) -> None:
        payload = self._value(frame, node.property("payload")) if node.property("payload") else {}
        if not isinstance(payload, dict):
            raise self._stop(node)
        if node.event == "signal":
            for place, event in [w for w in self.waits() if w[1].event == "signal" and w[1].name() == node.name()]:
                if isinstance(place, Frame) or place.frame.tokens.count(place):
                    self._occurs(place, event)
        else:
            self.mail.append((node.name(), payload))

    def _delivered(self) -> bool:
        """Let a message arrive: at whoever waits for it, or by starting a process."""
        for name, payload in list(self.mail):
            waiting = [w for w in self.waits() if w[1].event == "message" and w[1].name() == name]
            starts = [
                k
                for k, n in self.processes.items()
                if any(s.event == "message" and s.name() == name for s in n.first(name))
            ]
            if waiting or starts:
                self.mail.remove((name, payload))
            if waiting:
                self._hears(*waiting[0], payload)
                return True
            if starts:
                self._begin(starts[0], payload, name)
                return True
        return False

    # --- repeated activities

    def _repeat(self, token: Token) -> None:
        node, loop = token.node, token.node.loop
        if loop is None:
            before = node.again.get("testBefore") == "true"
            token.queue = [None] if not before or self._go_round(token) else []
            token.total = -1
        else:
            name = loop.get(f"{CAMUNDA}collection") or loop.findtext(f"{BPMN}loopDataInputRef")
            given = self._value(token, name or loop.findtext(f"{BPMN}loopCardinality"))
            if given is None and not name:
                raise self._stop(node)
            token.queue = list(given or ()) if name else list(range(int(given)))
            token.total = len(token.queue)
        self._next_parts(token)

    def _next_parts(self, shell: Token) -> None:
        at_once = shell.node.loop is not None and shell.node.loop.get("isSequential") != "true"
        if not shell.queue and not shell.parts:
            self._all_done(shell)
        begun = []
        while shell.queue and (at_once or not shell.parts):
            part = Token(shell.node, shell.frame, shell)
            self.count = part.number = self.count + 1
            part.local |= self._item(shell, shell.queue.pop(0))
            shell.parts.append(part)
            begun.append(part)
        for part in begun:
            if part.node.kind in {"subProcess", "callActivity"}:
                self._inside(part)
            elif part.node.kind in PASSED:
                self._work(part)

    def _item(self, shell: Token, item: Any) -> dict[str, Any]:
        index = shell.done + len(shell.parts)
        local = {"loopCounter": Decimal(index), "nrOfInstances": Decimal(shell.total)}
        loop = shell.node.loop
        if loop is not None:
            given = loop.find(f"{BPMN}inputDataItem")
            name = loop.get(f"{CAMUNDA}elementVariable") or (
                given is not None and (given.get("name") or given.get("id"))
            )
            collects = loop.find(f"{BPMN}outputDataItem")
            local |= {name: item} if name else {}
            local |= {collects.get("name") or collects.get("id"): None} if collects is not None else {}
        return local

    def _part_done(self, part: Token) -> None:
        shell, loop = part.shell, part.node.loop
        shell.parts.remove(part)
        shell.done += 1
        if loop is None:
            if self._go_round(shell):
                shell.queue = [None]
        else:
            collects = loop.find(f"{BPMN}outputDataItem")
            if collects is not None:
                shell.results[int(part.local["loopCounter"])] = part.local[collects.get("name") or collects.get("id")]
            until = loop.findtext(f"{BPMN}completionCondition")
            counts = {
                "nrOfInstances": shell.total,
                "nrOfCompletedInstances": shell.done,
                "nrOfActiveInstances": len(shell.parts),
            }
            part.local |= {name: Decimal(count) for name, count in counts.items()}
            if until and self._value(part, until) is True:
                for each in shell.parts:
                    self._abandon(each)
                    self._note(f"-{each.node.id}")
                shell.parts, shell.queue = [], []
        self._next_parts(shell)

    def _go_round(self, shell: Token) -> bool:
        again = shell.node.again
        most = again.get("loopMaximum")
        if most is not None and shell.done >= int(most):
            return False
        condition = again.findtext(f"{BPMN}loopCondition")
        return condition is None or self._value(shell, condition) is True

    def _all_done(self, shell: Token) -> None:
        if not shell.done:
            self._note(shell.node.id)
        results = shell.node.loop.findtext(f"{BPMN}loopDataOutputRef") if shell.node.loop is not None else None
        if results:
            self._assign(shell, results, [shell.results[k] for k in sorted(shell.results)])
        shell.frame.tokens.remove(shell)
        self._leave(shell.frame, shell.node, shell)
        self._is_over(shell.frame)

    # --- variables

    def _scopes(self, place: "Token | Frame") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        at: Any = place
        while at is not None:
            found.append(at.local)
            at = at.frame if isinstance(at, Token) else at.holder
        return found

    def _value(self, place: "Token | Frame", text: str | None) -> Any:
        return compile_expression((text or "").strip().removeprefix("="))(self._context(place), now=self.now)

    def _context(self, place: "Token | Frame") -> dict[str, Any]:
        context = dict((place.case if isinstance(place, Frame) else place.frame.case).variables)
        for local in reversed(self._scopes(place)):
            context |= local
        return context

    def _assign(self, token: Token, name: str, value: Any) -> None:
        for local in self._scopes(token):
            if name in local:
                local[name] = value
                return
        token.frame.case.variables[name] = value


def _repeats(node: Node) -> bool:
    return node.loop is not None or node.again is not None


def _later(start: datetime, given: Any) -> datetime:
    """An instant: itself, or a span after `start`; months go to the same day or the month's last."""
    if isinstance(given, datetime):
        return given if given.tzinfo else given.replace(tzinfo=OFFICE)
    if isinstance(given, date):
        return datetime.combine(given, time(8), OFFICE)
    if isinstance(given, timedelta):
        return start + given
    if isinstance(given, YearsMonths):
        return _months(start, given.months)
    if given[0] != "P":
        return _later(start, date.fromisoformat(given) if len(given) == 10 else datetime.fromisoformat(given))
    years, months, weeks, days, hours, minutes, seconds = (float(part or 0) for part in SPAN.fullmatch(given).groups())
    exact = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return _months(start, int(12 * years + months)) + exact


def _months(start: datetime, count: int) -> datetime:
    at = start.astimezone(OFFICE)
    year, month = divmod(at.year * 12 + at.month - 1 + count, 12)
    day = min(at.day, monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day).astimezone(UTC)
