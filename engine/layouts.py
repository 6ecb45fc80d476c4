"""A drawing for a diagram that has none: columns along the flow, rows for branches, inner steps opened, pools stacked.

Editors open only what is drawn. What comes without a picture gets a plain one; nothing that runs is changed.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine.runtime.diagram import NODES, SCOPES
from engine.xml import BPMNDI, DC, NS, UnsafeXml, local, parse_xml, tag

DI = "http://www.omg.org/spec/DD/20100524/DI"
PREFIXES = {"bpmndi": BPMNDI, "dc": DC, "di": DI}
EVENT, GATEWAY, TASK = (36, 36), (50, 50), (100, 80)
COLUMN, ROW, PAD, BAND = 60, 50, 40, 50  # pixels between columns and rows, around a scope, for the name of a pool


@dataclass
class Picture:
    """Where things are in a scope: element -> (x, y, width, height), flow -> points; and how large it all is."""

    boxes: dict[Any, tuple[float, float, float, float]] = field(default_factory=dict)
    lines: dict[Any, list[tuple[float, float]]] = field(default_factory=dict)
    width: float = 0
    height: float = 0

    def take(self, other: "Picture", x: float, y: float) -> None:
        """Put another picture into this one."""
        self.boxes |= {e: (left + x, top + y, w, h) for e, (left, top, w, h) in other.boxes.items()}
        self.lines |= {e: [(left + x, top + y) for left, top in points] for e, points in other.lines.items()}


def undrawn(files: Mapping[str, str]) -> dict[str, int]:
    """How many nodes of each readable diagram have no shape; diagrams where all have one are left out."""
    found = {}
    for name, root in _readable(files):
        drawn = {shape.get("bpmnElement") for shape in root.iter(tag("BPMNShape", BPMNDI))}
        count = sum(node.get("id") not in drawn for scope in _scopes(root) for node in scope if local(node) in NODES)
        if count:
            found[name] = count
    return found


def with_drawing(files: Mapping[str, str], names: Iterable[str] | None = None) -> dict[str, str]:
    """The files, with these diagrams laid out anew; without names those that have no shape at all."""
    written = dict(files)
    wanted = None if names is None else set(names)
    for name, root in _readable(files):
        if name in wanted if wanted is not None else next(root.iter(tag("BPMNShape", BPMNDI)), None) is None:
            _draw(root)
            written[name] = '<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="unicode") + "\n"
    return written


def _readable(files: Mapping[str, str]) -> Iterable[tuple[str, Any]]:
    for name in sorted(files):
        if name.endswith(".bpmn"):
            try:
                root = parse_xml(files[name])
            except (UnsafeXml, ValueError, etree.LxmlError):
                continue
            if root.tag == tag("definitions") and next(root.iter(tag("process")), None) is not None:
                yield name, root


def _scopes(root: Any) -> Iterator[Any]:
    yield from root.iter(*(tag(kind) for kind in SCOPES))


def _draw(root: Any) -> None:
    for old in root.findall("bpmndi:BPMNDiagram", NS):
        root.remove(old)
    ids = {node.get("id") for node in root.iter("{*}*")}
    processes = {process.get("id"): process for process in root.iterfind("bpmn:process", NS)}
    pools = [pool for pool in root.iterfind("bpmn:collaboration/bpmn:participant", NS) if pool.get("id")]
    if pools:
        _write(root, pools[0].getparent(), _stacked(pools, processes), ids)
        return
    for key, process in processes.items():
        if key:
            _write(root, process, laid_out(process), ids)


def _stacked(pools: list[Any], processes: Mapping[str, Any]) -> Picture:
    whole, top = Picture(), 0.0
    inner = {pool: laid_out(processes[pool.get("processRef")]) for pool in pools if pool.get("processRef") in processes}
    width = max([picture.width for picture in inner.values()] + [600]) + BAND + 2 * PAD
    for pool in pools:
        picture = inner.get(pool, Picture())
        height = max(picture.height + 2 * PAD, TASK[1])
        whole.boxes[pool] = (0, top, width, height)
        whole.take(picture, BAND + PAD, top + PAD)
        top += height + ROW
    return whole


def laid_out(scope: Any) -> Picture:
    """The picture of a process or sub-process, from (0, 0)."""
    nodes = {node.get("id"): node for node in scope if local(node) in NODES and node.get("id")}
    inner = {node: laid_out(node) for node in nodes.values() if local(node) in SCOPES}
    hosts = {key: node.get("attachedToRef") for key, node in nodes.items() if node.get("attachedToRef") in nodes}
    flows = [flow for flow in scope if local(flow) == "sequenceFlow" and flow.get("id")]
    flows = [flow for flow in flows if flow.get("sourceRef") in nodes and flow.get("targetRef") in nodes]
    free = [key for key in nodes if key not in hosts]
    ways = [(hosts.get(flow.get("sourceRef"), flow.get("sourceRef")), flow) for flow in flows]
    places = _places(free, [(start, hosts.get(f.get("targetRef"), f.get("targetRef"))) for start, f in ways])
    sizes = {key: _size(nodes[key], inner) for key in free}
    picture = _boxes(nodes, places, sizes, hosts)
    for node, each in inner.items():
        x, y, _, _ = picture.boxes[node]
        picture.take(each, x + PAD, y + PAD)
    lane = picture.height
    for flow in flows:
        source, target = (picture.boxes[nodes[flow.get(end)]] for end in ("sourceRef", "targetRef"))
        picture.lines[flow] = line = _line(source, target, flow.get("sourceRef") in hosts, lane)
        lane += PAD / 2 if max(y for _, y in line) >= lane > 0 else 0
    picture.height = max(picture.height, lane)
    return picture


def _size(node: Any, inner: Mapping[Any, Picture]) -> tuple[float, float]:
    if node in inner:
        return max(inner[node].width + 2 * PAD, TASK[0]), max(inner[node].height + 2 * PAD, TASK[1])
    kind = local(node)
    return EVENT if kind.endswith("Event") else GATEWAY if kind.endswith("Gateway") else TASK


def _places(keys: list[str], ways: list[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Column and row of each node: as far along as the longest way to it; circles are cut where they come back."""
    after, waiting = defaultdict(list), dict.fromkeys(keys, 0)
    for start, end in ways:
        if start != end:
            after[start].append(end)
            waiting[end] += 1
    column, row, taken, done = dict.fromkeys(keys, 0), dict.fromkeys(keys, 0), set[tuple[int, int]](), set[str]()
    ready, reached, rest = deque(key for key in keys if not waiting[key]), deque[str](), deque(keys)
    while ready or reached or rest:
        key = (ready or reached or rest).popleft()
        if key in done:
            continue
        done.add(key)
        while (column[key], row[key]) in taken:
            row[key] += 1
        taken.add((column[key], row[key]))
        for end in after[key]:
            waiting[end] -= 1
            if end not in done:
                row[end] = row[key] if not column[end] else min(row[end], row[key])
                column[end] = max(column[end], column[key] + 1)
                (reached if waiting[end] else ready).append(end)
    return {key: (column[key], row[key]) for key in keys}


def _boxes(
    nodes: Mapping[str, Any],
    places: Mapping[str, tuple[int, int]],
    sizes: Mapping[str, tuple[float, float]],
    hosts: Mapping[str, str],
) -> Picture:
    wide, high = defaultdict[int, float](float), defaultdict[int, float](float)
    for key, (column, row) in places.items():
        wide[column], high[row] = max(wide[column], sizes[key][0]), max(high[row], sizes[key][1])
    left, top, x, y = {}, {}, 0.0, 0.0
    for column in sorted(wide):
        left[column], x = x, x + wide[column] + COLUMN
    for row in sorted(high):
        top[row], y = y, y + high[row] + ROW
    picture = Picture(width=max(x - COLUMN, 0), height=y)
    for key, (column, row) in places.items():
        w, h = sizes[key]
        picture.boxes[nodes[key]] = (left[column], top[row] + (high[row] - h) / 2, w, h)
    beside = defaultdict[str, int](int)
    for key, host in hosts.items():
        hx, hy, hw, hh = picture.boxes.get(nodes[host], (0, 0, *TASK))
        beside[host] += 1
        at = hx + max(hw - beside[host] * (EVENT[0] + 4), 0)
        picture.boxes[nodes[key]] = (at, hy + hh - EVENT[1] / 2, *EVENT)
    return picture


def _line(
    source: tuple[float, float, float, float], target: tuple[float, float, float, float], below: bool, lane: float
) -> list[tuple[float, float]]:
    (sx, sy, sw, sh), (tx, ty, _, th) = source, target
    start, end = (sx + sw, sy + sh / 2), (tx, ty + th / 2)
    if tx < start[0]:  # back, or straight down: under everything
        return [(sx + sw / 2, sy + sh), (sx + sw / 2, lane), (tx + 18, lane), (tx + 18, ty + th)]
    if below:
        return [(sx + sw / 2, sy + sh), (sx + sw / 2, max(end[1], sy + sh + 10)), (end[0], end[1])]
    if start[1] == end[1]:
        return [start, end]
    turn = tx - COLUMN / 2
    return [start, (turn, start[1]), (turn, end[1]), end]


def _write(root: Any, whole: Any, picture: Picture, ids: set[str]) -> None:
    def named(element: Any, ending: str) -> str:
        name = f"{element.get('id')}_{ending}"
        while name in ids:
            name += "_"
        ids.add(name)
        return name

    diagram = etree.SubElement(root, tag("BPMNDiagram", BPMNDI), {"id": named(whole, "diagram")}, nsmap=PREFIXES)
    plane = etree.SubElement(diagram, tag("BPMNPlane", BPMNDI), id=named(whole, "plane"), bpmnElement=whole.get("id"))
    for element, (x, y, w, h) in picture.boxes.items():
        shape = etree.SubElement(
            plane, tag("BPMNShape", BPMNDI), id=named(element, "di"), bpmnElement=element.get("id")
        )
        if local(element) in SCOPES:
            shape.set("isExpanded", "true")
        if local(element) == "participant":
            shape.set("isHorizontal", "true")
        bounds = {"x": x + 160, "y": y + 80, "width": w, "height": h}
        etree.SubElement(shape, tag("Bounds", DC), {name: f"{value:g}" for name, value in bounds.items()})
    for flow, points in picture.lines.items():
        edge = etree.SubElement(plane, tag("BPMNEdge", BPMNDI), id=named(flow, "di"), bpmnElement=flow.get("id"))
        for x, y in points:
            etree.SubElement(edge, tag("waypoint", DI), x=f"{x + 160:g}", y=f"{y + 80:g}")
