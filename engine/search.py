"""Finding a case by what is written in it. Every Chinese character is a token, a query is a phrase: 邻里 is found."""

import re
import unicodedata
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

IDEOGRAPH = re.compile(r"([\u3400-\u9fff\U00020000-\U0003ffff])")
WORD = re.compile(r"[^\W_]+", re.UNICODE)
QUERY_LIMIT = 100


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


def index_case(session: Session, case_id: UUID, written: str) -> None:
    """Make a case findable by this text."""
    statement = text("INSERT OR REPLACE INTO case_search(rowid, body) VALUES (:serial, :body)")
    session.execute(statement, {"serial": serial_of(case_id), "body": tokens(written)})


def phrase(query: str) -> str | None:
    """The query as full-text phrases, one per blank separated word; None when there is nothing to look for."""
    words = [tokens(word) for word in query[:QUERY_LIMIT].split()]
    return " AND ".join(f'"{word}"' for word in words if word) or None
