"""Reading how the rows of a list are drawn: `display`, `rowTitle`, `rowHint`, `rowGroup`, `rowKey` of its properties.

Form editors keep these properties and know nothing of them; the values are keys of columns of the list.
"""

from collections.abc import Mapping, Sequence

from engine.forms.fields import Field, RowStyle
from engine.forms.rules import Notes

COLUMNS = {"rowTitle": "title", "rowHint": "hint", "rowGroup": "group", "rowKey": "key"}
DISPLAYS = ("", "cards", "table", "folded")
NESTED = frozenset({"dynamiclist", "filepicker", "group"})  # what does not fit into a cell


def row_style(notes: Notes, properties: Mapping[str, str], columns: Sequence[Field]) -> RowStyle:
    """How the rows of this list are drawn; what is wrong with it is noted."""
    display = properties.get("display", "")
    known = {column.key for column in columns if column.key}
    if display not in DISPLAYS:
        _wrong(notes, "display", display, "cards, table or folded")
    named = {}
    for name, part in COLUMNS.items():
        wanted = properties.get(name, "")
        if wanted and wanted not in known:
            _wrong(notes, name, wanted, "the key of a column of the list")
        elif wanted:
            named[part] = wanted
    if display == "table" and any(column.kind in NESTED for column in columns):
        _wrong(notes, "display", display, "cards, because a list, a group or files do not fit into a cell")
    return RowStyle(is_table=display == "table", is_folded=display == "folded", **named)


def _wrong(notes: Notes, name: str, value: str, wanted: str) -> None:
    message = f"{name!r} is {value!r}; it must be {wanted}."
    notes.refuse("form-property-invalid", message, property=name, given=value)
