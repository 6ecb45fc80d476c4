"""A small BPMN builder for tests, and a player that moves a case through the runtime without any database."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from engine import runtime
from engine.clocks import Clocks
from engine.deadlines import load_calendar

NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 9:00 in the office
CALENDAR = load_calendar({})


# --- the builder


def node(kind: str, element: str, inner: str = "", **attributes: str) -> str:
    """Any node; `camunda_x` becomes `camunda:x`, `properties=` a mapping becomes camunda:properties."""
    written = "".join(
        f" {name.replace('camunda_', 'camunda:')}={quoteattr(value)}" for name, value in attributes.items()
    )
    return f'<bpmn:{kind} id="{element}" name="{element}"{written}>{inner}</bpmn:{kind}>'


def properties(**values: str) -> str:
    inner = "".join(f"<camunda:property name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in values.items())
    return f"<bpmn:extensionElements><camunda:properties>{inner}</camunda:properties></bpmn:extensionElements>"


def flow(source: str, target: str, condition: str | None = None, name: str | None = None) -> str:
    inner = ""
    if condition is not None:
        text = escape(condition)
        inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{text}</bpmn:conditionExpression>'
    name = name or f"{source}-{target}"
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


def path(*elements: str) -> str:
    """Plain flows from each element to the next."""
    return "".join(flow(a, b) for a, b in pairwise(elements))


def start(element: str = "start", inner: str = "", **attributes: str) -> str:
    return node("startEvent", element, inner, **attributes)


def end(element: str = "end", inner: str = "") -> str:
    return node("endEvent", element, inner)


def user(element: str, inner: str = "", **attributes: str) -> str:
    return node("userTask", element, inner, **attributes)


def script(element: str, result: str, feel: str) -> str:
    body = f"<bpmn:script>{escape(feel)}</bpmn:script>"
    return node("scriptTask", element, body, scriptFormat="feel", camunda_resultVariable=result)


def xor(element: str, default: str | None = None) -> str:
    return node("exclusiveGateway", element, **({"default": default} if default else {}))


def fork(element: str) -> str:
    return node("parallelGateway", element)


def inclusive(element: str, default: str | None = None) -> str:
    return node("inclusiveGateway", element, **({"default": default} if default else {}))


def sub(element: str, *body: str, **attributes: str) -> str:
    return node("subProcess", element, "".join(body), **attributes)


def boundary(element: str, on: str, inner: str, *, interrupting: bool = True) -> str:
    return node("boundaryEvent", element, inner, attachedToRef=on, cancelActivity="true" if interrupting else "false")


def catch(element: str, inner: str) -> str:
    return node("intermediateCatchEvent", element, inner)


def throw(element: str, inner: str = "") -> str:
    return node("intermediateThrowEvent", element, inner)


def timer(text: str, kind: str = "timeDuration") -> str:
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{escape(text)}</bpmn:{kind}></bpmn:timerEventDefinition>"


def message(name: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="m_{name}"/>'


def signal(name: str) -> str:
    return f'<bpmn:signalEventDefinition signalRef="s_{name}"/>'


def error(code: str | None = None) -> str:
    return f'<bpmn:errorEventDefinition errorRef="e_{code}"/>' if code else "<bpmn:errorEventDefinition/>"


def escalation(code: str) -> str:
    return f'<bpmn:escalationEventDefinition escalationRef="x_{code}"/>'


TERMINATE = "<bpmn:terminateEventDefinition/>"


def instances(collection: str, item: str, *, sequential: bool = False, output: str = "", until: str = "") -> str:
    """Multi-instance characteristics as Camunda Modeler writes them."""
    inner = f"<bpmn:loopDataOutputRef>{output}</bpmn:loopDataOutputRef>" if output else ""
    inner += f"<bpmn:completionCondition>{escape(until)}</bpmn:completionCondition>" if until else ""
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{"true" if sequential else "false"}" '
        f'camunda:collection="{collection}" camunda:elementVariable="{item}">{inner}'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def counted(cardinality: str, *, sequential: bool) -> str:
    inner = f"<bpmn:loopCardinality>{escape(cardinality)}</bpmn:loopCardinality>"
    kind = "true" if sequential else "false"
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{kind}">{inner}</bpmn:multiInstanceLoopCharacteristics>'
    )


def repeated(condition: str, *, before: bool = False, maximum: int | None = None) -> str:
    limit = f' loopMaximum="{maximum}"' if maximum is not None else ""
    inner = f"<bpmn:loopCondition>{escape(condition)}</bpmn:loopCondition>"
    kind = "true" if before else "false"
    return f'<bpmn:standardLoopCharacteristics testBefore="{kind}"{limit}>{inner}</bpmn:standardLoopCharacteristics>'


def process(element: str, *body: str) -> str:
    return f'<bpmn:process id="{element}" isExecutable="true">{"".join(body)}</bpmn:process>'


def definitions(*processes: str, names: str = "") -> str:
    """The file; `names` lists messages, signals, errors and escalations: "m:paid s:flood e:E1 x:X1"."""
    kinds = {"m": ("message", "name"), "s": ("signal", "name"), "e": ("error", "errorCode")}
    kinds["x"] = ("escalation", "escalationCode")
    declared = ""
    for word in names.split():
        short, _, name = word.partition(":")
        kind, attribute = kinds[short]
        extra = f' name="{name}"' if attribute != "name" else ""
        declared += f'<bpmn:{kind} id="{short}_{name}" {attribute}="{name}"{extra}/>'
    return (
        f'<bpmn:definitions {NAMESPACES} id="d" targetNamespace="t">{declared}{"".join(processes)}</bpmn:definitions>'
    )


def model(*body: str, names: str = "") -> str:
    """A file with the one process `p`."""
    return definitions(process("p", *body), names=names)


# --- the player


class Player:
    """Moves one case, with a fresh turn for every step as the store does; `reload` also saves and loads it."""

    def __init__(
        self,
        text: str | runtime.Compiled,
        variables: Mapping[str, Any] | None = None,
        *,
        reload: bool = True,
        message: str | None = None,
        rules: runtime.Rules | None = None,
        now: datetime = NOW,
    ) -> None:
        self.compiled = runtime.compile_process({"process.bpmn": text}, "p") if isinstance(text, str) else text
        self.rules, self.reload, self.now = rules or runtime.Rules(), reload, now
        self.workflow = runtime.begin(self.compiled)
        self.variables: dict[str, Any] = {}
        self.clocks: list[Any] = []
        self.journal: list[runtime.Step] = []
        self.thrown: list[runtime.Thrown] = []
        self.outcome: str | None = None
        self.state = b""
        turn = self._turn()
        for key, value in (variables or {}).items():
            turn.assign(key, value)
        self._finish(turn, lambda: turn.start(message))

    def _turn(self) -> runtime.Turn:
        clocks = Clocks([c for c in self.clocks if c.is_open], CALENDAR, self.now)
        return runtime.Turn(self.compiled, self.workflow, dict(self.variables), clocks, self.rules, surroundings={})

    def _finish(self, turn: runtime.Turn, move: Any) -> None:
        """Let it happen; keep the result only if it did, as a transaction would."""
        try:
            move()
        except Exception:
            if self.state:
                self.workflow = runtime.load(self.state, self.compiled)
            raise
        self.variables, self.clocks = turn.variables, turn.clocks.all
        self.journal += self.workflow.journal[turn.first :]
        self.thrown += turn.thrown
        self.outcome = turn.outcome or self.outcome
        self.state = runtime.dump(self.workflow)
        if self.reload:
            self.workflow = runtime.load(self.state, self.compiled)

    @property
    def open(self) -> list[str]:
        """The elements of the open tasks, sorted."""
        return sorted(task.element for task in runtime.waiting(self.workflow).tasks)

    @property
    def dues(self) -> dict[str, datetime]:
        return dict(runtime.waiting(self.workflow).timers.values())

    @property
    def awaited(self) -> set[str]:
        return {wait.name for wait in runtime.waiting(self.workflow).events}

    @property
    def done(self) -> bool:
        return bool(self.workflow.completed)

    def task(self, element: str, index: int = 0) -> runtime.OpenTask:
        return [task for task in runtime.waiting(self.workflow).tasks if task.element == element][index]

    def do(self, element: str, index: int = 0, **answers: Any) -> "Player":
        turn, task = self._turn(), self.task(element, index)
        self._finish(turn, lambda: turn.complete(task.id, answers))
        return self

    def tell(self, name: str, kind: str = "message", **payload: Any) -> int:
        turn = self._turn()
        caught: list[int] = []
        self._finish(turn, lambda: caught.append(turn.deliver(kind, name, payload)))
        return caught[0]

    def move(self, source: str, target: str) -> "Player":
        """Take the token that rests at `source` to `target`."""
        turn = self._turn()
        token = next(one.id for one in runtime.movable(self.workflow) if one.element == source)
        self._finish(turn, lambda: runtime.move(turn, token, target))
        return self

    def reopen(self, target: str) -> "Player":
        turn = self._turn()
        self._finish(turn, lambda: runtime.reopen(turn, target))
        return self

    @property
    def movable(self) -> list[str]:
        """The elements of the tokens that can be moved, sorted."""
        return sorted(one.element for one in runtime.movable(self.workflow))

    def look(self) -> "Player":
        """A look at the clock, as at a restart."""
        turn = self._turn()
        self._finish(turn, turn.drive)
        return self

    def sleep(self, **span: float) -> "Player":
        """The host was down: one look at the clock at the end."""
        self.now += timedelta(**span)
        return self.look()

    def wait(self, **span: float) -> "Player":
        """Time passes, the clock looks at every due instant on the way."""
        until = self.now + timedelta(**span)
        while self.dues and min(self.dues.values()) <= until:
            self.now = max(self.now, min(self.dues.values()))
            self.look()
        self.now = until
        return self.look()

    def completed(self, element: str) -> int:
        """How often an element was completed."""
        return self.events()[element, runtime.COMPLETED]

    def events(self) -> "Counter[tuple[str, str]]":
        return Counter((step.element, step.event) for step in self.journal)

    def size(self) -> int:
        """Tasks in the tree."""
        return len(self.workflow.tasks) + sum(len(s.tasks) for s in self.workflow.subprocesses.values())
