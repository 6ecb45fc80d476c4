"""From files to a compiled model: each file has its own names for what it imports (§6.3.3)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.decisions.decisions import Decisions
from engine.decisions.findings import Problem
from engine.decisions.graph import Node, Nodes, check_graph, compile_node, read_node
from engine.decisions.items import Items, read_items
from engine.decisions.model import Model
from engine.decisions.source import Element, children, local, read, text
from engine.feel.hosts import Hosts

_GRAPH = ("decision", "inputData", "businessKnowledgeModel", "decisionService")
_NAMED = {*_GRAPH, "variable", "import", "column", "output", "for", "some", "every", "filter"}


@dataclass(slots=True)
class File:
    """One file: ``aliases`` are its names for the namespaces it imports."""

    root: Element
    namespace: str
    model: Model
    aliases: dict[str, str] = field(default_factory=dict)
    types: Items = field(default_factory=Items)
    nodes: list[Node] = field(default_factory=list)


def parse_decisions(xml: bytes, *, functions: Hosts | None = None, imports: Iterable[bytes] = ()) -> Decisions:
    """Read a file; ``functions`` are offered to its FEEL, ``imports`` are the files it may import."""
    root, problems = read(xml)
    if root is None:
        return Decisions({}, (), tuple(problems))
    shared = Model(functions)
    given = {
        found.get("namespace") or "": found for found in (read(other)[0] for other in imports) if found is not None
    }
    files = _reached(root, given, shared)
    nodes: Nodes = {}
    elements: dict[str, Element] = {}
    for file in files.values():
        _add(file, nodes, elements)
    own = next(iter(files.values()))
    for file in files.values():
        _compile(file, files, elements)
    check_graph(nodes, elements, own.model)
    if not any(node.kind == "decision" for node in own.nodes):
        own.model.report(root, "dmn-no-decision", "the file has no decision")
    return Decisions(nodes, tuple(own.nodes), tuple(shared.problems))


def _reached(root: Element, given: dict[str, Element], shared: Model) -> dict[str, File]:
    """Find the file and, through its imports, all it needs; problems and names are theirs in common."""
    files: dict[str, File] = {}
    pending = [root]
    while pending:
        current = pending.pop()
        namespace = current.get("namespace") or ""
        if namespace in files:
            continue
        model = Model(shared.functions, shared.names, problems=shared.problems)
        file = files[namespace] = File(current, namespace, model)
        _collect_names(current, shared.names)
        for element in children(current, "import"):
            target = element.get("namespace") or ""
            if target in given:
                file.aliases[target] = element.get("name") or ""
                pending.append(given[target])
            elif "DMN" in (element.get("importType") or ""):
                message = f"the imported model {target} is not there"
                model.report(element, "dmn-import", message, namespace=target)
    return files


def _collect_names(root: Element, names: set[str]) -> None:
    """Collect the names that expressions of the file may use, as variables or behind a dot."""
    for element in root.iter():
        if local(element) in _NAMED:
            names.add(element.get("name") or element.get("iteratorVariable") or "")
    names.discard("")


def _add(file: File, nodes: Nodes, elements: dict[str, Element]) -> None:
    """Add the types and the graph of one file."""
    read_items(file.root, file.model, file.types)
    for element in children(file.root, "itemDefinition"):
        allowed = next((text(part) for part in children(element, "allowedValues")), "")
        file.model.allowed[element.get("name") or ""] = allowed
    for element in children(file.root, *_GRAPH):
        node = read_node(element, file.namespace, file.aliases)
        if node.key in nodes:
            file.model.report(element, "dmn-duplicate-id", f"two elements have the id {node.id}", id=node.id)
        nodes[node.key] = node
        elements[node.key] = element
        file.nodes.append(node)


def _compile(file: File, files: dict[str, File], elements: dict[str, Element]) -> None:
    """Compile the logic of one file, with its own types and those it imports."""
    file.model.types.update(file.types)
    for namespace, alias in file.aliases.items():
        for name, wanted in files[namespace].types.items():
            file.model.types[f"{alias}.{name}"] = wanted
    for node in file.nodes:
        try:
            compile_node(elements[node.key], node, file.model)
        except RecursionError:
            message = f"{node.name} is nested too deeply"
            file.model.problems.append(Problem(node.id, "dmn-too-deep", message))
