"""The attributes of inputs: the right keyboard and picker for what is asked."""

from datetime import date, datetime, time

import engine

ISO = {"date": date.fromisoformat, "time": time.fromisoformat, "datetime": datetime.fromisoformat}
LENGTHS = {"date": {10}, "time": {5, 8}, "datetime": {16, 19}}  # of what a browser's own picker can show
HTML_TYPES = {"date": "date", "time": "time", "datetime": "datetime-local"}


def attributes(each: engine.Field, value: str) -> dict[str, str]:
    """The attributes that bring up the right keyboard, and nothing that cuts off what somebody types."""
    if each.kind in HTML_TYPES:
        return {"type": HTML_TYPES[each.kind] if _fits_picker(each.kind, value) else "text", "class": f"w-{each.kind}"}
    if each.kind == "number":
        return {"type": "text", "inputmode": "numeric" if each.rules.digits == 0 else "decimal", "class": "w-number"}
    if each.kind == "textfield":
        return dict(_BY_FORMAT.get(each.rules.format, {"type": "text"}))
    return {}


def _fits_picker(kind: str, value: str) -> bool:
    """A picker shows nothing where it cannot read the text; then the text itself is to be seen."""
    try:
        return not value or (len(value) in LENGTHS[kind] and ISO[kind](value) is not None)
    except ValueError:
        return False


_BY_FORMAT: dict[str, dict[str, str]] = {
    "phone": {"type": "tel", "inputmode": "tel", "class": "w-phone"},
    "email": {"type": "email", "inputmode": "email"},
    "id_number": {"type": "text", "inputmode": "text", "spellcheck": "false", "class": "w-code"},
    "credit_code": {"type": "text", "inputmode": "text", "spellcheck": "false", "class": "w-code"},
}
