"""A small picture of a diagram, drawn from its diagram interchange: no labels, no scripts, no browser needed."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lxml import etree

from engine.xml import UnsafeXml, local, parse_xml

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
WAY = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
MARGIN = 10.0
SHAPES = 2000  # more is no picture any more
NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 60" width="160" height="60"/>'
OUTLINE, PALE = "#3b4a5e", "#9aa8ba"
LINE, THICK = (f'stroke-width="{width}" vector-effect="non-scaling-stroke"' for width in (1, 2))  # whatever its size
FILLS = {"userTask": "#e4eefb", "businessRuleTask": "#fdf1d8", "participant": "none", "lane": "none"}

SIDES = ("x", "y", "width", "height")
FRAMES = frozenset(["participant", "lane"])


class Box(NamedTuple):
    """A shape of the diagram."""

    kind: str
    x: float
    y: float
    width: float
    height: float


def thumbnail(files: Mapping[str, str]) -> str:
    """The SVG of the first diagram among these files; an empty picture where none can be drawn."""
    for name in sorted(files, key=lambda name: (name != "process.bpmn", name)):
        if name.endswith(".bpmn"):
            try:
                drawn = _drawn(parse_xml(files[name]))
            except (UnsafeXml, ValueError, KeyError, OverflowError):
                continue
            if drawn:
                return drawn
    return NOTHING


def _drawn(root: etree._Element) -> str:
    kinds = {element.get("id", ""): local(element) for element in root.iter() if element.get("id")}
    shapes = [
        (kinds.get(shape.get("bpmnElement", ""), ""), bounds)
        for shape in root.iter(f"{DI}BPMNShape")
        if (bounds := shape.find(f"{DC}Bounds")) is not None
    ][:SHAPES]
    boxes = [
        Box(kind, *(float(bounds.attrib[side]) for side in ("x", "y", "width", "height"))) for kind, bounds in shapes
    ]
    lines = [
        [(float(point.attrib["x"]), float(point.attrib["y"])) for point in edge.iter(WAY)]
        for edge in list(root.iter(f"{DI}BPMNEdge"))[:SHAPES]
    ]
    if not boxes:
        return ""
    left, top = min(box.x for box in boxes) - MARGIN, min(box.y for box in boxes) - MARGIN
    right, bottom = max(box.x + box.width for box in boxes) + MARGIN, max(box.y + box.height for box in boxes) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {right - left:g} {bottom - top:g}">',
        *(_shape(box) for box in sorted(boxes, key=lambda box: box.kind not in FRAMES)),
        *_lines(lines),
        "</svg>",
    ]
    return "".join(parts)


def _lines(lines: list[list[tuple[float, float]]]) -> Iterator[str]:
    for points in lines:
        if points:
            way = " L".join(f"{x:g} {y:g}" for x, y in points)
            yield f'<path fill="none" stroke="{OUTLINE}" {LINE} d="M{way}"/>'


def _shape(box: Box) -> str:
    kind, x, y, width, height = box
    frame = kind in FRAMES
    look = f'fill="{FILLS.get(kind, "#fff")}" stroke="{PALE if frame else OUTLINE}"'
    if kind.endswith("Event"):
        middle = f'cx="{x + width / 2:g}" cy="{y + height / 2:g}" r="{min(width, height) / 2:g}"'
        return f"<circle {look} {THICK if kind == 'endEvent' else LINE} {middle}/>"
    if kind.endswith("Gateway"):
        corners = f"M{x + width / 2:g} {y:g}l{width / 2:g} {height / 2:g}l{-width / 2:g} {height / 2:g}"
        return f'<path {look} {LINE} d="{corners}l{-width / 2:g} {-height / 2:g}z"/>'
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{0 if frame else 10}"'
    return f"<rect {look} {LINE} {place}/>"
