"""Finding a case by what is written in it. Every Chinese character is a token, a query is a phrase: 邻里 is found."""

import re
import unicodedata
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

IDEOGRAPH = re.compile(r"([\u3400-\u9fff\U00020000-\U0003ffff])")
WORD = re.compile(r"[^\W_]+", re.UNICODE)
NUMBER = re.compile(r"\b[0-9]{5,18}\b")
PART = re.compile(r"[0-9]{4,}")
QUERY_LIMIT = 100
SHORTEST_END = 4


def serial_of(case_id: UUID) -> int:
    """The case's row in the search table."""
    return case_id.int & (2**62 - 1)


def tokens(written: str) -> str:
    """A text as space separated tokens.

    >>> tokens("邻里纠纷A1")
    '邻 里 纠 纷 a1'
    """
    spaced = IDEOGRAPH.sub(r" \1 ", unicodedata.normalize("NFKC", written)).casefold()
    return " ".join(WORD.findall(spaced))


def endings(written: str) -> str:
    """The ends of long numbers, from four digits on, so that with `phrase` any part of a telephone number is found.

    >>> endings("王 1388170, 12345")
    '388170 88170 8170 2345'
    """
    numbers = dict.fromkeys(NUMBER.findall(tokens(written)))
    return " ".join(number[at:] for number in numbers for at in range(1, len(number) - SHORTEST_END + 1))


def index_case(session: Session, case_id: UUID, written: str) -> None:
    """Make a case findable by this text, and by the end of every long number: people know the last four digits."""
    statement = text("INSERT OR REPLACE INTO case_search(rowid, body) VALUES (:serial, :body)")
    session.execute(statement, {"serial": serial_of(case_id), "body": f"{tokens(written)} {endings(written)}"})


def phrase(query: str) -> str | None:
    """The query as full-text phrases, one per blank separated word, digits as the beginning of a number.

    None when there is nothing to look for.

    >>> phrase("邻里 1388")
    '"邻 里" AND "1388"*'
    """
    words = [tokens(word) for word in query[:QUERY_LIMIT].split()]
    return " AND ".join(_quoted(word) for word in words if word) or None


def _quoted(word: str) -> str:
    return f'"{word}"*' if PART.fullmatch(word) else f'"{word}"'
