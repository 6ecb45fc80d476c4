"""Where letters are handed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PORTS = {"starttls": 587, "tls": 465, "none": 25}


class InvalidMailServer(Exception):
    """The settings of the mail server make no sense."""


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed in. `security`: starttls, tls or none (a relay on the same machine)."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "MailServer | None":
        """From SMTP_HOST, SMTP_PORT, SMTP_FROM, SMTP_SECURITY, SMTP_USER, SMTP_PASSWORD; None without a host."""
        host = str(given.get("SMTP_HOST") or "").strip()
        if not host:
            return None
        security = str(given.get("SMTP_SECURITY") or "starttls").lower()
        if security not in PORTS:
            raise InvalidMailServer(f"TIAOJIE_SMTP_SECURITY is {security}; it can be {', '.join(PORTS)}.")
        port = str(given.get("SMTP_PORT") or PORTS[security])
        sender = str(given.get("SMTP_FROM") or "").strip()
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004 the range of ports
            raise InvalidMailServer(f"TIAOJIE_SMTP_PORT is not a port number: {port}")
        if "@" not in sender or sender != sender.split()[0]:
            raise InvalidMailServer("TIAOJIE_SMTP_FROM must be the mail address that letters come from.")
        return cls(
            host, int(port), sender, security, str(given.get("SMTP_USER") or ""), str(given.get("SMTP_PASSWORD") or "")
        )
