"""A form in which nothing is required: for somebody who passes a step over and tells what is known."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from engine.forms.fields import Field
from engine.forms.form import Form


def optional(form: Form, without: Collection[str] = ()) -> Form:
    """The same questions, none of them required; uploads, and the facts named in `without`, are not asked."""
    return replace(form, fields=tuple(_relaxed(form.fields, without)), checks=())


def _relaxed(fields: Sequence[Field], without: Collection[str]) -> Iterator[Field]:
    for field in fields:
        if field.kind == "filepicker" or (field.key and field.key in without):
            continue
        rules = replace(field.rules, required=False, min_items=0)
        yield replace(field, rules=rules, children=tuple(_relaxed(field.children, ())))
