"""Papers: a template and the case data in, HTML out. What is not known yet stays a visible blank to fill in by hand.

A template takes what it shares with others from its own folder: `{% from "documents/parts.html" import names with
context %}`.
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateError

from engine.documents.checking import MAX_TEMPLATE, DocumentFailed, names, problems, taken
from engine.documents.numerals import BLANK, cn_date, cn_money
from engine.documents.sandbox import Parts, compiled, parts_of

MAX_PAGE = 2_000_000
FAILURES = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError)

__all__ = [
    "BLANK", "DocumentFailed", "Parts", "cn_date", "cn_money", "names", "parts_of", "problems", "render", "taken",
]  # fmt: skip


def render(template: str, context: Mapping[str, Any], parts: Parts = ()) -> str:
    """The body of a paper. Raises DocumentFailed; a fact that is missing or null becomes a blank."""
    if len(template) > MAX_TEMPLATE:
        raise DocumentFailed(f"the template is longer than {MAX_TEMPLATE} characters")
    size, pieces = 0, []
    try:
        for piece in compiled(template, parts).generate(_known(context)):
            size += len(piece)
            if size > MAX_PAGE:
                raise DocumentFailed(f"the paper is longer than {MAX_PAGE} characters")
            pieces.append(piece)
    except FAILURES as error:
        raise DocumentFailed(f"the paper could not be made: {error}", reason=str(error)) from error
    return "".join(pieces)


def _known(value: Any) -> Any:
    """The data without its nulls, so that a null fact and a missing one look alike."""
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items() if item is not None}
    return [_known(item) for item in value] if isinstance(value, list | tuple) else value
