"""Two decision tables compared: rules, cells by the label of their column, columns; what else a decision has."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from engine.comparison.changes import Change, in_order, kind_of, order_change
from engine.comparison.diagrams import drawing_moved, drawn
from engine.xml import local, parse_xml

COLUMNS = ("input", "output")
SHOWN = 60  # characters of a rule in an order


@dataclass
class Rule:
    """A rule: its number, its annotation, and column -> text."""

    number: int
    annotation: str = ""
    cells: dict[str, str] = field(default_factory=dict)


@dataclass
class Table:
    """A decision: what it says of itself; columns id -> what each says; rules by id."""

    name: str
    said: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, dict[str, str]]] = field(default_factory=lambda: {one: {} for one in COLUMNS})
    rules: dict[str, Rule] = field(default_factory=dict)

    def label(self, column: str) -> str:
        """The words over a column."""
        said = self.columns["input"].get(column) or self.columns["output"].get(column) or {}
        return said.get("@label") or said.get("@name") or said.get("/inputExpression/text") or column

    def words(self, rule: str) -> str:
        """A rule in one text: every cell under its label."""
        cells = self.rules[rule].cells
        return "\n".join(f"{self.label(column)}: {text}" for column, text in cells.items() if text not in {"", "-"})

    def called(self, rule: str) -> str:
        """What a rule is called in a list: its annotation, or the beginning of its cells."""
        return self.rules[rule].annotation or self.words(rule).replace("\n", "；")[:SHOWN] or rule


def compare_tables(file: str, before: str, after: str) -> list[Change]:
    """What differs between two files of decisions. Raises UnsafeXml."""
    old_root, new_root = parse_xml(before), parse_xml(after)
    old, new = _decisions(old_root), _decisions(new_root)
    found: list[Change] = []
    for decision in in_order(old, new):
        if decision not in old or decision not in new:
            table, kind = (new[decision], "added") if decision in new else (old[decision], "removed")
            found.append(Change(file, kind, "decision", decision, table.name))
        else:
            found += _changes(file, decision, old[decision], new[decision])
    return found + list(drawing_moved(file, drawn(old_root), drawn(new_root)))


def _decisions(root: etree._Element) -> dict[str, Table]:
    """The decisions, and whatever else stands beside them, by id."""
    found = {}
    for element in root:
        if local(element) and local(element) != "DMNDI":
            table = Table(element.get("name") or element.get("id", ""))
            _read(element, "", table)
            found[element.get("id") or local(element)] = table
    return found


def _read(element: etree._Element, path: str, table: Table) -> None:
    for key, value in _said(element, path):
        table.said[key] = f"{table.said[key]}\n{value}" if key in table.said else value
    for child in element:
        name = local(child)
        if local(element) == "decisionTable" and name in COLUMNS:
            columns = table.columns[name]
            columns[child.get("id") or f"{name} {len(columns) + 1}"] = _flat(child, "")
        elif local(element) == "decisionTable" and name == "rule":
            _read_rule(child, table)
        elif name:
            _read(child, f"{path}/{name}", table)


def _read_rule(element: etree._Element, table: Table) -> None:
    rule = Rule(len(table.rules) + 1)
    for kind in COLUMNS:
        entries = [one for one in element if local(one) == f"{kind}Entry"]
        for column, entry in zip(table.columns[kind], entries, strict=False):
            rule.cells[column] = "".join(str(text) for text in entry.itertext()).strip()
    said = [one for one in element if local(one) in {"description", "annotationEntry"}]
    rule.annotation = "\n".join("".join(str(text) for text in one.itertext()).strip() for one in said)
    table.rules[element.get("id") or f"rule {rule.number}"] = rule


def _flat(element: etree._Element, path: str) -> dict[str, str]:
    found = dict(_said(element, path))
    for child in element:
        if local(child):
            found |= _flat(child, f"{path}/{local(child)}")
    return found


def _said(element: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        name = etree.QName(str(key)).localname
        if name not in {"id", "width", "annotationsWidth"}:
            yield f"{path}@{name}", str(value).strip()
    if (element.text or "").strip():
        yield path, (element.text or "").strip()


def _changes(file: str, decision: str, old: Table, new: Table) -> Iterator[Change]:
    for aspect in in_order(old.said, new.said):
        first, second = old.said.get(aspect, ""), new.said.get(aspect, "")
        if first != second:
            named = {"@name": "name", "/decisionTable@hitPolicy": "hit-policy", "/description": "documentation"}
            part = named.get(aspect, "attribute")
            key = aspect.lstrip("/@") if part == "attribute" else ""
            yield Change(file, kind_of(first, second), part, decision, new.name, key, first, second)
    for kind in COLUMNS:
        yield from _columns(file, kind, old, new)
    for rule in in_order(old.rules, new.rules):
        yield from _rule(file, rule, old, new)
    names = {one: old.called(one) for one in old.rules}, {one: new.called(one) for one in new.rules}
    yield from order_change(file, new.name, decision, *names)


def _columns(file: str, kind: str, old: Table, new: Table) -> Iterator[Change]:
    before, after = old.columns[kind], new.columns[kind]
    for column in in_order(before, after):
        if before.get(column) != after.get(column):
            table = new if column in after else old
            texts = ["\n".join(side.get(column, {}).values()) for side in (before, after)]
            how = "changed" if column in before and column in after else "added" if column in after else "removed"
            yield Change(file, how, kind, column, table.label(column), "", *texts)
    labels = {one: old.label(one) for one in before}, {one: new.label(one) for one in after}
    yield from order_change(file, new.name, f"{kind}s", *labels)


def _rule(file: str, rule: str, old: Table, new: Table) -> Iterator[Change]:
    before, after = old.rules.get(rule), new.rules.get(rule)
    if before is None or after is None:
        table, kind = (new, "added") if after is not None else (old, "removed")
        texts = ("", table.words(rule)) if after is not None else (table.words(rule), "")
        yield Change(file, kind, "rule", rule, _place(table, rule), "", *texts)
        return
    if before.annotation != after.annotation:
        kind = kind_of(before.annotation, after.annotation)
        yield Change(file, kind, "annotation", rule, _place(new, rule), "", before.annotation, after.annotation)
    for column, text in after.cells.items():
        if column in before.cells and before.cells[column] != text:
            label = new.label(column)
            yield Change(file, "changed", "cell", rule, _place(new, rule), label, before.cells[column], text)


def _place(table: Table, rule: str) -> str:
    return f"{table.name} · {table.rules[rule].number}"
