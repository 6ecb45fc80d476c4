"""Letters by SMTP. They say how many notices wait and name cases by number and link: nothing about people."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from hashlib import sha256

from babel import Locale
from babel.support import NullTranslations, Translations

import engine
from webforms.i18n import TRANSLATIONS, compile_catalogue
from webforms.mail_server import MailServer

TIMEOUT = 20  # seconds for a mail server to answer
LANGUAGE = "zh_CN"  # letters are written for everybody alike


def mailer(server: MailServer, site: str) -> Callable[[engine.Letter], None]:
    """A function that sends a letter; it raises what the mail server answers. `site` is the address of the pages."""

    def send(letter: engine.Letter) -> None:
        with _connect(server) as connection:
            if server.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(compose(letter, server.sender, site))

    return send


def compose(letter: engine.Letter, sender: str, site: str) -> EmailMessage:
    """The letter as a message. The same letter has the same id, whenever it is sent again."""
    words = _words()
    gettext, ngettext = words.ugettext, words.ungettext
    count = {"num": letter.unread}
    subject = ngettext("%(num)d unread notice", "%(num)d unread notices", letter.unread) % count
    if letter.kind == "urgent":
        subject = gettext("Urgent notice") + " · " + subject
    lines = [subject, f"{site}/notices", ""]
    for number, case in letter.items:
        lines += [number, f"{site}/cases/{case}"]
    lines += ["", gettext("Sign in to read them. You can stop these e-mails in your account.")]
    message = EmailMessage()
    message["Subject"] = f"[{gettext('Administrative mediation')}] {subject}"
    message["From"], message["To"] = sender, letter.address
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{sha256(letter.key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(lines) + "\n")
    return message


def _connect(server: MailServer) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=ssl.create_default_context())
    return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)


@cache
def _words() -> Translations | NullTranslations:
    """The catalogue, read without a page."""
    for source in TRANSLATIONS.glob(f"{LANGUAGE}/LC_MESSAGES/*.po"):
        compile_catalogue(source)
    return Translations.load(str(TRANSLATIONS), [str(Locale.parse(LANGUAGE))])
