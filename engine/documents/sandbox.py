"""Where templates are carried out: they can look, count and repeat, and take parts from their own folder."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import ChainableUndefined, DictLoader, Template
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from engine.documents.numerals import BLANK, ZONE, cn_date, cn_money

FOLDER = "documents/"  # what a template may take parts from
Parts = tuple[tuple[str, str], ...]  # name and text of the templates of a folder


class Unknown(ChainableUndefined):
    """A fact nobody has told yet: false, empty, and a blank on paper."""

    __slots__ = ()

    def __str__(self) -> str:
        """A blank, unless it is only the missing `else` of an inline `if`."""
        return "" if self._undefined_name is None and self._undefined_hint else BLANK

    def __html__(self) -> str:
        return str(self)

    def _never(self, _other: Any) -> bool:
        """Neither more nor less than anything."""
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _never  # type: ignore[assignment]  # the library types them as always raising


class Paper(ImmutableSandboxedEnvironment):
    """Templates can look, count and repeat; they cannot change, call or reach anything else."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Numbers may be multiplied; nothing may be blown up."""
        if operator == "**" or not all(isinstance(side, int | float | Decimal) for side in (left, right)):
            raise SecurityError(f"{operator} is only for small numbers")
        return super().call_binop(context, operator, left, right)

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        """An unsafe attribute is an error, never a blank."""
        raise SecurityError(f"access to {attribute!r} of a {type(obj).__name__} is not allowed")


def parts_of(files: Mapping[str, str]) -> Parts:
    """The templates among the files of a process."""
    return tuple(sorted((name, text) for name, text in files.items() if name.startswith(FOLDER)))


def _finalize(value: Any) -> Any:
    """How a value looks on paper when the template says nothing else."""
    if value is None:
        return BLANK
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        moment = value.astimezone(ZONE) if value.tzinfo else value
        return f"{cn_date(value)} {moment:%H:%M}"
    if isinstance(value, date):
        return cn_date(value)
    return "、".join(str(_finalize(item)) for item in value) if isinstance(value, list | tuple) else value


def _nobody(*_ids: Any) -> Markup:
    return BLANK


@lru_cache(maxsize=32)
def environment(parts: Parts = ()) -> Paper:
    """Where the templates of a folder are carried out."""
    made = Paper(
        autoescape=True, undefined=Unknown, finalize=_finalize, trim_blocks=True, lstrip_blocks=True,
        loader=DictLoader(dict(parts)),
    )  # fmt: skip
    helpers: dict[str, Callable[..., Any]] = {"cn_date": cn_date, "cn_money": cn_money}
    made.globals.update(helpers | dict.fromkeys(("person", "office_name", "register"), _nobody))
    made.filters.update(helpers)
    for name in ("lipsum", "cycler", "joiner"):
        made.globals.pop(name, None)
    return made


@lru_cache(maxsize=256)
def compiled(template: str, parts: Parts) -> Template:
    """A template ready to be filled. Raises TemplateSyntaxError, RecursionError."""
    return environment(parts).from_string(template)
