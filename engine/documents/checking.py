"""What is wrong with a template, and which facts it needs."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes

from engine.documents.sandbox import Parts, compiled, environment
from engine.errors import EngineError, Finding

MAX_TEMPLATE = 200_000
HOST_NAMES = frozenset(
    {"case", "office", "paper", "deadlines", "person", "office_name", "register", "cn_date", "cn_money"}
)
REMEMBERED = 64  # templates: a process has some twenty, and each is asked several things
TAKES = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class DocumentFailed(EngineError):
    """The paper could not be made from its template."""

    code = "document-failed"


@lru_cache(maxsize=REMEMBERED)
def _parsed(template: str) -> nodes.Template:
    """The tree of a template, only to be looked at."""
    return environment().parse(template)


def names(template: str, parts: Parts = ()) -> set[str]:
    """The facts a template asks for, itself and in the parts it takes. Raises DocumentFailed if one cannot be read."""
    asked: set[str] = set()
    try:
        for text in (template, *(dict(parts)[name] for name in _taken(template, parts))):
            asked |= meta.find_undeclared_variables(_parsed(text))
    except (TemplateError, RecursionError) as error:
        raise DocumentFailed(str(error)) from error
    return asked - set(environment().globals)


def problems(template: str, file: str = "", known: Collection[str] | None = None, parts: Parts = ()) -> list[Finding]:
    """Everything wrong with a template; with `known` facts also the names that are none of them."""

    def finding(rule: str, message: str, line: int | None = None, **params: Any) -> Finding:
        return Finding(rule, "semantics", file, None, message, "Correct the template.", params, line)

    if len(template) > MAX_TEMPLATE:
        return [finding("document-too-large", f"The template is longer than {MAX_TEMPLATE} characters.")]
    try:
        tree = _parsed(template)
        compiled(template, parts)
    except (TemplateSyntaxError, RecursionError) as error:
        line = error.lineno if isinstance(error, TemplateSyntaxError) else None
        return [finding("document-syntax", f"The template cannot be read: {error}", line)]
    found = []
    for node in tree.find_all(TAKES):
        if _name(node) not in dict(parts):
            words = "A template takes parts from documents/ of its own process only."
            found.append(finding("document-outside", words, node.lineno))
        elif isinstance(node, nodes.Import | nodes.FromImport) and not node.with_context:
            words = "A part sees the facts of the case only where it is taken “with context”."
            found.append(finding("document-blind-part", words, node.lineno))
    if file and file in _taken(template, parts):
        found.append(finding("document-circular", "The template takes itself, by way of its parts."))
    found += [
        finding("document-unsafe", f"{node.attr!r} is out of reach of a template.", node.lineno, name=node.attr)
        for node in tree.find_all(nodes.Getattr)
        if node.attr.startswith("_")
    ]
    if known is not None:
        for name in sorted(names(template) - set(known) - HOST_NAMES):
            at = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", template)
            line = template.count("\n", 0, at.start()) + 1 if at else None
            found.append(finding("document-unknown-fact", f"There is no fact {name!r}.", line, name=name))
    return found


def taken(template: str, parts: Parts) -> set[str]:
    """The parts a template takes, directly and by way of others; of what cannot be read nothing is known."""
    try:
        return set(_taken(template, parts))
    except (TemplateError, RecursionError):
        return set()


def _taken(template: str, parts: Parts) -> list[str]:
    """The parts, each once, in the order in which they are met."""
    texts, found, waiting = dict(parts), [], [template]
    while waiting:
        for node in _parsed(waiting.pop()).find_all(TAKES):
            name = _name(node)
            if name in texts and name not in found:
                found.append(name)
                waiting.append(texts[name])
    return found


def _name(node: Any) -> str:
    """The name of the part, where it is written out."""
    return str(node.template.value) if isinstance(node.template, nodes.Const) else ""
