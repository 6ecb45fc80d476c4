"""The catalogue's functions with types: Flask-Babel has none."""

from typing import Any

import flask_babel


def gettext(text: str, **params: Any) -> str:
    """The words in the language of the page."""
    return str(flask_babel.gettext(text, **params))


def ngettext(one: str, many: str, count: int, **params: Any) -> str:
    """The words for this number of things."""
    return str(flask_babel.ngettext(one, many, count, **params))


def lazy_gettext(text: str) -> Any:
    """Words that are looked up when they are shown."""
    return flask_babel.lazy_gettext(text)
