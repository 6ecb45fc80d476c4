"""Language, dates and numbers for people. Chinese first; the catalogue turns English sentences into Chinese."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Blueprint, Flask, has_request_context, redirect, request, session
from flask_babel import Babel, force_locale, get_locale
from werkzeug.wrappers import Response

from webforms.security import allow, local_address
from webforms.words import gettext, ngettext

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
TRANSLATIONS = Path(__file__).parent / "translations"
LANGUAGES = {"zh_CN": "中文", "en": "English"}
WEEKDAYS = "一二三四五六日"
PERIOD = re.compile(r"(\d+)(wd|d|m|h|s)")
blueprint = Blueprint("i18n", __name__)


@blueprint.post("/language/<code>")
@allow("public")
def language(code: str) -> Response:
    """Switch the language of the pages."""
    if code in LANGUAGES:
        session["language"] = code
    return redirect(local_address(request.form.get("next")), 303)


def init_app(app: Flask) -> None:
    """Compile catalogues that are older than their source and install the filters."""
    for source in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        compile_catalogue(source)
    app.config.update(BABEL_DEFAULT_LOCALE="zh_CN", BABEL_DEFAULT_TIMEZONE="Asia/Shanghai")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=language_code)
    app.register_blueprint(blueprint)
    app.jinja_env.filters.update(
        day=day,
        moment=moment,
        ends=ends,
        period=period,
        clock_time=clock_time,
        clock_seconds=clock_seconds,
        money=money,
        size=size,
        translated=translated,
        listed=listed,
        clauses=clauses,
    )
    app.jinja_env.globals.update(languages=LANGUAGES, language=language_code, colon=colon, bracketed=bracketed)


def compile_catalogue(source: Path) -> None:
    """Write the binary catalogue when it is missing or stale; whole or not at all."""
    code = str(Locale.parse(source.parts[-3]))  # Babel looks for zh_Hans_CN when asked for zh_CN
    target = TRANSLATIONS / code / "LC_MESSAGES" / "messages.mo"
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    with source.open("rb") as text:
        catalogue = read_po(text, locale=source.parts[-3])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as scratch:
        write_mo(scratch, catalogue)
    Path(scratch.name).chmod(0o644)
    os.replace(scratch.name, target)  # noqa: PTH105 atomic on every platform


def translated(code: str, message: str = "", params: Mapping[str, Any] | None = None) -> str:
    """A sentence of the engine in the reader's language: `code` is the key, the English message the fallback."""
    known = gettext("code:" + code)
    if known == "code:" + code:
        return message or code
    try:
        return known % dict(params or {})
    except (KeyError, TypeError, ValueError):
        return known


def language_code() -> str:
    """The language of the pages of this visitor."""
    chosen: str = session.get("language", "zh_CN") if has_request_context() else "zh_CN"
    return chosen


def in_chinese() -> bool:
    """Whether the page is written in Chinese."""
    return str(get_locale()).startswith("zh")


def colon() -> str:
    """What stands between a label and what it labels."""
    return "：" if in_chinese() else ": "


def labelled(label: str, text: str) -> str:
    """Scope: the whole district."""
    return f"{label}{colon()}{text}"


def bracketed(text: str) -> str:
    """A remark in brackets, to be put right behind what it is about."""
    return f"（{text}）" if in_chinese() else f" ({text})"


def listed(items: Iterable[object]) -> str:
    """Things of a kind in one line."""
    return ("、" if in_chinese() else ", ").join(map(str, items))


def clauses(items: Iterable[object]) -> str:
    """Things that are longer than a word in one line."""
    return ("；" if in_chinese() else "; ").join(map(str, items))


def sentences(*parts: str) -> str:
    """Sentences without their full stops, one behind the other; empty ones say nothing."""
    return ("。" if in_chinese() else ". ").join(part for part in parts if part)


@contextmanager
def office_language() -> Iterator[None]:
    """What is kept for others to read is written as the offices write, whoever writes it."""
    with force_locale("zh_CN"):
        yield


def local(at: datetime) -> datetime:
    """The moment on the offices' clock."""
    return at.astimezone(OFFICE_ZONE)


def day(value: date | datetime | None, weekday: bool = False) -> str:
    """2026-11-24 or, with the day of the week, 2026-11-24（周二）."""
    if value is None:
        return ""
    shown = local(value).date() if isinstance(value, datetime) else value
    if not weekday:
        return shown.isoformat()
    return f"{shown.isoformat()}（周{WEEKDAYS[shown.weekday()]}）" if in_chinese() else f"{shown:%Y-%m-%d (%a)}"


def moment(value: datetime | None) -> str:
    """2026-11-24 09:30, on the offices' clock."""
    return local(value).strftime("%Y-%m-%d %H:%M") if value else ""


def ends(value: datetime) -> str:
    """The last day of a limit that ends with a day; the moment of one that ends at an hour."""
    return moment(value) if clock_time(value) != "00:00" else day(value - timedelta(microseconds=1))


def clock_time(value: datetime | None) -> str:
    """09:30, on the offices' clock."""
    return local(value).strftime("%H:%M") if value else ""


def clock_seconds(value: datetime) -> str:
    """09:30:05, on the offices' clock: for what renews itself."""
    return local(value).strftime("%H:%M:%S")


def money(value: Any) -> str:
    """12,345.60 without a currency sign; the label says what it is."""
    return f"{Decimal(str(value)):,.2f}" if value not in (None, "") else ""


def size(count: int) -> str:
    """A file size for people."""
    if count < 1024:  # noqa: PLR2004 bytes in a kilobyte
        return f"{count} B"
    return f"{count / 1024:.0f} KB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"


def period(text: str) -> str:
    """`5wd` as "5 working days"; anything else as it is."""
    match = PERIOD.fullmatch(text)
    if match is None:
        kind, _, moment_text = text.partition(":")
        return day(datetime.fromisoformat(moment_text)) if kind in {"date", "at"} and moment_text else text
    count = int(match[1])
    words = {
        "wd": ngettext("%(num)d working day", "%(num)d working days", count),
        "d": ngettext("%(num)d day", "%(num)d days", count),
        "m": ngettext("%(num)d month", "%(num)d months", count),
        "h": ngettext("%(num)d hour", "%(num)d hours", count),
        "s": ngettext("%(num)d second", "%(num)d seconds", count),
    }
    return words[match[2]]
