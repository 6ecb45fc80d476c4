"""Formats of answers: telephone, mail, identity numbers, and the patterns analysts write (matched in linear time)."""

import re
from datetime import date

from engine.feel import FeelError, compile_expression

MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
LANDLINE = re.compile(r"(0(?:10|2\d|[3-9]\d{2}))(\d{7,8})(?:[xX#,转](\d{1,6}))?", re.ASCII)
SERVICE = re.compile(r"[48]00\d{7}", re.ASCII)
PHONE_LENGTH = 40  # as written, with everything between the digits
FOREIGN = re.compile(r"\+(?!86)\d{7,15}", re.ASCII)
EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
EMAIL_LENGTH = 254
ID_NUMBER = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK = "10X98765432"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_CODE = re.compile(rf"[{CREDIT_ALPHABET}]{{18}}")
PATTERN_LENGTH = 1_000
UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
MATCHES = compile_expression("matches(value, pattern)")


def phone(text: str) -> str | None:
    """A Chinese mobile, landline (with area code) or service number, or one from abroad; None if it is neither.

    >>> phone("138 0013 8000"), phone("0086-0718-4567890"), phone("+86 10 12345678-12"), phone("4567890")
    ('13800138000', '0718-4567890', '010-12345678-12', None)
    """
    if len(text) > PHONE_LENGTH:
        return None
    text = re.sub(r"[-—–]+(\d{1,6})$", r"x\1", text) if re.search(r"\d{7,8}[-—–]+\d{1,6}$", text) else text
    digits = re.sub(r"[\s()（）\-—–]", "", text)
    from_abroad = re.fullmatch(r"(?:\+86|0086)(.*)", digits)
    if from_abroad:
        digits = from_abroad[1] if from_abroad[1].startswith("0") else _national(from_abroad[1])
    if MOBILE.fullmatch(digits) or SERVICE.fullmatch(digits) or FOREIGN.fullmatch(digits):
        return digits
    landline = LANDLINE.fullmatch(digits)
    return "-".join(part for part in landline.groups() if part) if landline else None


def _national(digits: str) -> str:
    """Behind the country code an area code has lost its zero."""
    return digits if MOBILE.fullmatch(digits) or SERVICE.fullmatch(digits) else "0" + digits


def email(text: str) -> str | None:
    """A mail address; None if it is none."""
    return text if len(text) <= EMAIL_LENGTH and EMAIL.fullmatch(text) else None


def id_number(text: str) -> str | None:
    """The 18 digits of a resident identity number (GB 11643) with a valid birthday and check digit, else None.

    >>> id_number("11010519491231002x"), id_number("110105194912310021")
    ('11010519491231002X', None)
    """
    number = re.sub(r"\s", "", text).upper()
    if not ID_NUMBER.fullmatch(number):
        return None
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], ID_WEIGHTS, strict=True))
    return number if ID_CHECK[total % 11] == number[17] else None


def credit_code(text: str) -> str | None:
    """The unified social credit code of an organisation (GB 32100) with a valid check character, else None.

    >>> credit_code("91350100M000100Y43")
    '91350100M000100Y43'
    """
    code = re.sub(r"\s", "", text).upper()
    if not CREDIT_CODE.fullmatch(code):
        return None
    total = sum(CREDIT_ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return code if CREDIT_ALPHABET[-total % 31] == code[17] else None


def pattern_of(written: str) -> str | None:
    r"""The pattern as the matcher wants it (`\u4e00` spelled out); None if it is no pattern it can match."""
    pattern = UNICODE_ESCAPE.sub(lambda found: chr(int(found[1], 16)), written)
    if len(pattern) > PATTERN_LENGTH:
        return None
    return pattern if MATCHES({"value": "", "pattern": pattern}) is not None else None


def fits(text: str, pattern: str) -> bool:
    """Whether the pattern is found in the text; what takes too long to find out does not fit."""
    try:
        return MATCHES({"value": text, "pattern": pattern}) is True
    except FeelError:
        return False


FORMATS = {"email": email, "phone": phone, "id_number": id_number, "credit_code": credit_code}
