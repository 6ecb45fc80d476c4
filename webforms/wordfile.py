"""A paper as a Word document: our own papers' HTML in, a .docx on A4 out, set as official documents are.

Read are headings, paragraphs, tables (spans included), lists, bold, underlined blanks and the signature lines of the
papers; what else there may be is taken as text. Fonts are those every Chinese office has: 仿宋, 黑体, 宋体.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from lxml import html as markup

BODY, HEADING, TITLE, TABLE = "仿宋", "黑体", "宋体", "宋体"
LATIN = "Times New Roman"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CENTER, RIGHT, JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.JUSTIFY
SPACES = re.compile(r"[ \t\r\n\f]+")  # what HTML collapses: the wide space of Chinese text stays
BLOCKS = frozenset(["article", "header", "section", "footer", "div", "main", "tbody", "thead", "tfoot"])
MANY = 6  # columns from which a table is set smaller
SIGNS = Mm(52)  # how far the lines to sign are moved in


@dataclass(frozen=True)
class Look:
    """How a paragraph is set."""

    font: str = BODY
    size: float = 16
    bold: bool = False
    align: Any = JUSTIFY
    indent: bool = True  # two characters on the first line
    left: Any = None
    before: float = 0
    after: float = 0
    line: float | None = 28  # points from line to line; None: single


H1 = Look(TITLE, 22, bold=True, align=CENTER, indent=False, after=16, line=36)
LOOKS = {
    "h1": H1,
    "h2": Look(HEADING, 16, before=6, align=None),
    "h3": Look("楷体", 16, bold=True, align=None),
    "li": Look(),
    "caption": Look(HEADING, 14, align=CENTER, indent=False, line=None, before=6),
    "p": Look(),
}
BY_CLASS = {
    "paper-organ": Look(size=18, align=CENTER, indent=False, line=None, after=4),
    "paper-number": Look(align=RIGHT, indent=False, after=14),
    "number": Look(align=RIGHT, indent=False, after=12),
    "right": Look(align=RIGHT, indent=False),
    "center": Look(align=CENTER, indent=False),
    "plain": Look(indent=False),
    "paper-to": Look(indent=False),
    "paper-note": Look(indent=False),
    "table-note": Look(size=12, indent=False, line=None, before=4),
}


def word_file(body: str, *, title: str, at: datetime) -> bytes:
    """The document as the bytes of a .docx. `body` is a paper's HTML, `at` when it was issued."""
    document = Document()
    _page(document)
    _properties(document, title, at)
    root = markup.fragment_fromstring(body, create_parent="div")
    _Writer(document).blocks(root, document, Look())
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


class _Writer:
    def __init__(self, document: Any) -> None:
        self.document = document

    def blocks(self, element: Any, place: Any, look: Look) -> None:
        """Everything in an element, one paragraph or table after the other; loose text is a paragraph."""
        self._loose(element.text, place, look)
        for child in element:
            if isinstance(child.tag, str):
                self._block(child, place, look)
            self._loose(child.tail, place, look)

    def _loose(self, text: str | None, place: Any, look: Look) -> None:
        if text and text.strip():
            self._run(self._paragraph(place, look), SPACES.sub(" ", text).strip(), look)

    def _block(self, element: Any, place: Any, look: Look) -> None:
        if element.tag in BLOCKS:
            signs = "paper-sign" in _classes(element)
            if "annex" in _classes(element):
                self.document.add_page_break()
            self.blocks(
                element, place, replace(look, indent=False, left=SIGNS, before=6, align=None) if signs else look
            )
        elif element.tag == "table":
            self._table(element, place)
        elif element.tag in {"ol", "ul"}:
            for number, item in enumerate(element.iterfind("li"), start=1):
                mark = f"{number}．" if element.tag == "ol" else "·"
                paragraph = self._paragraph(place, LOOKS["li"])
                self._run(paragraph, mark, LOOKS["li"])
                self._inline(item, paragraph, LOOKS["li"])
        else:
            set_as = self._look(element, look)
            self._inline(element, self._paragraph(place, set_as), set_as)

    def _look(self, element: Any, around: Look) -> Look:
        found = LOOKS.get(element.tag, around)
        if element.tag == "p":
            found = around if around.left is not None or around.font == TABLE else found
            found = next((BY_CLASS[name] for name in _classes(element) if name in BY_CLASS), found)
        return found

    def _paragraph(self, place: Any, look: Look) -> Any:
        paragraph = place.add_paragraph()
        shape = paragraph.paragraph_format
        shape.space_before, shape.space_after = Pt(look.before), Pt(look.after)
        shape.alignment = look.align
        if look.line is not None:
            shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(look.line)
        if look.left is not None:
            shape.left_indent = look.left
        if look.indent:
            shape.first_line_indent = Pt(look.size * 2)
            paragraph._p.pPr.ind.set(qn("w:firstLineChars"), "200")  # noqa: SLF001 the library has no name for it
        return paragraph

    def _inline(self, element: Any, paragraph: Any, look: Look, *, pre: bool = False) -> None:
        """The text of an element: bold, breaks, blanks to fill in; what is kept as typed keeps its lines."""
        pre = pre or "pre" in _classes(element)
        self._text(element.text, paragraph, look, pre=pre)
        for child in element:
            if child.tag == "br":
                paragraph.add_run().add_break()
            elif isinstance(child.tag, str):
                blank = "blank" in _classes(child)
                inner = replace(look, bold=True) if child.tag in {"b", "strong"} else look
                if blank:
                    self._run(paragraph, child.text_content() or "　　　　", look).underline = True
                else:
                    self._inline(child, paragraph, inner, pre=pre)
            self._text(child.tail, paragraph, look, pre=pre)

    def _text(self, text: str | None, paragraph: Any, look: Look, *, pre: bool) -> None:
        for number, line in enumerate((text or "").split("\n") if pre else [SPACES.sub(" ", text or "")]):
            if number:
                paragraph.add_run().add_break()
            shown = line if paragraph.runs else line.lstrip(" \n")
            if shown:
                self._run(paragraph, shown, look)

    def _run(self, paragraph: Any, text: str, look: Look) -> Any:
        run = paragraph.add_run(text)
        run.bold = look.bold or None
        run.font.size, run.font.name = Pt(look.size), LATIN
        run._element.rPr.rFonts.set(qn("w:eastAsia"), look.font)  # noqa: SLF001 the library knows Latin fonts only
        return run

    def _table(self, element: Any, place: Any) -> None:
        caption = element.find("caption")
        if caption is not None:
            self._block(caption, place, Look())
        rows = list(element.iter("tr"))
        cells = dict(_grid(rows))
        width = max((column + span for (_, column), (_, span, _) in cells.items()), default=0)
        if not width:
            return
        table = place.add_table(rows=len(rows), cols=width)
        table.style = "Table Grid"
        table.autofit = True
        size = 14 if width < MANY else 10.5
        places = table._cells  # noqa: SLF001 read once: every question for one cell reads them all
        for (row, column), (cell, across, down) in cells.items():
            target = places[row * width + column]
            if across > 1 or down > 1:
                last = (min(row + down, len(rows)) - 1) * width + column + across - 1
                target = target.merge(places[last])
            look = Look(TABLE, size, bold=cell.tag == "th", indent=False, align=_align(cell), line=None)
            target.paragraphs[0]._p.getparent().remove(target.paragraphs[0]._p)  # noqa: SLF001 cells begin with one
            self._cell(cell, target, look)
        for row, drawn in zip(rows, table.rows, strict=True):
            if row.getparent().tag == "thead":
                properties = drawn._tr.get_or_add_trPr()  # noqa: SLF001 headings are repeated on every page
                properties.append(OxmlElement("w:tblHeader"))

    def _cell(self, cell: Any, target: Any, look: Look) -> None:
        if any(child.tag in {"p", "ul", "ol", "div", "table"} for child in cell):
            self.blocks(cell, target, look)
        else:
            self._inline(cell, self._paragraph(target, look), look)
        if not target.paragraphs:
            self._paragraph(target, look)


def _grid(rows: list[Any]) -> Iterator[tuple[tuple[int, int], tuple[Any, int, int]]]:
    """Where every cell of a table stands, with how many columns and rows it takes."""
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        column = 0
        for cell in row.iterchildren("td", "th"):
            while (number, column) in taken:
                column += 1
            across, down = (max(1, int(cell.get(name, "1") or 1)) for name in ("colspan", "rowspan"))
            taken |= {(number + y, column + x) for y in range(down) for x in range(across)}
            yield (number, column), (cell, across, down)
            column += across


def _align(cell: Any) -> Any:
    names = _classes(cell)
    return RIGHT if "amount" in names else CENTER if "center" in names else None


def _classes(element: Any) -> list[str]:
    return str(element.get("class") or "").split()


def _page(document: Any) -> None:
    """A4 with the margins of our printed papers, and page numbers."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.right_margin, section.bottom_margin, section.left_margin = (
        Mm(30),
        Mm(26),
        Mm(28),
        Mm(28),
    )
    foot = section.footer.paragraphs[0]
    foot.alignment = CENTER
    writer = _Writer(document)
    look = Look(TABLE, 14)
    writer._run(foot, "— ", look)  # noqa: SLF001 of this module
    number = OxmlElement("w:fldSimple")
    number.set(qn("w:instr"), "PAGE")
    foot._p.append(number)  # noqa: SLF001 the library has no fields
    writer._run(foot, " —", look)  # noqa: SLF001 of this module
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = LATIN, Pt(16)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)


def _properties(document: Any, title: str, at: datetime) -> None:
    told = document.core_properties
    told.title, told.author, told.last_modified_by, told.comments = title, "", "", ""
    told.language = "zh-CN"
    told.created = told.modified = at.astimezone(UTC).replace(tzinfo=None)
