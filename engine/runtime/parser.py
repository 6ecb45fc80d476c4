"""BPMN files -> specs that can be shared by all cases of a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser, event_parsers
from SpiffWorkflow.bpmn.parser.task_parsers import ConditionalGatewayParser, ScriptTaskParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.exceptions import SpiffWorkflowException

from engine.errors import Finding, InvalidDefinition
from engine.runtime import events, gateways, specs
from engine.runtime.diagram import Diagram, Element, read_diagram
from engine.runtime.normalise import normalise
from engine.xml import UnsafeXml, local, parse_xml


class _Host:
    """Mixed into every node parser: our loop classes, our event definitions, document order instead of coordinates."""

    PARALLEL_MI_CLASS = specs.ParallelInstances
    SEQUENTIAL_MI_CLASS = specs.SequentialInstances
    STANDARD_LOOP_CLASS = specs.Loop
    node: etree._Element

    def get_position(self, node: etree._Element | None = None) -> dict[str, float]:  # noqa: ARG002 the library's signature
        """One position for all: the order of flows is that of the document, moving a shape changes nothing."""
        return {"x": 0.0, "y": 0.0}

    def parse_timer_event(self, event: etree._Element) -> Any:
        """A timer of ours, named after its element."""
        element = self.node.get("id")
        name = self.node.get("name", element)
        cyclic = any(local(child) == "timeCycle" for child in event)
        return events.Cycle(element, name) if cyclic else events.Timer(element, name)

    def parse_message_event(self, event: etree._Element) -> Any:
        """A message by name."""
        names = self.process_parser.parser.messages  # type: ignore[attr-defined]  # a mixin over TaskParser
        return events.Message(names.get(event.get("messageRef")) or self.node.get("name", ""))

    def parse_signal_event(self, event: etree._Element) -> Any:
        """A signal by name."""
        names = self.process_parser.parser.signals  # type: ignore[attr-defined]  # a mixin over TaskParser
        return events.Signal(names.get(event.get("signalRef")) or self.node.get("name", ""))

    def parse_error_event(self, event: etree._Element) -> Any:
        """An error by code."""
        known = self.process_parser.parser.errors.get(event.get("errorRef"), {})  # type: ignore[attr-defined]  # a mixin
        return events.Error(known.get("name") or "error", known.get("error_code") or known.get("name"))

    def parse_escalation_event(self, event: etree._Element) -> Any:
        """An escalation by code."""
        known = self.process_parser.parser.escalations.get(event.get("escalationRef"), {})  # type: ignore[attr-defined]  # a mixin
        return events.Escalation(known.get("name") or "escalation", known.get("escalation_code") or known.get("name"))

    def parse_terminate_event(self, event: etree._Element) -> Any:  # noqa: ARG002 the library's signature
        """Terminate."""
        return events.Terminate()


class _EndEvent(event_parsers.EndEventParser):
    """End events, signal ends included (B16: the library runs them as plain ends)."""

    def create_task(self) -> Any:
        definition = self.get_event_definition(
            [
                event_parsers.MESSAGE_EVENT_XPATH,
                event_parsers.SIGNAL_EVENT_XPATH,
                event_parsers.ERROR_EVENT_XPATH,
                event_parsers.ESCALATION_EVENT_XPATH,
                event_parsers.TERMINATION_EVENT_XPATH,
            ]
        )
        task = self._create_task(definition)
        task.connect(self.spec.end)
        return task


class _EventGateway(event_parsers.EventBasedGatewayParser):
    def create_task(self) -> Any:
        return self._create_task(events.Several([]))


class _Script(ScriptTaskParser):
    def create_task(self) -> Any:
        return self.spec_class(self.spec, self.bpmn_id, **self.bpmn_attributes)


_OURS = {
    "userTask": (TaskParser, specs.HumanTask),
    "task": (TaskParser, specs.HostTask),
    "manualTask": (TaskParser, specs.HostTask),
    "scriptTask": (_Script, specs.HostTask),
    "serviceTask": (TaskParser, specs.HostTask),
    "businessRuleTask": (TaskParser, specs.HostTask),
    "sendTask": (TaskParser, specs.HostTask),
    "exclusiveGateway": (ConditionalGatewayParser, gateways.Exclusive),
    "inclusiveGateway": (ConditionalGatewayParser, gateways.Inclusive),
    "eventBasedGateway": (_EventGateway, specs.EventGateway),
    "endEvent": (_EndEvent, None),
    "boundaryEvent": (event_parsers.BoundaryEventParser, specs.Boundary),
}


def _parser_classes() -> dict[str, tuple[type, type]]:
    merged = dict(BpmnParser.PARSER_CLASSES)
    for name, (parser, spec) in _OURS.items():
        merged[full_tag(name)] = (parser, spec or merged[full_tag(name)][1])
    hosted: dict[type, type] = {}
    return {
        name: (hosted.setdefault(parser, type(f"Host{parser.__name__}", (_Host, parser), {})), spec)
        for name, (parser, spec) in merged.items()
    }


class HostParser(BpmnParser):
    """The plain BPMN parser with our node parsers."""

    OVERRIDE_PARSER_CLASSES = _parser_classes()


@dataclass(frozen=True)
class Compiled:
    """A process ready to run: shared, immutable."""

    process: str
    spec: Any
    subspecs: Mapping[str, Any]
    diagram: Diagram
    interrupting: frozenset[str]  # names of interrupting event sub-processes


def compile_process(files: Mapping[str, str], process: str) -> Compiled:
    """The specs of `process` from the BPMN files among `files` (name -> text).

    Raises InvalidDefinition where the XML cannot be read or SpiffWorkflow refuses it; `engine.checks` finds the same
    problems earlier and names them better.
    """
    parser = HostParser()
    roots = []
    for name, text in files.items():
        if not name.endswith(".bpmn"):
            continue
        try:
            root = normalise(parse_xml(text))
            parser.add_bpmn_xml(root, filename=name)
        except (UnsafeXml, SpiffWorkflowException) as error:
            raise InvalidDefinition([Finding("bpmn-unreadable", "semantics", name, None, str(error))]) from error
        roots.append(root)
    try:
        spec = parser.get_spec(process)
        subspecs = parser.get_subprocess_specs(process)
    except (SpiffWorkflowException, RecursionError) as error:
        element = getattr(error, "tag", None) and getattr(error, "id", None)
        raise InvalidDefinition([Finding("bpmn-refused", "semantics", "process.bpmn", element, str(error))]) from error
    diagram = read_diagram(roots)
    for each in (spec, *subspecs.values()):
        _prepare(each, diagram)
    interrupting = frozenset(
        e.id for e in diagram.elements.values() if e.triggered_by_event and _interrupts(diagram, e.id)
    )
    return Compiled(process, spec, subspecs, diagram, interrupting)


def _interrupts(diagram: Diagram, subprocess: str) -> bool:
    return all(start.interrupting for start in diagram.start_events(subprocess))


def _prepare(spec: Any, diagram: Diagram) -> None:
    """Do at parse time what the library would do to the shared spec at run time (B7); bind collections to the case."""
    for name in set(spec.start.trigger_specs):
        event_subprocess = spec.task_specs[name]
        if spec.start.name not in event_subprocess._inputs:
            event_subprocess._inputs.append(spec.start.name)
        if spec.end.name not in event_subprocess._outputs:
            event_subprocess.connect(spec.end)
    for task_spec in spec.task_specs.values():
        if isinstance(task_spec, specs.Boundary):  # what it interrupts is over before its own token goes on
            task_spec._outputs.sort(key=lambda name: not name.endswith(".BoundaryEventJoin"))
            task_spec.limits = _limits(task_spec, diagram.elements.get(task_spec.bpmn_id))
        if isinstance(task_spec, gateways.Inclusive):
            task_spec.prepare(spec.task_specs)
        if isinstance(task_spec, specs.LOOPS):
            _prepare_loop(task_spec, spec.task_specs)


def _limits(event: specs.Boundary, element: Element | None) -> bool:
    """Whether the time of a boundary event is one for the task: it ends it, or is a named deadline; others remind."""
    return element is None or event.cancel_activity or "deadline" in element.properties


def _prepare_loop(shell: Any, nodes: Mapping[str, Any]) -> None:
    for attribute in ("data_input", "data_output"):
        reference = getattr(shell, attribute, None)
        if reference is not None:
            setattr(shell, attribute, specs.CaseData(reference.bpmn_id))
    for attribute in ("input_item", "output_item"):
        item = getattr(shell, attribute, None)
        if item is not None:
            item.bpmn_id = item.bpmn_name
    completed = nodes[shell.task_spec].completed_event  # connected at the first run otherwise: a race
    if not completed.is_connected(shell.merge_child):
        completed.connect(shell.merge_child)
