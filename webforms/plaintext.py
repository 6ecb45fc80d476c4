"""The little markup that the static texts of a form may use: headings, lists, bold, links. Everything else is text."""

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

HEADING = re.compile(r"(#{1,6})\s+(.*)")
ITEM = re.compile(r"(?:[-*]|(\d{1,3})[.、])\s*(.*)")
BOLD = re.compile(r"\*\*(.+?)\*\*")
LINK = re.compile(r"\[([^\]\[]{1,200})\]\(((?:https?://|/(?!/))[^\s()]{1,500})\)")
DEEP = 3


def marked_up(text: str) -> Markup:
    """The text as HTML; nothing in it can be markup of its own."""
    blocks = (block.strip("\n") for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
    return Markup("\n").join(part for block in blocks if block.strip() for part in _block(block.split("\n")))


def _block(lines: list[str]) -> Iterator[Markup]:
    """Headings, lists and paragraphs, as the lines follow each other."""
    waiting: list[tuple[str, Markup]] = []
    for line in lines:
        heading, item = HEADING.fullmatch(line.strip()), ITEM.fullmatch(line.strip())
        kind = "h" if heading else ("ol" if item[1] else "ul") if item else "p"
        if waiting and (kind == "h" or waiting[0][0] != kind):
            yield _together(waiting)
            waiting = []
        if heading:
            frame = Markup("<h3>{}</h3>") if len(heading[1]) >= DEEP else Markup("<h2>{}</h2>")
            yield frame.format(_words(heading[2]))
        else:
            waiting.append((kind, _words(item[2] if item else line)))
    if waiting:
        yield _together(waiting)


def _together(lines: list[tuple[str, Markup]]) -> Markup:
    kind = lines[0][0]
    if kind == "p":
        return Markup("<p>{}</p>").format(Markup("<br>").join(words for _, words in lines))
    items = Markup("").join(Markup("<li>{}</li>").format(words) for _, words in lines)
    return (Markup("<ol>{}</ol>") if kind == "ol" else Markup("<ul>{}</ul>")).format(items)


def _words(text: str) -> Markup:
    words = str(escape(text.strip()))
    words = BOLD.sub(r"<strong>\1</strong>", words)
    return Markup(LINK.sub(r'<a href="\2" rel="noopener">\1</a>', words))  # noqa: S704 escaped above
