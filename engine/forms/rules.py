"""Reading what a form asks of each answer: lengths, bounds, formats, counts."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from engine.feel import Expression
from engine.forms import patterns
from engine.forms.fields import TEMPORAL, ZONE, Bound, Rules

MAX_ROWS = 200
MAX_FILES = 20
MAX_LENGTH = {"textfield": 200, "textarea": 10_000}
HARD_LENGTH = 50_000
DIGITS = range(11)
CHECKS = ("id_number", "credit_code")
EXTENSIONS = {
    *("pdf", "jpg", "jpeg", "png", "heic", "docx", "xlsx", "doc", "xls"),
    *("txt", "csv", "mp3", "m4a", "wav", "mp4"),
}


class Notes(Protocol):
    """Where findings go and FEEL is compiled."""

    def refuse(self, rule: str, message: str, remedy: str = "", level: str = "semantics", **params: Any) -> None:
        """Note something wrong."""

    def feel(self, written: Any, place: str) -> Expression | None:
        """Compile FEEL."""


class RuleReader:
    """Reads the rules of one component."""

    def __init__(self, notes: Notes, raw: Mapping[str, Any], kind: str, properties: Mapping[str, str]) -> None:
        self.notes = notes
        self.raw = raw
        self.kind = kind
        self.properties = properties
        validate = raw.get("validate")
        self.validate: Mapping[str, Any] = validate if isinstance(validate, dict) else {}

    def rules(self) -> Rules:
        """Everything asked of the answer."""
        required = self.validate.get("required", False)
        if not isinstance(required, bool):
            message = "'required' must be true or false."
            self.notes.refuse("form-property-invalid", message, property="required")
        least, most = self._counts()
        return Rules(
            required=required is True,
            min_length=self._length("minLength"),
            max_length=self._length("maxLength") or self._longest(),
            minimum=self._bound("min"),
            maximum=self._bound("max"),
            digits=self._digits(),
            step=self._step(),
            pattern=self._pattern(),
            pattern_message=str(self.validate.get("patternErrorMessage") or ""),
            format=self._format(),
            not_past=self.raw.get("disallowPassedDates") is True,
            min_items=least,
            max_items=most,
            accept=self._accept(),
        )

    def _wrong(self, name: str, value: Any, wanted: str) -> None:
        message = f"{name!r} is {value!r}; it must be {wanted}."
        self.notes.refuse("form-property-invalid", message, property=name, given=str(value))

    def _longest(self) -> Decimal | None:
        return Decimal(MAX_LENGTH[self.kind]) if self.kind in MAX_LENGTH else None

    def _length(self, name: str) -> Bound:
        if self.kind not in MAX_LENGTH or self.validate.get(name) in (None, ""):
            return None
        bound = self._number(name, self.validate[name])
        if isinstance(bound, Decimal) and (bound != int(bound) or not 0 <= bound <= HARD_LENGTH):
            self._wrong(name, self.validate[name], f"a whole number from 0 to {HARD_LENGTH}")
            return None
        return bound

    def _bound(self, name: str) -> Bound:
        written = self.validate.get(name, self.properties.get(name))
        if written in (None, "") or (self.kind != "number" and self.kind not in TEMPORAL):
            return None
        if self.kind == "number":
            return self._number(name, written)
        if str(written).startswith("="):
            return self.notes.feel(written, name)
        return self._moment(name, str(written))

    def _number(self, name: str, written: Any) -> Decimal | Expression | None:
        if isinstance(written, str) and written.startswith("="):
            return self.notes.feel(written, name)
        try:
            number = Decimal(str(written))
            if number.is_finite() and not isinstance(written, bool):
                return number
        except InvalidOperation:
            pass
        self._wrong(name, written, "a number or FEEL that starts with =")
        return None

    def _moment(self, name: str, written: str) -> Bound:
        try:
            if self.kind == "time":
                return time.fromisoformat(written)
            if self.kind == "date":
                return date.fromisoformat(written)
            moment = datetime.fromisoformat(written)
            return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
        except ValueError:
            self._wrong(name, written, f"an ISO {self.kind} or FEEL that starts with =")
            return None

    def _digits(self) -> int | None:
        digits = self.raw.get("decimalDigits") if self.kind == "number" else None
        if digits is None:
            return None
        if isinstance(digits, int) and digits in DIGITS:
            return digits
        self._wrong("decimalDigits", digits, f"a whole number from 0 to {DIGITS[-1]}")
        return None

    def _step(self) -> Decimal | None:
        written = self.raw.get("increment") if self.kind == "number" else None
        if written in (None, ""):
            return None
        step = self._number("increment", written)
        if isinstance(step, Decimal) and step > 0:
            return step
        self._wrong("increment", written, "a positive number")
        return None

    def _pattern(self) -> str:
        written = str(self.validate.get("pattern") or "") if self.kind in MAX_LENGTH else ""
        if not written:
            return ""
        pattern = patterns.pattern_of(written)
        if pattern is None:
            self.notes.refuse(
                "form-pattern-invalid",
                f"{written!r} is not a pattern that can be matched.",
                "Look-around and back-references are not supported.",
                given=written,
            )
        return pattern or ""

    def _format(self) -> str:
        wanted = self.properties.get("check") or self.validate.get("validationType") or ""
        if self.kind not in MAX_LENGTH or wanted in ("", "custom"):
            return ""
        known = CHECKS if self.properties.get("check") else ("email", "phone")
        if wanted not in known:
            self._wrong("check" if self.properties.get("check") else "validationType", wanted, " or ".join(known))
            return ""
        return str(wanted)

    def _counts(self) -> tuple[int, int]:
        highest = MAX_ROWS
        if self.kind == "filepicker":
            highest = MAX_FILES if self.raw.get("multiple") is True else 1
        least = self._count("minItems", 0, highest)
        most = self._count("maxItems", highest, highest)
        if least > most:
            self._wrong("minItems", least, f"at most {most}")
        return least, most

    def _count(self, name: str, otherwise: int, highest: int) -> int:
        written = self.properties.get(name, "").strip()
        if not written:
            return otherwise
        if written.isascii() and written.isdigit() and int(written[:9]) <= highest:
            return int(written[:9])
        self._wrong(name, written, f"a whole number from 0 to {highest}")
        return otherwise

    def _accept(self) -> tuple[str, ...]:
        if self.kind != "filepicker":
            return ()
        written = self.properties.get("accept") or str(self.raw.get("accept") or "")
        wanted = tuple(part.strip().lstrip(".").lower() for part in written.split(",") if part.strip())
        unknown = [part for part in wanted if part not in EXTENSIONS]
        if unknown:
            self._wrong("accept", ", ".join(unknown), "among " + ", ".join(sorted(EXTENSIONS)))
        return wanted
