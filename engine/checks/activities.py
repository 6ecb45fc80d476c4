"""Tasks, sub-processes and calls: what the host can carry out, and what it would have to ignore."""

from lxml import etree

from engine.checks.drawing import UNSUPPORTED_NODES, Drawing, Item, Scope
from engine.checks.report import Report
from engine.runtime.diagram import NODES
from engine.xml import BPMN, CAMUNDA, local, tag

ORDINARY = "Draw it with the ordinary elements."
UNSUPPORTED = {
    "complexGateway": "Use exclusive and parallel gateways.",
    "adHocSubProcess": "Draw the steps with an exclusive gateway that leads back to the choice.",
    "transaction": "Use a sub-process with an error boundary event.",
} | dict.fromkeys(UNSUPPORTED_NODES, ORDINARY)
NO_CODE = "Use an external topic; people's scripts are FEEL script tasks."
UNSUPPORTED_ATTRIBUTES = {
    "class": NO_CODE,
    "expression": NO_CODE,
    "delegateExpression": NO_CODE,
    "resource": "Write the script into the task.",
    "caseRef": "Call a process.",
    "variableMappingClass": "A called process works on the same facts.",
    "variableMappingDelegateExpression": "A called process works on the same facts.",
}
IGNORED_ATTRIBUTES = {
    "candidateUsers": "Use a role in candidateGroups.",
    "formKey": "Use formRef.",
    "followUpDate": "Use dueDate or a timer.",
    "errorCodeVariable": "Set a fact before the error.",
    "errorMessageVariable": "Set a fact before the error.",
}
UNSUPPORTED_EXTENSIONS = {
    "executionListener": "Draw what it does as a task.",
    "taskListener": "Draw what it does as a task.",
    "inputOutput": "Tasks read and write the facts themselves.",
    "connector": NO_CODE,
    "field": NO_CODE,
    "formData": "Use formRef and a .form file.",
    "in": "A called process works on the same facts.",
    "out": "A called process works on the same facts.",
    "errorEventDefinition": NO_CODE,
}
DIALECTS = {
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8",
    "http://flowable.org/bpmn": "Flowable",
    "http://activiti.org/bpmn": "Activiti",
    "http://spiffworkflow.org/bpmn/schema/1.0/core": "SpiffWorkflow",
}
DESCRIBING = ("modelerTemplate", "formFieldValidation")
DATA = frozenset(["dataObject", "dataStoreReference", "dataInputAssociation", "dataOutputAssociation"])
ONE_TOKEN = ("startQuantity", "completionQuantity")


def check_activities(drawing: Drawing, report: Report) -> None:
    """Everything about what elements ask the host to do."""
    for scope in drawing.scopes:
        for node in scope.nodes.values():
            _support(node, report)
            _attributes(node, report)
            _foreign(node, report)
            _loop(node, report)
            _service(node, report)
            if node.kind == "callActivity":
                _call(node, drawing, report)
        for child in scope.item.xml:
            if local(child) in DATA:
                report.add("not-executed", scope.item.file, child.get("id"), child.sourceline, kind=local(child))
    _recursion(drawing, report)
    for file, root in drawing.roots.items():
        for node in root.iter(tag("extensionElements")):
            _extensions(file, node, report)


def _support(node: Item, report: Report) -> None:
    namespace = etree.QName(node.xml).namespace
    if namespace != BPMN and node.kind in NODES:
        report.add(
            "unsupported-element", node.file, node.id, node.line, kind=f"{namespace} {node.kind}", instead=ORDINARY
        )
    if node.kind in UNSUPPORTED:
        report.add("unsupported-element", node.file, node.id, node.line, kind=node.kind, instead=UNSUPPORTED[node.kind])
    if node.get("isForCompensation") == "true":
        instead = "Draw the way back with ordinary flows."
        report.add("unsupported-element", node.file, node.id, node.line, kind="compensation", instead=instead)


def _attributes(node: Item, report: Report) -> None:
    for name in ONE_TOKEN:
        if node.get(name) not in {"", "1"}:
            _refuse(node, name, "Use a parallel gateway.", report)
    loop = node.child("bpmn:multiInstanceLoopCharacteristics")
    if loop is not None and (loop.get("behavior") or "All") != "All":
        _refuse(node, "behavior", "Draw an event after the activity.", report)
    for name, instead in UNSUPPORTED_ATTRIBUTES.items():
        if any(holder.get(tag(name, CAMUNDA)) for holder in (node.xml, *node.definitions)):
            _refuse(node, f"camunda:{name}", instead, report)
    for name, instead in IGNORED_ATTRIBUTES.items():
        if any(holder.get(tag(name, CAMUNDA)) for holder in (node.xml, *node.definitions)):
            attribute = f"camunda:{name}"
            report.add("attribute-ignored", node.file, node.id, node.line, attribute=attribute, instead=instead)


def _foreign(node: Item, report: Report) -> None:
    """Attributes of other engines; those that only describe the drawing are let be."""
    for name in node.xml.attrib:
        found = etree.QName(name)
        if found.namespace in DIALECTS and not found.localname.startswith(DESCRIBING):
            dialect = DIALECTS[found.namespace]
            report.add("dialect-unsupported", node.file, node.id, node.line, dialect=dialect, extension=found.localname)


def _refuse(node: Item, attribute: str, instead: str, report: Report) -> None:
    report.add("attribute-unsupported", node.file, node.id, node.line, attribute=attribute, instead=instead)


def _loop(node: Item, report: Report) -> None:
    loop, standard = (node.child(f"bpmn:{kind}LoopCharacteristics") for kind in ("multiInstance", "standard"))
    if standard is not None:
        maximum = standard.get("loopMaximum")
        if maximum is not None and not maximum.isdecimal():
            report.add("loop-maximum", node.file, node.id, node.line, text=maximum)
        if maximum is None and node.child("bpmn:standardLoopCharacteristics/bpmn:loopCondition") is None:
            report.add("loop-without-end", node.file, node.id, node.line)
    if loop is None:
        return
    names = [loop.get(tag("collection", CAMUNDA)) or ""]
    names += [child.text or "" for child in loop if local(child) == "loopDataInputRef"]
    collections = [name for name in names if name.strip()]
    counts = [child for child in loop if local(child) == "loopCardinality"]
    if not collections and not counts:
        report.add("loop-without-count", node.file, node.id, node.line)
    elif collections and counts:
        report.add("loop-two-counts", node.file, node.id, node.line)


def _service(node: Item, report: Report) -> None:
    if node.kind not in {"serviceTask", "sendTask"} or node.camunda("topic") or node.get("messageRef"):
        return
    if not any(node.camunda(name) for name in UNSUPPORTED_ATTRIBUTES) and node.event != "message":
        report.add("service-without-topic", node.file, node.id, node.line)


def _call(node: Item, drawing: Drawing, report: Report) -> None:
    called = node.get("calledElement")
    if not called:
        report.add("called-missing", node.file, node.id, node.line)
    elif called not in drawing.processes:
        report.add("called-unknown", node.file, node.id, node.line, called=called)
    else:
        starts = [n for n in drawing.processes[called].nodes.values() if n.kind == "startEvent"]
        if starts and not any(not start.definitions for start in starts):
            report.add("called-start", node.file, node.id, node.line, called=called)


def called_by(process: Scope, drawing: Drawing) -> set[str]:
    """The processes that a process calls, also from its sub-processes."""
    inside = [scope for scope in drawing.scopes if process in scope.around()]
    calls = (n.get("calledElement") for scope in inside for n in scope.nodes.values() if n.kind == "callActivity")
    return {called for called in calls if called in drawing.processes}


def _recursion(drawing: Drawing, report: Report) -> None:
    calls = {key: called_by(process, drawing) for key, process in drawing.processes.items()}
    for key, process in drawing.processes.items():
        found, pending = set[str](), [key]
        while pending:
            more = calls[pending.pop()] - found
            found |= more
            pending.extend(more)
        if key in found:
            report.add("called-recursive", process.item.file, key, process.item.line, called=key)


def _extensions(file: str, extensions: etree._Element, report: Report) -> None:
    element, line = extensions.getparent().get("id"), extensions.sourceline
    for child in extensions:
        if not isinstance(child.tag, str):
            continue
        name = etree.QName(child)
        if name.namespace in DIALECTS:
            dialect = DIALECTS[name.namespace]
            report.add("dialect-unsupported", file, element, line, dialect=dialect, extension=name.localname)
        elif name.namespace == CAMUNDA and name.localname in UNSUPPORTED_EXTENSIONS:
            if name.localname in {"in", "out"} and (child.get("variables") == "all" or child.get("businessKey")):
                continue  # that is how every call works here
            instead = UNSUPPORTED_EXTENSIONS[name.localname]
            report.add("extension-unsupported", file, element, line, extension=f"camunda:{name.localname}",
                       instead=instead)  # fmt: skip
