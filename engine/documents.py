"""Papers: a template and the case data in, HTML out. What is not known yet stays a visible blank to fill in by hand."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from jinja2 import ChainableUndefined, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from engine.errors import EngineError, Finding

ZONE = ZoneInfo("Asia/Shanghai")
BLANK = Markup('<span class="blank">　　　　</span>')
MAX_TEMPLATE = 200_000
MAX_PAGE = 2_000_000
MAX_REPEAT = 100_000
HOST_NAMES = frozenset(
    {"case", "office", "paper", "deadlines", "person", "office_name", "register", "cn_date", "cn_money"}
)
DIGITS, PLACES, GROUPS = "零壹贰叁肆伍陆柒捌玖", ("仟", "佰", "拾", ""), ("", "万", "亿", "万亿")
LARGEST = Decimal(10) ** 16
THOUSAND = 1_000
FAILURES = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError)


class DocumentFailed(EngineError):
    """The paper could not be made from its template."""

    code = "document-failed"


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


def cn_date(value: Any) -> str:
    """A date as papers write it.

    >>> cn_date(date(2026, 3, 2))
    '2026年3月2日'
    """
    if isinstance(value, datetime):
        value = value.astimezone(ZONE) if value.tzinfo else value
    return f"{value.year}年{value.month}月{value.day}日" if isinstance(value, date) else BLANK


def cn_money(value: Any) -> str:
    """An amount in capital numerals, rounded to the fen.

    >>> cn_money(Decimal("10050.07")), cn_money(100000000), cn_money("0.5")
    ('壹万零伍拾元零柒分', '壹亿元整', '伍角整')
    """
    try:
        amount = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    except InvalidOperation:
        return BLANK
    if not amount.is_finite() or abs(amount) >= LARGEST:
        return BLANK
    yuan, cents = divmod(int(abs(amount) * 100), 100)
    jiao, fen = divmod(cents, 10)
    text = _capitals(yuan) + "元" if yuan or not cents else ""
    if jiao:
        text += DIGITS[jiao] + "角"
    elif fen and yuan:
        text += "零"
    return ("负" if amount < 0 else "") + text + (DIGITS[fen] + "分" if fen else "整")


def render(template: str, context: Mapping[str, Any]) -> str:
    """The body of a paper. Raises DocumentFailed; a fact that is missing or null becomes a blank."""
    if len(template) > MAX_TEMPLATE:
        raise DocumentFailed(f"the template is longer than {MAX_TEMPLATE} characters")
    size, parts = 0, []
    try:
        for part in _compiled(template).generate(_known(context)):
            size += len(part)
            if size > MAX_PAGE:
                raise DocumentFailed(f"the paper is longer than {MAX_PAGE} characters")
            parts.append(part)
    except FAILURES as error:
        raise DocumentFailed(f"the paper could not be made: {error}", reason=str(error)) from error
    return "".join(parts)


def names(template: str) -> set[str]:
    """The facts a template asks for. Raises DocumentFailed if it cannot be read."""
    try:
        return set(meta.find_undeclared_variables(_environment().parse(template))) - set(_environment().globals)
    except TemplateError as error:
        raise DocumentFailed(str(error)) from error


def problems(template: str, file: str = "", known: Collection[str] | None = None) -> list[Finding]:
    """Everything wrong with a template; with `known` facts also the names that are none of them."""

    def finding(rule: str, message: str, line: int | None = None, **params: Any) -> Finding:
        return Finding(rule, "semantics", file, None, message, "Correct the template.", params, line)

    if len(template) > MAX_TEMPLATE:
        return [finding("document-too-large", f"The template is longer than {MAX_TEMPLATE} characters.")]
    try:
        tree = _environment().parse(template)
        _compiled(template)
    except (TemplateSyntaxError, RecursionError) as error:
        line = error.lineno if isinstance(error, TemplateSyntaxError) else None
        return [finding("document-syntax", f"The template cannot be read: {error}", line)]
    found = [
        finding("document-outside", "A template stands alone: it cannot include another file.", node.lineno)
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
    ]
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


def _capitals(number: int) -> str:
    """A whole number in capital numerals; one 零 stands for any run of them."""
    if not number:
        return "零"
    text = ""
    for place in range(len(GROUPS) - 1, -1, -1):
        group = number // 10_000**place % 10_000
        if text and group < THOUSAND and not text.endswith("零"):
            text += "零"
        if group:
            text += _group(group) + GROUPS[place]
    return text.rstrip("零")


def _group(number: int) -> str:
    text = ""
    for digit, place in zip(f"{number:04d}".lstrip("0").rjust(4, " "), PLACES, strict=True):
        if digit == "0":
            text += "" if text.endswith("零") else "零"
        elif digit != " ":
            text += DIGITS[int(digit)] + place
    return text.rstrip("零")


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


def _known(value: Any) -> Any:
    """The data without its nulls, so that a null fact and a missing one look alike."""
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items() if item is not None}
    return [_known(item) for item in value] if isinstance(value, list | tuple) else value


def _nobody(*_ids: Any) -> Markup:
    return BLANK


@lru_cache(maxsize=1)
def _environment() -> Paper:
    environment = Paper(
        autoescape=True, undefined=Unknown, finalize=_finalize, trim_blocks=True, lstrip_blocks=True, cache_size=0
    )
    helpers: dict[str, Callable[..., Any]] = {"cn_date": cn_date, "cn_money": cn_money}
    environment.globals.update(helpers | dict.fromkeys(("person", "office_name", "register"), _nobody))
    environment.filters.update(helpers)
    for name in ("lipsum", "cycler", "joiner"):
        environment.globals.pop(name, None)
    return environment


@lru_cache(maxsize=256)
def _compiled(template: str) -> Any:
    return _environment().from_string(template)
