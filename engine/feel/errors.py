"""What can be wrong with a FEEL expression: a stable rule id, the place and an English sentence."""

from typing import Any


class FeelError(Exception):
    """A FEEL expression cannot be compiled, or asks for more work than one evaluation may do.

    ``code`` is stable (``feel-syntax``, ``feel-unknown-function``, ``feel-unknown-type``, ``feel-literal``,
    ``feel-arguments``, ``feel-function``, ``feel-too-large``, ``feel-budget``), ``params`` feed a translation of the
    sentence, and ``position`` is the 0-based offset in ``text`` (None where a running evaluation has no one place).
    """

    def __init__(self, code: str, message: str, *, text: str = "", position: int | None = None, **params: Any) -> None:
        super().__init__(message)
        self.code = code
        self.params = params
        self.text = text
        self.position = position

    @property
    def line(self) -> int | None:
        """1-based line of the position."""
        return None if self.position is None else self.text.count("\n", 0, self.position) + 1

    @property
    def column(self) -> int | None:
        """1-based column of the position."""
        return None if self.position is None else self.position - self.text.rfind("\n", 0, self.position)
