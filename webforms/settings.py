"""Settings, from the environment (prefix `TIAOJIE_`) or from a mapping with the same names."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from webforms.mail_server import InvalidMailServer, MailServer

PREFIX = "TIAOJIE_"
UPLOAD_LIMIT = 20 * 1024 * 1024
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class InvalidSettings(Exception):
    """The settings do not allow a start."""


@dataclass(frozen=True)
class Settings:
    """How this installation runs."""

    data: Path
    database: str
    host: str
    port: int
    secret_key: str
    demo: bool
    clock_offset: timedelta
    mail: MailServer | None
    site: str  # the address people open, for links in letters

    @classmethod
    def of(cls, given: Mapping[str, Any] | None = None) -> "Settings":
        """Read and check; `given` has the names without the prefix and takes the place of the environment."""
        if given is None:
            given = {name.removeprefix(PREFIX): value for name, value in os.environ.items() if name.startswith(PREFIX)}
        data = Path(given.get("DATA") or ".tiaojie").absolute()
        demo = str(given.get("DEMO") or "").lower() in {"1", "true", "yes"}
        offset = _offset(given.get("CLOCK_OFFSET"))
        if offset and not demo:
            raise InvalidSettings("TIAOJIE_CLOCK_OFFSET moves legal deadlines: it is allowed in the demo only.")
        try:
            mail = MailServer.of(given)
        except InvalidMailServer as error:
            raise InvalidSettings(str(error)) from error
        host, port = str(given.get("HOST") or "127.0.0.1"), _port(given.get("PORT") or 8000)
        return cls(
            data=data,
            database=str(given.get("DATABASE") or f"sqlite:///{data / 'tiaojie.db'}"),
            host=host,
            port=port,
            secret_key=str(given.get("SECRET_KEY") or "") or _demo_key(data, demo),
            demo=demo,
            clock_offset=offset,
            mail=mail,
            site=str(given.get("SITE") or f"http://{host}:{port}").rstrip("/"),
        )

    def audit_key(self) -> bytes:
        """The key that signs the audit trail; made once and kept beside the data. Losing it means losing the proof."""
        path = self.data / "audit.key"
        if not path.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(secrets.token_bytes(32))
        return path.read_bytes()


def _demo_key(data: Path, demo: bool) -> str:
    """The demo makes its own key once, so that a restart signs nobody out."""
    if not demo:
        raise InvalidSettings(
            "TIAOJIE_SECRET_KEY is missing. Set it to a long random text, for example the output of "
            "`python3 -c 'import secrets; print(secrets.token_hex(32))'`, and keep it: cookies are signed with it."
        )
    path = data / "demo-secret"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), "utf-8")
    return path.read_text("utf-8")


def _port(value: Any) -> int:
    text = str(value)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:  # noqa: PLR2004 the range of ports
        raise InvalidSettings(f"TIAOJIE_PORT is not a port number: {text}")
    return int(text)


def _offset(value: Any) -> timedelta:
    """`90d`, `-36h`, `15m`; a timedelta is taken as it is."""
    if isinstance(value, timedelta):
        return value
    if not value:
        return timedelta(0)
    match = re.fullmatch(r"([+-]?\d{1,6})\s*([smhdw]?)", str(value).strip())
    if match is None:
        raise InvalidSettings(f"TIAOJIE_CLOCK_OFFSET is not a period like 90d or -36h: {value}")
    return timedelta(**{UNITS[match[2] or "s"]: int(match[1])})
