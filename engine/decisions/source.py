"""Reading DMN XML safely, and the few questions one asks of its elements. All namespaces of DMN 1.1 to 1.5."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from lxml import etree

from engine.decisions.findings import Problem

Element: TypeAlias = Any
"""lxml is untyped."""
LARGEST = 2_000_000
NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
_PARSER = {"resolve_entities": False, "no_network": True, "huge_tree": False, "load_dtd": False, "recover": False}


def read(xml: bytes) -> tuple[Element | None, list[Problem]]:
    """Parse a file; no element if it is no DMN at all."""
    if len(xml) > LARGEST:
        return None, [Problem("", "dmn-too-large", f"the file is larger than {LARGEST} bytes", {"limit": LARGEST})]
    try:
        tree = etree.fromstring(xml, etree.XMLParser(**_PARSER)).getroottree()
    except (etree.XMLSyntaxError, ValueError) as error:
        return None, [Problem("", "dmn-xml", f"the file is not well-formed XML: {error}", {"reason": str(error)})]
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        return None, [Problem("", "dmn-doctype", "the file has a DOCTYPE, which is not allowed")]
    root = tree.getroot()
    namespace = etree.QName(root).namespace or ""
    if etree.QName(root).localname != "definitions" or namespace not in NAMESPACES:
        message = f"the root element {root.tag} is not the definitions of DMN 1.1 to 1.5"
        return None, [Problem("", "dmn-namespace", message, {"tag": str(root.tag)})]
    return root, []


def local(element: Element) -> str:
    """Name an element without its namespace; comments have no name."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def children(element: Element | None, *names: str) -> Iterator[Element]:
    """Yield the children with one of the names, in the namespace of the model."""
    if element is None:
        return
    for child in element:
        if isinstance(child.tag, str) and local(child) in names and etree.QName(child).namespace in NAMESPACES:
            yield child


def child(element: Element | None, *names: str) -> Element | None:
    """Return the first such child."""
    return next(children(element, *names), None)


def text(element: Element | None) -> str:
    """Return the content of an element's ``text`` child."""
    found = child(element, "text")
    return "".join(found.xpath(".//text()")).strip() if found is not None else ""


def type_name(element: Element | None) -> str:
    """Return an element's type: an attribute, in DMN 1.1 also an element of its own."""
    if element is None:
        return ""
    found = child(element, "typeRef")
    name = element.get("typeRef") or (found.text if found is not None else "") or ""
    return name.strip()


def label(element: Element) -> str:
    """Name an element for a person and for a link to it: its id, else its name, else what it is."""
    return element.get("id") or element.get("name") or local(element)


def target(element: Element | None) -> str:
    """Return the last part of a reference, ``#id`` or ``namespace#id``."""
    return (element.get("href") or "") if element is not None else ""
