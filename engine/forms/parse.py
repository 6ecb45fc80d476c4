"""Reading form-js JSON (schema version 19): everything wrong with it is reported at once, with a remedy."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import Finding
from engine.feel import Expression, FeelError, compile_expression
from engine.forms.fields import CHOICES, INERT, Field
from engine.forms.options import options_of
from engine.forms.row_styles import row_style
from engine.forms.rules import RuleReader

SCHEMA_VERSION = 19
MAX_TEXT = 500_000
MAX_COMPONENTS = 500
MAX_NESTING = 4
KEY = re.compile(r"[^\W\d_]\w{0,79}")
SUPPORTED = INERT | CHOICES | {"textfield", "textarea", "number", "datetime", "checkbox", "filepicker"}
PARENTS = {"group", "dynamiclist"}
SUBTYPES = {"date", "time", "datetime"}
DYNAMIC_TEXT = re.compile(r"^\s*=|\{\{")

Read = tuple[str, tuple[Field, ...], list[Finding]]


def read(text: str, file: str, functions: Mapping[str, Callable[..., Any]] | None = None) -> Read:
    """The id and the fields of a form, as far as they can be read, and everything that is wrong with it."""
    reader = Reader(text, file, functions)
    document = reader.document()
    if document is None:
        return "", (), reader.findings
    fields = reader.components(document.get("components", []), 1)
    return str(document.get("id") or ""), fields, reader.findings


class Reader:
    """Reads one form and collects what is wrong with it."""

    def __init__(self, text: str, file: str, functions: Mapping[str, Callable[..., Any]] | None) -> None:
        self.text = text
        self.file = file
        self.functions = functions
        self.findings: list[Finding] = []
        self.ids: set[str] = set()
        self.here = ""  # id of the component being read

    def refuse(self, rule: str, message: str, remedy: str = "", level: str = "semantics", **params: Any) -> None:
        """Note something wrong with the component being read."""
        at = self.text.find(json.dumps(self.here, ensure_ascii=False)) if self.here else -1
        line = self.text.count("\n", 0, at) + 1 if at >= 0 else None
        self.findings.append(Finding(rule, level, self.file, self.here or None, message, remedy, params, line))

    def document(self) -> dict[str, Any] | None:
        """The JSON object of the form, or None if there is none worth reading."""
        try:
            document = json.loads(self.text[:MAX_TEXT])
        except (ValueError, RecursionError) as error:
            self.refuse("form-json", f"The form is not readable JSON: {error}", "Save it again from the form editor.")
            return None
        if not isinstance(document, dict) or not isinstance(document.get("components", []), list):
            self.refuse("form-json", "A form is a JSON object with a list of components.")
            return None
        version = document.get("schemaVersion")
        if version != SCHEMA_VERSION:
            self.refuse(
                "form-schema-version",
                f"The form has schema version {version}; this host reads version {SCHEMA_VERSION}.",
                "Open it in a current form editor and save it.",
                given=version,
            )
        return document

    def components(self, found: Any, depth: int) -> tuple[Field, ...]:
        """The fields of one level; groups count as the level around them where keys must be unique."""
        if depth > MAX_NESTING:
            self.refuse("form-too-deep", f"Components are nested deeper than {MAX_NESTING} levels.")
            return ()
        fields = tuple(field for each in found if (field := self.component(each, depth)) is not None)
        if depth == 1:
            self._unique(fields)
        return fields

    def _unique(self, fields: tuple[Field, ...]) -> None:
        keys = list(_keys(fields, self._unique))
        for key, count in Counter(key for key, _ in keys).items():
            if count > 1:
                self.here = next(reversed([field.id for other, field in keys if other == key]))
                self.refuse("form-key-duplicate", f"{count} components have the key {key!r}.", key=key)

    def component(self, raw: Any, depth: int) -> Field | None:
        """One component; None if it cannot be used at all."""
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            self.here = ""
            self.refuse("form-json", "A component is a JSON object with a type.")
            return None
        kind = raw["type"]
        self.here = self._id(raw)
        if len(self.ids) > MAX_COMPONENTS:
            if len(self.ids) == MAX_COMPONENTS + 1:
                self.refuse("form-too-large", f"The form has more than {MAX_COMPONENTS} components.")
            return None
        if kind not in SUPPORTED | PARENTS:
            self.refuse(
                "form-component-unsupported",
                f"Components of the type {kind!r} are not supported.",
                "Use " + ", ".join(sorted(SUPPORTED | PARENTS)) + ".",
                type=kind,
            )
            return None
        return self._field(raw, kind, depth)

    def _id(self, raw: dict[str, Any]) -> str:
        given = str(raw.get("id") or raw.get("key") or raw.get("path") or raw["type"])
        name, again = re.sub(r"\W", "_", given), 1
        while name in self.ids:
            again += 1
            name = f"{given}_{again}"
        self.ids.add(name)
        return name

    def _field(self, raw: dict[str, Any], kind: str, depth: int) -> Field:
        name = self.here
        properties = {str(key): str(value) for key, value in _mapping(raw.get("properties")).items()}
        appearance = _mapping(raw.get("appearance"))
        if kind == "datetime":
            kind = str(raw.get("subtype", "date"))
            if kind not in SUBTYPES:
                self.refuse("form-component-unsupported", f"There is no subtype {kind!r} of datetime.", type=kind)
                kind = "date"
        options, values_key = options_of(self, raw) if kind in CHOICES else ((), "")
        field = Field(
            kind=kind,
            id=name,
            key=self._key(raw, kind),
            label=self._label(raw, kind),
            description=self._words(raw, "description"),
            text=self._words(raw, "text"),
            prefix=str(appearance.get("prefixAdorner") or ""),
            suffix=str(appearance.get("suffixAdorner") or ""),
            readonly=self._flag(raw, "readonly") or self._flag(raw, "disabled") or _is_true(properties.get("readonly")),
            sensitive=_is_true(properties.get("sensitive")),
            fixed_rows=kind == "dynamiclist" and raw.get("allowAddRemove") is False,
            first_rows=_whole(raw.get("defaultRepetitions"), 1),
            default=raw.get("defaultValue"),
            options=options,
            values_key=values_key,
            hide=self._hide(raw),
            rules=RuleReader(self, raw, kind, properties).rules(),
            properties=properties,
        )
        if kind not in PARENTS:
            return field
        inner = raw.get("components") or []
        children = self.components(inner if isinstance(inner, list) else [], depth + 1)
        self.here = name
        style = row_style(self, properties, children) if kind == "dynamiclist" else field.row_style
        return Field(**{**vars(field), "children": children, "row_style": style})

    def _key(self, raw: dict[str, Any], kind: str) -> str:
        if kind == "group" and (raw.get("path") or raw.get("key")):
            self.refuse(
                "form-group-path",
                "A group with a path would put its answers inside one another.",
                "Leave the path of the group empty; every fact has its own key.",
            )
        if kind in INERT or kind == "group":
            return ""
        key = str(raw.get("path" if kind == "dynamiclist" else "key") or raw.get("key") or "")
        if not key:
            self.refuse("form-key-missing", "This component has no key.", "Give it the key of its fact.")
        elif not KEY.fullmatch(key):
            self.refuse(
                "form-key-invalid",
                f"{key!r} cannot be a key.",
                "A key is one word of letters, digits and underscores that starts with a letter.",
                key=key,
            )
        return key

    def _label(self, raw: dict[str, Any], kind: str) -> str:
        name = {"date": "dateLabel", "datetime": "dateLabel", "time": "timeLabel"}.get(kind, "label")
        label = self._words(raw, name) or self._words(raw, "label")
        if not label and kind not in INERT:
            message = "Nobody can tell what this component asks: it has no label."
            self.refuse("form-label-missing", message, "Give it a label.", level="house")
        return label

    def _words(self, raw: dict[str, Any], name: str) -> str:
        text = str(raw.get(name) or "")
        if DYNAMIC_TEXT.search(text):
            message = f"FEEL and templates in {name!r} are not supported."
            self.refuse("form-template-unsupported", message, "Write plain text.", property=name)
        return text

    def _flag(self, raw: dict[str, Any], name: str) -> bool:
        value = raw.get(name, False)
        if not isinstance(value, bool):
            message = f"{name!r} must be true or false; FEEL is not supported there."
            self.refuse("form-property-invalid", message, "Use the condition `hide` instead.", property=name)
        return value is True

    def _hide(self, raw: dict[str, Any]) -> Expression | None:
        hide = _mapping(raw.get("conditional")).get("hide")
        if hide is None or hide == "":
            return None
        return self.feel(hide, "conditional.hide")

    def feel(self, written: Any, place: str) -> Expression | None:
        """Compile a FEEL expression, whose leading `=` may be missing."""
        if not isinstance(written, str):
            self.refuse("form-condition-syntax", f"{place} must be FEEL text.", property=place)
            return None
        try:
            return compile_expression(written.removeprefix("=").strip(), functions=self.functions)
        except FeelError as error:
            self.refuse(
                "form-condition-syntax",
                f"{place} is not valid FEEL: {error}",
                "Correct the expression.",
                property=place,
                expression=written,
                column=error.column,
                code=error.code,
            )
            return None


def _keys(fields: tuple[Field, ...], lists: Callable[[tuple[Field, ...]], None]) -> Any:
    """The keys of one level, groups included; `lists` is called with the columns of every list."""
    for field in fields:
        if field.kind == "group":
            yield from _keys(field.children, lists)
        elif field.key:
            yield field.key, field
        if field.kind == "dynamiclist":
            lists(field.children)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_true(value: Any) -> bool:
    return str(value).strip().lower() in {"true", "1", "yes"}


def _whole(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 20 else otherwise  # noqa: PLR2004 rows that fit a page
