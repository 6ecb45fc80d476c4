"""The process that is measured, in two dialects: Python for the stock library, FEEL and forms for the engine.

34 nodes in the process, two sub-processes, a called process, three boundary timers, a decision table, eleven user
tasks on the way and about four kilobytes of data. Nothing of the engine is imported here.
"""

from itertools import pairwise
from random import Random
from typing import Any
from xml.sax.saxutils import escape

NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
STEPS = (
    "receive",
    "check",
    "ask_building",
    "ask_nature",
    "weigh",
    "examine",
    "order_payment",
    "book_payment",
    "draft",
    "review",
    "send",
)
RULES = 8


class Dialect:
    """How one side writes what the two write differently."""

    def __init__(self, *, is_stock: bool) -> None:
        self.is_stock = is_stock

    def user(self, name: str) -> str:
        """A user task with a form."""
        if self.is_stock:
            form = (
                "<bpmn:extensionElements><spiffworkflow:properties>"
                f'<spiffworkflow:property name="formJsonSchemaFilename" value="{name}.json"/>'
                f'<spiffworkflow:property name="formUiSchemaFilename" value="{name}-ui.json"/>'
                "</spiffworkflow:properties></bpmn:extensionElements>"
            )
            return node("userTask", name, form)
        return node("userTask", name, attributes=f'camunda:candidateGroups="clerk" camunda:formRef="{name}"')

    def script(self, name: str, result: str, python: str, feel: str) -> str:
        """An assignment."""
        if self.is_stock:
            return node("scriptTask", name, f"<bpmn:script>{escape(f'{result} = {python}')}</bpmn:script>")
        body = f"<bpmn:script>{escape(feel)}</bpmn:script>"
        return node("scriptTask", name, body, f'scriptFormat="feel" camunda:resultVariable="{result}"')

    def when(self, source: str, target: str, python: str, feel: str) -> str:
        """A conditional flow."""
        return flow(source, target, python if self.is_stock else feel)

    def timer(self, text: str) -> str:
        """A duration."""
        written = f'"{text}"' if self.is_stock else text
        return (
            f"<bpmn:timerEventDefinition><bpmn:timeDuration>{written}</bpmn:timeDuration></bpmn:timerEventDefinition>"
        )

    def decision(self, name: str) -> str:
        """A business rule task."""
        if self.is_stock:
            called = "<spiffworkflow:calledDecisionId>fee</spiffworkflow:calledDecisionId>"
            return node("businessRuleTask", name, f"<bpmn:extensionElements>{called}</bpmn:extensionElements>")
        bound = 'camunda:decisionRef="fee" camunda:resultVariable="fee" camunda:mapDecisionResult="singleEntry"'
        return node("businessRuleTask", name, attributes=bound)

    def boundary(self, name: str, on: str, text: str, *, interrupting: bool) -> str:
        """A boundary timer."""
        attributes = f'attachedToRef="{on}" cancelActivity="{str(interrupting).lower()}"'
        return node("boundaryEvent", name, self.timer(text), attributes)


def node(kind: str, name: str, inner: str = "", attributes: str = "") -> str:
    """Any flow node."""
    return f'<bpmn:{kind} id="{name}" name="{name}" {attributes}>{inner}</bpmn:{kind}>'


def flow(source: str, target: str, condition: str | None = None, name: str | None = None) -> str:
    """A sequence flow."""
    inner = ""
    if condition is not None:
        text = escape(condition)
        inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{text}</bpmn:conditionExpression>'
    known = f'id="{name or f"{source}-{target}"}" sourceRef="{source}" targetRef="{target}"'
    return f"<bpmn:sequenceFlow {known}>{inner}</bpmn:sequenceFlow>"


def path(*names: str) -> str:
    """Plain flows one after the other."""
    return "".join(flow(a, b) for a, b in pairwise(names))


def bpmn(dialect: Dialect) -> str:
    """The BPMN file."""
    d = dialect
    consult = (
        node("startEvent", "c_start")
        + node("parallelGateway", "c_fork")
        + d.user("ask_building")
        + d.user("ask_nature")
        + node("parallelGateway", "c_join")
        + d.user("weigh")
        + node("endEvent", "c_end")
        + path("c_start", "c_fork", "ask_building", "c_join", "weigh", "c_end")
        + path("c_fork", "ask_nature", "c_join")
    )
    decide = (
        node("startEvent", "d_start")
        + d.user("draft")
        + d.user("review")
        + node("exclusiveGateway", "d_approved", attributes='default="d_yes"')
        + d.script("number", "decision_number", '"B-1"', '"B-1"')
        + d.user("send")
        + node("endEvent", "d_end")
        + path("d_start", "draft", "review", "d_approved")
        + d.when("d_approved", "draft", "approved == False", "approved = false")
        + flow("d_approved", "number", name="d_yes")
        + path("number", "send", "d_end")
    )
    main = (
        node("startEvent", "start")
        + d.script("set_up", "round", "0", "0")
        + d.user("receive")
        + d.user("check")
        + d.boundary("check_late", "check", "P14D", interrupting=False)
        + d.script("remind", "reminded", "True", "true")
        + node("endEvent", "end_reminded")
        + node("exclusiveGateway", "complete", attributes='default="complete_yes"')
        + d.user("ask_more")
        + d.boundary("more_late", "ask_more", "P28D", interrupting=True)
        + d.user("refuse_late")
        + node("endEvent", "end_refused")
        + d.decision("fee")
        + node("subProcess", "consult", consult)
        + d.boundary("consult_late", "consult", "P90D", interrupting=False)
        + d.script("warn", "warned", "True", "true")
        + node("endEvent", "end_warned")
        + d.user("examine")
        + node("callActivity", "payment", attributes='calledElement="payment_process"')
        + node("exclusiveGateway", "negative", attributes='default="positive"')
        + d.user("hear")
        + node("subProcess", "decide", decide)
        + d.script("archive", "status", '"done"', '"done"')
        + node("endEvent", "end")
        + path("start", "set_up", "receive", "check", "complete")
        + d.when("complete", "ask_more", "not complete_file", "not(complete_file)")
        + flow("complete", "fee", name="complete_yes")
        + path("ask_more", "check")
        + path("more_late", "refuse_late", "end_refused")
        + path("check_late", "remind", "end_reminded")
        + path("fee", "consult", "examine", "payment", "negative")
        + path("consult_late", "warn", "end_warned")
        + d.when("negative", "hear", "is_negative", "is_negative")
        + flow("negative", "decide", name="positive")
        + path("hear", "decide", "archive", "end")
    )
    called = (
        node("startEvent", "p_start")
        + d.script("amount", "amount", "fee * 1.0", "fee * 1.0")
        + d.user("order_payment")
        + d.user("book_payment")
        + node("endEvent", "p_end")
        + path("p_start", "amount", "order_payment", "book_payment", "p_end")
    )
    processes = "".join(
        f'<bpmn:process id="{name}" isExecutable="true">{body}</bpmn:process>'
        for name, body in (("permit", main), ("payment_process", called))
    )
    return (
        f'<?xml version="1.0"?><bpmn:definitions {NAMESPACES} id="d" targetNamespace="t">{processes}</bpmn:definitions>'
    )


def dmn(dialect: Dialect) -> str:
    """The decision table."""
    area, kind = ('application["area"]', 'application["kind"]') if dialect.is_stock else ("area", "kind")
    rules = "".join(
        f'<rule id="r{k}"><inputEntry id="a{k}"><text>&lt; {k * 100}</text></inputEntry><inputEntry id="b{k}">'
        f'<text>"new"</text></inputEntry><outputEntry id="c{k}"><text>{k * 50}</text></outputEntry></rule>'
        for k in range(1, RULES + 1)
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="dd" name="dd" namespace="x">'
        '<decision id="fee" name="fee"><decisionTable id="t" hitPolicy="FIRST">'
        f'<input id="i1"><inputExpression id="ie1" typeRef="number"><text>{area}</text></inputExpression></input>'
        f'<input id="i2"><inputExpression id="ie2" typeRef="string"><text>{kind}</text></inputExpression></input>'
        f'<output id="o" name="fee" typeRef="number"/>{rules}</decisionTable></decision></definitions>'
    )


def application(seed: int = 1) -> dict[str, Any]:
    """About four kilobytes of answers."""
    random = Random(seed)  # noqa: S311 test data
    return {
        "kind": "new",
        "area": 420,
        "name": "Erika Mustermann",
        "street": "Musterstr. 12",
        "town": "Musterstadt",
        "email": "erika@example.org",
        "phone": "13800138000",
        "parcels": [
            {"district": "Musterstadt", "field": str(k), "number": f"{k}/1", "size": random.randint(100, 900)}
            for k in range(5)
        ],
        "papers": [
            {"title": f"Paper {k}", "digest": f"{random.getrandbits(256):064x}", "pages": random.randint(1, 99)}
            for k in range(8)
        ],
        "description": "A new house for one family with a garage. " * 6,
    }


ANSWERS: dict[str, dict[str, Any]] = {
    "check": {"complete_file": True, "remark": "All papers are here. " * 3},
    "ask_building": {"building_says": "No concerns. " * 10},
    "ask_nature": {"nature_says": "Mind the trees. " * 10},
    "examine": {"is_negative": False, "finding": "The plan is admissible under section 34. " * 5},
    "review": {"approved": True},
}


def answers(step: str, *, is_stock: bool) -> dict[str, Any]:
    """What the person fills in at a step."""
    if step == "receive":
        return {"application": application()} if is_stock else application()
    return dict(ANSWERS.get(step, {}))
