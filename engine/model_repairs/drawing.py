"""What a repair draws: shapes for new nodes beside those they belong to, edges for new flows."""

from collections.abc import Iterable
from typing import Any

from lxml import etree

from engine.xml import BPMNDI, DC, NS, local, tag

DI = "http://www.omg.org/spec/DD/20100524/DI"
SIZE = {"endEvent": (36, 36), "startEvent": (36, 36), "exclusiveGateway": (50, 50), "parallelGateway": (50, 50)}
GAP = 50  # pixels between what is added and what it belongs to
SMALL = 50  # pixels: what is no wider is an event or a gateway


def draw_beside(root: Any, made: Any, beside: str, *, before: bool = False, until: Iterable[str] = ()) -> None:
    """A shape for a new node next to a drawn one, between it and the nodes `until`; nothing without a drawing."""
    shape, box = _shape(root, beside)
    if box is None:
        return
    width, height = SIZE.get(local(made), (100, 80))
    x, y, w, h = (float(box.get(name) or 0) for name in ("x", "y", "width", "height"))
    room = [
        float(other.get("x") or 0) - x - w for _, other in (_shape(root, each) for each in until) if other is not None
    ]
    gap = min([GAP, *((space - width) / 2 for space in room if space > width)])
    left = x - GAP - width if before else x + w + gap
    new = etree.SubElement(
        shape.getparent(), tag("BPMNShape", BPMNDI), id=f"{made.get('id')}_di", bpmnElement=made.get("id")
    )
    place = {"x": left, "y": y + (h - height) / 2, "width": width, "height": height}
    etree.SubElement(new, tag("Bounds", DC), {name: f"{value:g}" for name, value in place.items()})


def draw_flow(root: Any, flow: Any) -> None:
    """An edge for a new flow between two drawn nodes, in place of the edge it had."""
    for old in [e for e in root.iter(tag("BPMNEdge", BPMNDI)) if e.get("bpmnElement") == flow.get("id")]:
        old.getparent().remove(old)
    (first, a), (_, b) = (_shape(root, flow.get(end) or "") for end in ("sourceRef", "targetRef"))
    if a is None or b is None:
        return
    edge = etree.SubElement(
        first.getparent(), tag("BPMNEdge", BPMNDI), id=f"{flow.get('id')}_di", bpmnElement=flow.get("id")
    )
    for x, y in _way(*(_sides(box) for box in (a, b))):
        etree.SubElement(edge, tag("waypoint", DI), x=f"{x:g}", y=f"{y:g}")


def _sides(box: Any) -> tuple[float, float, float, float]:
    x, y, w, h = (float(box.get(name) or 0) for name in ("x", "y", "width", "height"))
    return x, y, w, h


def _way(source: tuple[float, ...], target: tuple[float, ...]) -> list[tuple[float, float]]:
    """Straight where it can be; out of a small node up or down first, else with a step halfway."""
    (sx, sy, sw, sh), (tx, ty, _, th) = source, target
    start, end = (sx + sw, sy + sh / 2), (tx, ty + th / 2)
    middle = sx + sw / 2
    if abs(start[1] - end[1]) < 1 or end[0] <= middle:
        return [start, end]
    if sw <= SMALL:
        return [(middle, sy + sh if end[1] > start[1] else sy), (middle, end[1]), end]
    half = (start[0] + end[0]) / 2
    return [start, (half, start[1]), (half, end[1]), end]


def _shape(root: Any, element: str) -> tuple[Any, Any]:
    for shape in root.iter(tag("BPMNShape", BPMNDI)):
        if element and shape.get("bpmnElement") == element:
            box = shape.find("dc:Bounds", NS)
            return (shape, box) if box is not None and _measured(box) else (shape, None)
    return None, None


def _measured(box: Any) -> bool:
    try:
        return all(abs(float(box.get(name) or 0)) < 1e6 for name in ("x", "y", "width", "height"))  # noqa: PLR2004 pixels
    except ValueError:
        return False
