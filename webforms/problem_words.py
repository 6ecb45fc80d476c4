"""What is wrong with an answer, in words for the person who gave it."""

from typing import Any, Protocol

from flask_babel import lazy_gettext as _l

REQUIRED = {
    "radio": _l("Choose: %(label)s"),
    "select": _l("Choose: %(label)s"),
    "checklist": _l("Choose at least one: %(label)s"),
    "filepicker": _l("Upload: %(label)s"),
    "checkbox": _l("Tick the box: %(label)s"),
}
WORDS = {
    "required": _l("Enter %(label)s"),
    "wrong-type": _l("%(label)s cannot be read; enter it again"),
    "bad-characters": _l("%(label)s contains characters that cannot be stored; type it instead of pasting it"),
    "too-long": _l("%(label)s may have %(limit)s characters at most; it has %(count)s"),
    "too-short": _l("%(label)s needs at least %(limit)s characters; it has %(count)s"),
    "too-small": _l("%(label)s must be %(limit)s or more"),
    "too-big": _l("%(label)s must be %(limit)s or less"),
    "too-early": _l("%(label)s must not be before %(limit)s"),
    "too-late": _l("%(label)s must not be after %(limit)s"),
    "in-the-past": _l("%(label)s must not be before today"),
    "too-many-digits": _l("%(label)s may have %(limit)s decimal places at most"),
    "not-whole": _l("%(label)s must be a whole number"),
    "not-a-multiple": _l("%(label)s must be a multiple of %(limit)s"),
    "not-a-number": _l("%(label)s must be a number, for example 1200 or 85.50"),
    "not-a-date": _l("%(label)s must be a date, for example 2026-03-02"),
    "not-a-time": _l("%(label)s must be a time of day, for example 09:30"),
    "not-a-datetime": _l("%(label)s must be a date with a time, for example 2026-03-02 09:30"),
    "not-an-option": _l("%(label)s: choose one of the options; the earlier choice no longer exists"),
    "bad-phone": _l(
        "%(label)s must be a mobile number of 11 digits or a landline number with its area code, "
        "for example 0718-4567890"
    ),
    "bad-email": _l("%(label)s must be an e-mail address, for example name@example.com"),
    "bad-id-number": _l("%(label)s is not a valid identity number of 18 digits; compare it with the card"),
    "bad-credit-code": _l("%(label)s is not a valid credit code of 18 characters; compare it with the licence"),
    "pattern": _l("%(label)s does not have the expected form"),
    "too-few-rows": _l("%(label)s: at least %(limit)s needed"),
    "too-many-rows": _l("%(label)s: at most %(limit)s possible"),
    "too-few-files": _l("%(label)s: files needed: at least %(limit)s"),
    "too-many-files": _l("%(label)s: files possible: at most %(limit)s"),
    "unknown-file": _l("%(label)s: the uploaded file is no longer there; upload it again"),
    "bad-file": _l("%(label)s: “%(name)s” cannot be accepted here; possible are %(accept)s"),
    "file-empty": _l("The file is empty"),
    "file-too-large": _l("The file is too large; at most 20 MB are possible"),
    "file-type-not-allowed": _l("Files of this type are not accepted; use PDF, a picture or an office document"),
    "file-disguised": _l("The content of the file is not what its name says; save it again in the right format"),
    "file-unsafe": _l("The file contains something that could do harm and was not accepted"),
    "storage-full": _l("The file could not be stored; please tell your administrator that the disk is full"),
}


class Told(Protocol):
    """A Problem or an EngineError."""

    @property
    def code(self) -> str:
        """The stable id of what is wrong."""

    @property
    def params(self) -> Any:
        """What the words need."""


def in_words(problem: Told) -> str:
    """The problem in the language of the page."""
    params = dict(problem.params)
    if problem.code == "disagrees":
        return " ".join(params.get("texts", ()))
    if problem.code == "pattern" and params.get("text"):
        return str(params["text"])
    words = REQUIRED.get(params.get("kind", "")) if problem.code == "required" else None
    words = words or WORDS.get(problem.code)
    if words is None:
        return str(getattr(problem, "message", problem))
    try:
        return str(words) % params
    except (KeyError, TypeError, ValueError):
        return str(getattr(problem, "message", problem))
