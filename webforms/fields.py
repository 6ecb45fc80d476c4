"""A form as the template draws it: every block with its words, its typed value, its error and its attributes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext

import engine
from webforms.blocks import NO_HTML, Block, Choice, Complaint, FormView, Row, Upload, each_block
from webforms.inputs import attributes
from webforms.plaintext import marked_up
from webforms.problem_words import Told, in_words
from webforms.readings import files_in, in_text
from webforms.rows import refresh_address, rows_changed

__all__ = ["rows_changed", "view"]

Options = Callable[[str], Sequence[engine.Option]]
Files = Callable[[str], Mapping[str, Any] | None]
COLUMNS_SHOWN = 40


def view(
    form: engine.Form,
    raw: Mapping[str, Any],
    problems: Mapping[str, Told],
    options: Options,
    facts: Mapping[str, Any] | None = None,
    messages: Callable[[Told], str] = in_words,
    *,
    files: Files | None = None,
    now: datetime | None = None,
    refresh: str | None = None,
) -> FormView:
    """The form as it is to be drawn: `raw` is what was typed (nothing: {}), `facts` are known already.

    `files` leads from the id of an upload to its name and size; those mentioned in the facts are known anyway.
    """
    facts = facts or {}
    raw = engine.shown(form, raw, facts)
    known = files_in(facts)
    find = files or (lambda _file: None)

    def find_file(file: str) -> Mapping[str, Any] | None:
        return known.get(file) or find(file)

    seen = engine.visible(form, raw, facts=facts, options=options, files=find_file, now=now)
    page = _Page(form, {path: messages(told) for path, told in problems.items()}, seen, options, find_file, facts)
    blocks = page.blocks(form.fields, raw, facts, "")
    return FormView(blocks, tuple(_complaints(blocks, problems, page.messages)), refresh or refresh_address())


def _complaints(
    blocks: Sequence[Block], problems: Mapping[str, Told], messages: Mapping[str, str]
) -> Iterator[Complaint]:
    """Everything wrong, in the order of the page; what has no place on it comes first."""
    places = {block.name: block for block in each_block(blocks) if not block.hidden}
    titles = {row.path: row.title for block in each_block(blocks) for row in block.rows}
    told: set[str] = set()
    for path in [*(path for path in problems if path not in places), *(name for name in places if name in problems)]:
        texts = problems[path].params.get("texts")
        if texts is None:
            row = path.rpartition(".")[0] if path in places else ""
            yield Complaint(places[path].anchor if path in places else "", titles.get(row, ""), messages[path])
            continue
        for text in texts:  # a rule over several fields is told once, and leads to the first of them
            if text not in told:
                yield Complaint(places[path].anchor if path in places else "", "", text)
        told.update(texts)


def html_id(path: str, start: str = "f") -> str:
    """An id for a path: `people[0].name` is `f-people-0-name`."""
    return start + "-" + re.sub(r"[\[\].]+", "-", path).strip("-")


class _Page:
    """Draws the blocks of one form."""

    def __init__(
        self,
        form: engine.Form,
        messages: Mapping[str, str],
        seen: set[str],
        options: Options,
        files: Files,
        facts: Mapping[str, Any],
    ) -> None:
        self.messages = messages
        self.seen = seen
        self.options = options
        self.files = files
        self.facts = facts
        self.lists = {each.key for each in form.questions if each.kind == "dynamiclist"}
        self.keys = {each.key for each in form.questions}

    def blocks(
        self,
        fields: Sequence[engine.Field],
        raw: Mapping[str, Any],
        facts: Mapping[str, Any],
        prefix: str,
        siblings: set[str] | None = None,
    ) -> tuple[Block, ...]:
        """The blocks of one level; `siblings` are the columns of the list around them."""
        return tuple(self.block(each, raw, facts, prefix, siblings or set()) for each in fields)

    def block(
        self,
        each: engine.Field,
        raw: Mapping[str, Any],
        facts: Mapping[str, Any],
        prefix: str,
        siblings: set[str],
    ) -> Block:
        """One block with everything inside it."""
        name = prefix + (each.key or each.id)
        given = raw.get(each.key)
        common: dict[str, Any] = {
            "kind": each.kind,
            "id": html_id(name),
            "name": name,
            "anchor": html_id(name),
            "label": each.label,
            "hint": each.description,
            "error": self.messages.get(name, ""),
            "required": each.rules.required or (each.kind == "dynamiclist" and each.rules.min_items > 0),
            "readonly": each.readonly,
            "hidden": name not in self.seen,
            "conditional": each.hide is not None,
            "trigger": self._trigger(each, prefix, siblings),
            "prefix": each.prefix,
            "suffix": each.suffix,
            "html": marked_up(each.text) if each.text else NO_HTML,
        }
        if each.kind == "group":
            common["children"] = self.blocks(each.children, raw, facts, prefix, siblings)
            common["folded"] = each.properties.get("folded") == "true"
        elif each.readonly and each.kind != "dynamiclist":
            common["display"] = in_text(each, facts.get(each.key), self.options)
            common["uploads"] = self._uploads(raw.get(each.key)) if each.kind == "filepicker" else ()
        elif each.kind == "dynamiclist":
            common |= self._list(each, given if isinstance(given, list) else [], facts.get(each.key), name)
        else:
            common |= self._input(each, given, name)
        return Block(**common)

    def _trigger(self, each: engine.Field, prefix: str, siblings: set[str]) -> str:
        """The changes on the page that may show or hide the block."""
        names = sorted(each.hide.free_names) if each.hide is not None else []
        found = []
        for name in names:
            if name in siblings:
                found.append(f"change from:closest form target:[name='{prefix}{name}']")
            elif name in self.lists:
                found += [f"change from:closest form target:[name^='{name}[']", "rows from:body"]
            elif name in self.keys:
                found.append(f"change from:closest form target:[name='{name}']")
        return ", ".join(found)

    def _list(self, each: engine.Field, rows: list[Any], facts: Any, name: str) -> dict[str, Any]:
        before = facts if isinstance(facts, list | tuple) else []
        columns = {column.key for column in _columns(each.children)}
        style, drawn, heading = each.row_style, list[Row](), ""
        cells = [column for column in each.children if not _is_apart(column, style)]
        for index, row in enumerate(rows):
            path, was = f"{name}[{index}]", str(row.get("_was", ""))
            old = before[int(was)] if was.isdigit() and int(was) < len(before) else {}
            told = {**(old if isinstance(old, Mapping) else {})}
            inner = self.blocks(cells, row, told, path + ".", columns)
            title, hint, group = (self._told(each, key, row, told) for key in (style.title, style.hint, style.group))
            title = title or gettext("%(label)s %(number)s", label=each.label, number=index + 1)
            begins, heading = group if group != heading else "", group
            drawn.append(Row(html_id(path, "r"), path, title, was, inner, hint, begins))
        changeable = not each.fixed_rows and not each.readonly
        return {
            "rows": tuple(drawn),
            "can_add": changeable and len(rows) < each.rules.max_items,
            "can_remove": changeable and len(rows) > each.rules.min_items,
            "has_files": any(column.kind == "filepicker" for column in _columns(each.children)),
            "is_table": style.is_table,
            "is_folded": style.is_folded,
            "row_label": next((column.label for column in each.children if column.key == style.title), each.label),
        }

    def _told(self, each: engine.Field, key: str, row: Mapping[str, Any], fact: Mapping[str, Any]) -> str:
        """What a column says about its row, in words."""
        column = next((column for column in each.children if key and column.key == key), None)
        if column is None:
            return ""
        return in_text(column, fact.get(key) if column.readonly else row.get(key), self.options)

    def _input(self, each: engine.Field, given: Any, name: str) -> dict[str, Any]:
        if each.kind in {"radio", "select", "checklist"}:
            known = self.options(each.values_key) if each.values_key else each.options
            choices = _choices(known, given, name)
            anchor = choices[0].id if choices and each.kind != "select" else html_id(name)
            note = known.note if isinstance(known, engine.Offered) else ""
            return {"choices": choices, "anchor": anchor, "hint": " ".join(filter(None, [each.description, note]))}
        if each.kind == "filepicker":
            return {
                "uploads": self._uploads(given),
                "multiple": each.rules.max_items > 1,
                "input": {"accept": ",".join(f".{extension}" for extension in each.rules.accept)},
            }
        value = str(given or "")
        lines = value.count("\n") + len(value) // COLUMNS_SHOWN + 2
        return {"value": value, "input": attributes(each, value), "text_rows": min(max(4, lines), 16)}

    def _uploads(self, given: Any) -> tuple[Upload, ...]:
        found = ((one, self.files(one)) for one in given if isinstance(one, str)) if isinstance(given, list) else ()
        return tuple(Upload(one, str(row.get("name", "")), int(row.get("size", 0))) for one, row in found if row)


def _choices(known: Sequence[engine.Option], given: Any, name: str) -> tuple[Choice, ...]:
    chosen = set(given) if isinstance(given, list) else {given}
    return tuple(
        Choice(f"{html_id(name)}-{place}", str(option.value), option.label, str(option.value) in chosen)
        for place, option in enumerate(known, start=1)
    )


def _columns(fields: Sequence[engine.Field]) -> Iterator[engine.Field]:
    for each in fields:
        yield from _columns(each.children) if each.kind == "group" else (each,)


def _is_apart(column: engine.Field, style: Any) -> bool:
    """Whether a column names, explains or groups its rows, and so is no cell; on a card only what cannot be changed."""
    return column.key in {style.title, style.hint, style.group, style.key} - {""} and (
        style.is_table or column.readonly
    )
