"""The answers to questions: frozen rows, never tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from engine.deadlines import Step
from engine.facts import Fact
from engine.forms import Form
from engine.levels import NONE, Level

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; `next` is the cursor of the following one."""

    rows: tuple[T, ...]
    next: str | None = None


@dataclass(frozen=True)
class Done:
    """What a verb did: the case, and the tasks this person can go on with."""

    case_id: UUID
    number: str
    next_tasks: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class DeployedVersion:
    """A version of a process."""

    id: int
    process: str
    title: str
    digest: str
    deployed_at: datetime
    is_new: bool


@dataclass(frozen=True)
class DueInfo:
    """A date as lists show it."""

    deadline_id: UUID
    label: str
    last_day: date | None
    due_at: datetime | None
    status: str  # running | stopped | met | expired | cancelled
    projected: bool
    confirmed: bool
    days_left: int | None  # working days until the last day; negative = overdue; None while stopped
    is_overdue: bool


@dataclass(frozen=True)
class InboxRow:
    """A line in somebody's inbox."""

    task_id: UUID
    case_id: UUID
    number: str
    title: str
    name: str
    element: str
    process: str
    process_title: str
    stage: str
    office: str
    office_name: str
    role_name: str
    assignee: int | None
    assignee_name: str
    created_at: datetime
    due: DueInfo | None
    level: Level = NONE
    urged_at: datetime | None = None
    urged_by: str = ""


@dataclass(frozen=True)
class TaskPage:
    """All a page needs to show one open task."""

    task_id: UUID
    case_id: UUID
    number: str
    title: str
    process_title: str
    name: str
    element: str
    documentation: str
    law: str
    role_name: str
    office_name: str
    assignee: int | None
    assignee_name: str
    may_do: bool
    may_claim: bool
    form: Form
    answers: Mapping[str, Any]  # what is known already
    draft: Mapping[str, Any] | None  # what this person has typed, raw
    draft_at: datetime | None
    facts: Mapping[str, Fact]
    values: Mapping[str, Any]
    local: Mapping[str, Any]
    due: DueInfo | None
    limits: tuple[DueInfo, ...]
    papers: tuple["PaperPreview", ...]
    colleagues: tuple[tuple[int, str], ...]  # who could take it
    opening: frozenset[str]  # the facts that the case is opened with
    level: Level = NONE


@dataclass(frozen=True)
class PaperPreview:
    """A paper that a task will issue."""

    kind: str
    title: str


@dataclass(frozen=True)
class StartPage:
    """A form that opens a case, or raises an event in one."""

    process: str
    title: str
    name: str
    role_name: str
    form: Form
    answers: Mapping[str, Any]
    draft: Mapping[str, Any] | None
    draft_at: datetime | None
    facts: Mapping[str, Fact]
    office: str
    office_name: str
    documentation: str = ""
    case_id: UUID | None = None
    number: str = ""


@dataclass(frozen=True)
class Startable:
    """A process this person may open a case of, and for which offices."""

    process: str
    title: str
    offices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Raisable:
    """Something that may happen at any time and that this person may report."""

    name: str
    label: str
    element: str
    interrupting: bool


@dataclass(frozen=True)
class EventRow:
    """A line of the timeline."""

    seq: int
    kind: str
    actor_name: str
    at: datetime
    detail: Mapping[str, Any]
    name: str  # name of the element it is about, if any


@dataclass(frozen=True)
class PaperRow:
    """An issued paper."""

    id: UUID
    kind: str
    title: str
    number: str
    issued_at: datetime
    issued_by: str


@dataclass(frozen=True)
class FileRow:
    """An uploaded file."""

    id: UUID
    name: str
    media_type: str
    size: int
    digest: str
    uploaded_at: datetime
    uploaded_by: int


@dataclass(frozen=True)
class IncidentRow:
    """Something that failed."""

    id: int
    case_id: UUID | None
    number: str
    verb: str
    element: str | None
    error: str
    state: str
    created_at: datetime
    arguments: Mapping[str, Any]
    trace: str = ""


@dataclass(frozen=True)
class LinkRow:
    """A linked case."""

    case_id: UUID
    number: str
    title: str
    process_title: str
    kind: str
    outgoing: bool
    status: str


@dataclass(frozen=True)
class CaseRow:
    """A line in a list of cases."""

    case_id: UUID
    number: str
    title: str
    process: str
    process_title: str
    office: str
    office_name: str
    stage: str
    status: str
    outcome: str | None
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    is_overdue: bool
    level: str | None = None  # id
    level_label: str = ""
    level_rank: int = 0  # 0: none
    level_colour: str = ""


@dataclass(frozen=True)
class CasePage:
    """All a page needs to show one case."""

    row: CaseRow
    version_digest: str
    facts: Mapping[str, Fact]
    values: Mapping[str, Any]  # sensitive values masked
    tasks: tuple[InboxRow, ...]
    waits: tuple[str, ...]  # what the case waits for beside people, in words
    deadlines: tuple[DueInfo, ...]
    raisable: tuple[Raisable, ...]
    papers: tuple[PaperRow, ...]
    files: tuple[FileRow, ...]
    timeline: tuple[EventRow, ...]
    incidents: tuple[IncidentRow, ...]
    links: tuple[LinkRow, ...]
    stages: tuple[tuple[str, str, str], ...]  # id, label, done | current | ahead


@dataclass(frozen=True)
class DeadlinePage:
    """Why this date."""

    due: DueInfo
    case_id: UUID
    number: str
    basis: str
    source: str
    start_at: datetime
    period: str
    stops: tuple[tuple[datetime, datetime | None], ...]
    extensions: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    calendar_version: str
    element_name: str


@dataclass(frozen=True)
class Visit:
    """A line of the table beside the diagram: one stay of a token in an element."""

    element: str
    name: str
    kind: str
    at: datetime | None
    actor_name: str
    state: str  # done | current | late | gone


@dataclass(frozen=True)
class Diagram:
    """The picture of a case: the model and where the token was and is."""

    xml: str
    title: str
    done: tuple[str, ...]  # elements and flows travelled
    current: tuple[str, ...]
    late: tuple[str, ...]
    visits: tuple[Visit, ...] = field(default=())


@dataclass(frozen=True)
class PaperPage:
    """A printable paper."""

    case_id: UUID
    number: str
    kind: str
    title: str
    paper_number: str
    html: str
    is_preview: bool
    issued_at: datetime
    paper_id: UUID | None = None  # of an issued one


@dataclass(frozen=True)
class InboxCounts:
    """How many rows each view of the inbox has."""

    mine: int
    claimable: int
    overdue: int
    office: int
