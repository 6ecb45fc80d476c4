"""Reading XML that somebody else wrote: no entities, no network, bounded size."""

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NS = {"bpmn": BPMN, "camunda": CAMUNDA, "bpmndi": BPMNDI, "dc": DC}
LIMIT = 2_000_000  # bytes


class UnsafeXml(ValueError):
    """The XML is too large, declares a document type, or is not well-formed. `line` is where, if known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def parse_xml(text: str | bytes, limit: int = LIMIT) -> etree._Element:
    """The root element of a document from outside the house.

    Raises UnsafeXml. Entity bombs and external entities need a document type, so any document type is refused.
    """
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > limit:
        raise UnsafeXml(f"the file is larger than {limit} bytes")
    encoding = "utf-8" if isinstance(text, str) else None  # what is text already is not read as what it declares
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_pis=True, encoding=encoding
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise UnsafeXml(f"not well-formed XML: {error.msg}", error.lineno) from error
    if root.getroottree().docinfo.doctype:
        raise UnsafeXml("document type declarations are not accepted", 1)
    return root


def tag(name: str, namespace: str = BPMN) -> str:
    """The qualified name lxml uses."""
    return f"{{{namespace}}}{name}"


def local(element: etree._Element) -> str:
    """The element's name without its namespace; an empty string for comments."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
