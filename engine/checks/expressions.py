"""Every text of a diagram that is FEEL, a period or a number: it must be readable before anything runs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from engine.checks.drawing import Drawing, Item
from engine.checks.report import Report
from engine.deadlines import InvalidPeriod, parse_period
from engine.feel import Expression, FeelError, compile_expression
from engine.functions import FUNCTIONS
from engine.periods import ISO
from engine.runtime.diagram import Element
from engine.xml import CAMUNDA, NS, tag

JUEL = re.compile(r"[$#]\{")
QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
ASSIGNMENT = re.compile(r"\s*[^\W\d]\w*\s*=(?!=)")
CRON = re.compile(r"(?:\S+\s+){4,6}\S+|@\w+")
LOOPS = ("loopCardinality", "completionCondition", "loopCondition", "loopDataInputRef")
LITERALS = ("candidateGroups", "formRef", "decisionRef", "topic", "resultVariable")


@dataclass(frozen=True)
class Site:
    """A text, where it is written, and how it is read: feel, text (FEEL after `=`), period, timer or number."""

    item: Item
    what: str
    text: str
    kind: str


def sites(drawing: Drawing) -> Iterator[Site]:
    """Every text the host evaluates."""
    for flow in drawing.flows():
        condition = flow.child("bpmn:conditionExpression")
        if condition is not None and (condition.text or "").strip():
            yield Site(flow, "The condition", condition.text.strip(), "feel")
    for node, element in drawing.nodes():
        yield from _element(node, element)
        for name in LOOPS:
            for each in node.xml.iterfind(f"./*/{{*}}{name}"):
                yield Site(node, f"The {name}", (each.text or "").strip(), "feel")
        for each in node.xml.iterfind("./*[@camunda:collection]", NS):
            yield Site(node, "The collection", each.get(tag("collection", CAMUNDA)).strip(), "feel")


def _element(node: Item, element: Element) -> Iterator[Site]:
    if element.event == "timer":
        yield Site(node, "The timer", element.timer, "timer")
    if element.kind == "scriptTask":
        yield Site(node, "The script", element.script, "feel")
    properties = element.properties
    for what, text, kind in (
        ("The assignee", element.assignee, "person"),
        ("The due date", element.due, "period"),
        ("The priority", element.priority, "number"),
        ("The office", properties.get("office", ""), "text"),
        ("The reason", properties.get("extend_reason", ""), "text"),
        ("The property stop_clock", properties.get("stop_clock", ""), "text"),
        ("The payload", properties.get("payload", ""), "feel"),
        ("The target", properties.get("target", ""), "feel"),
        ("The period", properties.get("period", ""), "period"),
        ("The property extend_by", properties.get("extend_by", ""), "period"),
    ):
        if text:
            yield Site(node, what, text, kind)


def check_expressions(drawing: Drawing, report: Report) -> list[tuple[Site, Expression]]:
    """Everything that cannot be read; returns what can, compiled."""
    compiled = []
    for site in sites(drawing):
        expression = check_site(site, report)
        if expression is not None:
            compiled.append((site, expression))
    for node, element in drawing.nodes():
        _languages(node, element, report)
    for flow in drawing.flows():
        condition = flow.child("bpmn:conditionExpression")
        if condition is not None:
            _language(flow, "The condition", condition.get("language") or "", report)
    return compiled


def is_juel(text: str) -> bool:
    """Whether the text is in the expression language of Java engines."""
    return JUEL.search(QUOTED.sub("", text)) is not None


def check_site(site: Site, report: Report) -> Expression | None:
    """What is wrong with one text; its expression if it is FEEL and compiles."""
    item, text = site.item, site.text
    if is_juel(text):
        report.add("expression-juel", item.file, item.id, item.line, what=site.what, text=text)
        return None
    if site.kind == "timer":
        return _timer(site, report)
    if not text:
        report.add("expression-empty", item.file, item.id, item.line, what=site.what)
        return None
    if site.kind == "feel" or text.startswith("="):
        return _feel(site, report)
    if site.kind == "period":
        _period(site, report)
    if site.kind == "person" and not text.isdecimal():
        report.add("assignee-by-name", item.file, item.id, item.line, text=text)
    if site.kind == "number" and not text.lstrip("-").isdecimal():
        report.add("number-wrong", item.file, item.id, item.line, what=site.what, text=text)
    return None


def _feel(site: Site, report: Report) -> Expression | None:
    item, text = site.item, site.text.removeprefix("=")
    try:
        return compile_expression(text, functions=FUNCTIONS)
    except FeelError as error:
        report.add(
            "expression", item.file, item.id, item.line, what=site.what, text=site.text, reason=str(error),
            code=error.code, column=error.column or 1, position=error.position or 0,
        )  # fmt: skip
        return None


def _timer(site: Site, report: Report) -> Expression | None:
    item, text = site.item, site.text
    if not text:
        report.add("timer-empty", item.file, item.id, item.line)
        return None
    if site.item.child("bpmn:timerEventDefinition/bpmn:timeCycle") is not None:
        return _cycle(site, report)
    if not text.startswith("=") and is_period(text):
        return None
    if (text.startswith("P") and ISO.match(text)) or text[:1].isdigit():
        _period(site, report)
        return None
    return _feel(site, report)


def _cycle(site: Site, report: Report) -> Expression | None:
    item, text = site.item, site.text
    if item.kind != "boundaryEvent" or item.get("cancelActivity") != "false":
        report.add("timer-cycle-place", item.file, item.id, item.line)
    if text.startswith("R") and "/" in text:
        if not is_cycle(text):
            report.add("timer-cycle", item.file, item.id, item.line, text=text)
        return None
    if CRON.fullmatch(text) and not text.startswith("="):
        report.add("timer-cron", item.file, item.id, item.line, text=text)
        return None
    if not text.startswith("=") and is_period(text):
        report.add("timer-cycle", item.file, item.id, item.line, text=text)
        return None
    return _feel(site, report)


def is_cycle(text: str) -> bool:
    """Whether a repetition is one the clock can run: `R3/P1D`, `R/P1D`, `R3/2026-01-01T09:00:00/P1D`."""
    rounds, *rest = text.removeprefix("R").split("/")
    if rounds and not rounds.isdecimal():
        return False
    dated = len(rest) == len(("start", "interval")) and is_dated(rest[0]) and is_period(rest[0])
    if not (len(rest) == 1 or dated) or not rest[-1].startswith("P") or not is_period(rest[-1]):
        return False
    return parse_period(rest[-1]).count > 0


def is_dated(text: str) -> bool:
    """Whether a literal wants to be a date."""
    return text[:1].isdigit() and text[4:5] == "-"


def is_period(text: str) -> bool:
    """Whether a literal says how long or until when."""
    return not why_no_period(text)


def why_no_period(text: str) -> str:
    """Why a literal is neither a period nor a date; empty if it is one."""
    try:
        datetime.fromisoformat(text) if is_dated(text) else parse_period(text)
    except (InvalidPeriod, ValueError) as error:
        return str(error)
    return ""


def _period(site: Site, report: Report) -> None:
    reason = why_no_period(site.text)
    if reason:
        item = site.item
        report.add("period-wrong", item.file, item.id, item.line, what=site.what, text=site.text, reason=reason)


def _languages(node: Item, element: Element, report: Report) -> None:
    if element.kind == "scriptTask":
        _language(node, "The script", element.script_format, report)
        if ASSIGNMENT.match(element.script) and not element.result:
            report.add("script-assignment", node.file, node.id, node.line, text=element.script)
        if not element.result:
            report.add("script-without-result", node.file, node.id, node.line)
    for name in LITERALS:
        for holder in (node.xml, *node.xml.iterfind("./*")):
            text = holder.get(tag(name, CAMUNDA)) or ""
            if is_juel(text):
                report.add("expression-juel", node.file, node.id, node.line, what=name, text=text)
    for text in (element.called, *(v for k, v in element.properties.items() if k in {"paper", "role", "deadline"})):
        if is_juel(text):
            report.add("expression-juel", node.file, node.id, node.line, what="The name", text=text)


def _language(item: Item, what: str, language: str, report: Report) -> None:
    if language and "feel" not in language.lower():
        report.add("expression-language", item.file, item.id, item.line, what=what, language=language)
