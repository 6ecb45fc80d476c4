"""Dates and amounts as Chinese papers write them."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

ZONE = ZoneInfo("Asia/Shanghai")
BLANK = Markup('<span class="blank">　　　　</span>')
DIGITS, PLACES, GROUPS = "零壹贰叁肆伍陆柒捌玖", ("仟", "佰", "拾", ""), ("", "万", "亿", "万亿")
LARGEST = Decimal(10) ** 16
THOUSAND = 1_000


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
