"""Taking out of a text what says who it is about: given names and places, telephone and identity numbers, accounts.

Only a first pass: whoever publishes still has to read the text. Masking a masked text changes nothing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

LETTERS = "甲乙丙丁戊己庚辛壬癸"
PLACE = "某地"
# What has a form of its own, the longest first: the first alternative that fits at a place is taken.
FORMS = (
    ("某证件号码", r"(?<![0-9０-９])\d{6}[-\s]?\d{8}[-\s]?\d{3}[\dXxＸｘ](?![0-9０-９])"),
    ("某代码", r"(?<![0-9A-Za-z])[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Za-z])"),
    ("某证件号码", r"(?<![0-9０-９])\d{15}(?![0-9０-９])"),
    ("某账号", r"(?<![0-9０-９])\d{4}(?:[-\s]?\d{4}){2,3}[-\s]?\d{1,7}(?![0-9０-９])"),
    ("某电话", r"(?<![0-9０-９])(?:\+?86[-\s]?)?[1１][3-9３-９]\d[-\s]?\d{4}[-\s]?\d{4}(?![0-9０-９])"),
    ("某电话", r"(?<![0-9０-９])0\d{2,3}[-\s]\d{7,8}(?![0-9０-９])"),
    ("某邮箱", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    ("某车牌", r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s]?[A-Z0-9]{5,6}(?![A-Z0-9])"),
    (
        PLACE,
        r"[\u4e00-\u9fff]{2}(?:街|路|巷|大道|村|社区|小区|院)[0-9０-９一二三四五六七八九十百]+(?:号|组|社|栋|幢|单元|楼|室|[-－])+[0-9０-９一二三四五六七八九十号组社栋幢单元楼室]*",
    ),
)


def masked_text(text: Any, names: Any, label: Any = "某人", places: Any = ()) -> str | None:
    """The text with each of the names as the label and a letter in the order of the list, each of the places as 某地.

    Blanks between the characters of a name do not hide it. Also taken out are telephone, identity, credit-code and
    account numbers, mail addresses, number plates, and what looks like a street with a number. Null for no text.
    """
    if not isinstance(text, str):
        return None
    known = list(dict.fromkeys(_texts(names)))
    told = {name: f"{label}{_letter(position)}" for position, name in enumerate(known)}
    given = {**dict.fromkeys(_texts(places), PLACE), **told}
    ordered = sorted(given, key=len, reverse=True)
    parts = [(given[each], r"\s*".join(map(re.escape, "".join(each.split())))) for each in ordered]
    parts += FORMS
    pattern = re.compile("|".join(f"({form})" for _, form in parts))
    return pattern.sub(lambda match: parts[(match.lastindex or 1) - 1][0], text)


def _texts(value: Any) -> Iterator[str]:
    """The texts of at least two characters in a list, or the one that is given; what a label would hide in is none."""
    values: Sequence[Any] = value if isinstance(value, (list, tuple)) else [value]
    for each in values:
        if isinstance(each, str) and len("".join(each.split())) > 1:
            yield each.strip()


def _letter(position: int) -> str:
    """甲 to 癸, then 甲2 and so on: a letter stands for one name only."""
    turn, rest = divmod(position, len(LETTERS))
    return LETTERS[rest] + (str(turn + 1) if turn else "")
