"""Everything that can go wrong and is worth telling someone about.

Every error is a fact: a stable `code` (the gettext key pages translate), `params`, and an English sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


class EngineError(Exception):
    """The engine refused the request."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str = "", **params: Any) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])
        self.params = params


class NotFound(EngineError):
    """No such thing, or it is not yours to see."""

    code = "not-found"


class NotAllowed(EngineError):
    """Your role does not allow this."""

    code = "not-allowed"


class AlreadyUrged(NotAllowed):
    """This task was urged today; to do it again say why."""

    code = "already-urged"


class NotExtendable(NotAllowed):
    """A supervisor may not extend this deadline."""

    code = "not-extendable"


class NotMovable(EngineError):
    """The token cannot be put there."""

    code = "not-movable"


class DeadlinePassed(NotAllowed):
    """The last day is over; a deadline is extended before it has passed."""

    code = "deadline-passed"


class CaseChanged(EngineError):
    """Someone else handled this case a moment ago; reload and look again."""

    code = "case-changed"


class CaseMoved(CaseChanged):
    """The case has moved since; look at what the change would do now."""

    code = "case-moved"


class NotMigratable(EngineError):
    """This case cannot be carried over to that version; `reasons` are the codes of what speaks against it."""

    code = "not-migratable"


class OwnRequest(NotAllowed):
    """Nobody decides on their own request; somebody else has to."""

    code = "own-request"


class TaskClosed(CaseChanged):
    """This task is already done or no longer needed."""

    code = "task-closed"


class DraftChanged(CaseChanged):
    """Somebody else has saved this file meanwhile; both texts are kept until one of them is chosen.

    `theirs` is the text that is stored now (None: they removed the file), `revision` the number to save on top of it.
    """

    code = "draft-changed"

    def __init__(self, message: str = "", *, theirs: str | None = None, revision: int = 0, **params: Any) -> None:
        super().__init__(message, **params)
        self.theirs = theirs
        self.revision = revision


class DraftClosed(CaseChanged):
    """This draft cannot be changed now: it is handed in, published or discarded."""

    code = "draft-closed"


class AlreadyDone(EngineError):
    """This submission was already carried out."""

    code = "already-done"

    def __init__(self, message: str = "", *, result: Any = None, **params: Any) -> None:
        super().__init__(message, **params)
        self.result = result


class Busy(EngineError):
    """The database is busy; nothing was saved, please try again."""

    code = "busy"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one answer; `message` is English, `code` and `params` are for the catalogue."""

    code: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


class NotReady(EngineError):
    """The draft cannot be handed in or published yet. `reasons` says what is missing, by code."""

    code = "not-ready"

    def __init__(self, reasons: Sequence[Problem]) -> None:
        super().__init__("; ".join(reason.message for reason in reasons))
        self.reasons = tuple(reasons)


class InvalidAnswers(EngineError):
    """The form was not filled in correctly."""

    code = "invalid-answers"

    def __init__(self, problems: Mapping[str, Problem]) -> None:
        super().__init__("; ".join(f"{path}: {problem.message}" for path, problem in problems.items()))
        self.problems = dict(problems)


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a process folder.

    `rule` is a stable id, `level` is `semantics` (refused everywhere) or `house` (refused at publishing only).
    """

    rule: str
    level: str
    file: str
    element: str | None
    message: str
    remedy: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None


class InvalidDefinition(EngineError):
    """The process folder cannot be deployed."""

    code = "invalid-definition"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(f"{f.file} {f.element or ''} [{f.rule}] {f.message}" for f in findings))
        self.findings = list(findings)


class RunFailed(EngineError):
    """A step of the process failed; nothing was saved. `element` names where."""

    code = "run-failed"

    def __init__(self, message: str, *, element: str | None = None, **params: Any) -> None:
        super().__init__(message, element=element, **params)
        self.element = element
