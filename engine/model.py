"""The tables. Only the engine reads or writes them; faces ask questions and get frozen rows."""

from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
FAR = datetime(9999, 12, 31, tzinfo=UTC)  # sorts behind every real instant, so that lists need no sort of nulls


class Instant(TypeDecorator[datetime]):
    """An aware moment, stored as UTC. Refuses naive datetimes at the door."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy's signature
        """Store UTC."""
        if value is not None and value.utcoffset() is None:
            raise ValueError("naive datetime")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy's signature
        """Hand out aware UTC."""
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Common ground of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        date: Date,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        bytes: LargeBinary,
    }


class Version(Base):
    """One deployed version of a process folder; never changed after it is written. `files`: name -> text."""

    __tablename__ = "version"
    id: Mapped[int] = mapped_column(primary_key=True)
    process: Mapped[str] = mapped_column(index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    files: Mapped[dict[str, Any]]
    deployed_by: Mapped[str]
    deployed_at: Mapped[datetime]
    active: Mapped[bool] = mapped_column(default=True)


class Reference(Base):
    """A document of the directory as last loaded: offices, roles, calendar years, registers. `name` e.g. `offices`."""

    __tablename__ = "reference"
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    loaded_at: Mapped[datetime]


class Person(Base):
    """Somebody who can sign in."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    must_change_password: Mapped[bool] = mapped_column(default=True)
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PersonRole(Base):
    """A role a person holds in an office; district-wide roles are held in the person's own office."""

    __tablename__ = "person_role"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    office: Mapped[str] = mapped_column(primary_key=True, index=True)


class SignIn(Base):
    """A sign-in session; deleting the row ends it. `token` is the digest of the cookie's secret."""

    __tablename__ = "sign_in"
    token: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Case(Base):
    """One running or finished process with its variables (`data`) and control-flow tree (`state`)."""

    __tablename__ = "case"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    process: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    office: Mapped[str]
    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(default="")
    stage: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="running")  # running | suspended | completed | cancelled | incident
    outcome: Mapped[str | None]
    data: Mapped[str] = mapped_column(Text)  # JSON of the variables, see engine.values
    state: Mapped[bytes]
    serial: Mapped[int] = mapped_column(BigInteger, unique=True)  # row id in the search table
    revision: Mapped[int] = mapped_column()
    event_count: Mapped[int] = mapped_column(default=0)
    event_head: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime | None]
    opened_by: Mapped[int | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 SQLAlchemy reads it once
    __table_args__ = (
        Index("ix_case_office_opened", "office", "opened_at"),
        Index("ix_case_process_opened", "process", "opened_at"),
        Index("ix_case_opened", "opened_at"),
    )


class CaseOffice(Base):
    """An office that takes part in a case beside the one that owns it."""

    __tablename__ = "case_office"
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    office: Mapped[str] = mapped_column(primary_key=True, index=True)


class CaseLink(Base):
    """Two cases that belong together, in the direction `source` -> `target`."""

    __tablename__ = "case_link"
    source_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    target_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class Task(Base):
    """A form somebody must fill in now: a projection of `Case.state`. Finished tasks live on in the events."""

    __tablename__ = "task"
    id: Mapped[UUID] = mapped_column(primary_key=True)  # SpiffWorkflow's id, kept over migration
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    element: Mapped[str]
    name: Mapped[str]
    role: Mapped[str | None]
    office: Mapped[str]
    pool: Mapped[str | None]  # "<office>/<role>" while unclaimed: one index range per pool, no sort
    assignee: Mapped[int | None]
    local: Mapped[dict[str, Any]]  # multi-instance item and index
    deadline: Mapped[str | None]  # name of the deadline row that decides `due_at`
    due_at: Mapped[datetime | None]
    sort_at: Mapped[datetime]  # due_at, or FAR
    priority: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_task_assignee_sort", "assignee", "sort_at", "id"),
        Index("ix_task_pool_sort", "pool", "sort_at", "id"),
        Index("ix_task_office_sort", "office", "sort_at", "id"),
        Index("ix_task_sort", "sort_at", "id"),
    )


class Deadline(Base):
    """A time limit of a case: the only source of timers, inbox order, reminders and the page "why this date"."""

    __tablename__ = "deadline"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    task_id: Mapped[UUID]  # the SpiffWorkflow task (timer event or activity) that carries it
    name: Mapped[str]
    label: Mapped[str]
    element: Mapped[str]
    basis: Mapped[str]
    source_status: Mapped[str]  # confirmed | unconfirmed: shown wherever the date is shown
    period: Mapped[str]  # "5wd", "30d", ... or "date"
    start_at: Mapped[datetime]
    stops: Mapped[list[Any]]  # [[from, to | null], ...] ISO instants
    extensions: Mapped[list[Any]]  # [["30d", reason], ...]
    last_day: Mapped[date | None]
    due_at: Mapped[datetime | None]  # null while the clock is stopped
    projected: Mapped[bool]
    calendar_version: Mapped[str]
    status: Mapped[str]  # running | stopped | met | expired | cancelled
    remind: Mapped[list[Any]]  # ["3wd", "1wd"] not yet sent
    remind_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_deadline_case", "case_id"),
        Index(
            "ix_deadline_remind",
            "remind_at",
            sqlite_where=text("remind_at IS NOT NULL"),
            postgresql_where=text("remind_at IS NOT NULL"),
        ),
        Index("ix_deadline_projected", "projected", sqlite_where=text("projected"), postgresql_where=text("projected")),
    )


class Timer(Base):
    """An instant at which a case must be looked at: a projection of `Case.state`."""

    __tablename__ = "timer"
    id: Mapped[UUID] = mapped_column(primary_key=True)  # the waiting SpiffWorkflow task
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    element: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)


class Subscription(Base):
    """A message or signal a case waits for: a projection of `Case.state`."""

    __tablename__ = "subscription"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    element: Mapped[str]
    kind: Mapped[str]  # message | signal
    name: Mapped[str]
    __table_args__ = (Index("ix_subscription_name", "name", "kind"),)


class Effect(Base):
    """Something that leaves the case: written with the state, carried out after commit, retried, idempotent by key."""

    __tablename__ = "effect"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    kind: Mapped[str]  # message | signal | start | notify | a service topic
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="pending")  # pending | done | dead
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    __table_args__ = (
        Index(
            "ix_effect_next",
            "next_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )


class Incident(Base):
    """A verb that failed, with everything needed to carry it out again."""

    __tablename__ = "incident"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    verb: Mapped[str]
    arguments: Mapped[dict[str, Any]]  # the submitted answers included: nothing a person typed is lost
    element: Mapped[str | None]
    error: Mapped[str]
    trace: Mapped[str] = mapped_column(default="")
    actor: Mapped[int | None]
    state: Mapped[str] = mapped_column(default="open", index=True)  # open | resolved | dropped
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")


class Event(Base):
    """What happened, who did it, when. Only ever appended; each row's HMAC covers the one before it."""

    __tablename__ = "event"
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    actor: Mapped[int | None]  # person id; null = the clock or the system
    actor_name: Mapped[str]
    at: Mapped[datetime]
    detail: Mapped[str]  # canonical JSON, exactly the text that was signed
    submission: Mapped[str | None] = mapped_column(unique=True)  # idempotency key of the request
    mac: Mapped[str]


class Ledger(Base):
    """The audit trail of everything outside cases (people, versions, calendars); chained like `Event`."""

    __tablename__ = "ledger"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    actor: Mapped[int | None]
    actor_name: Mapped[str]
    at: Mapped[datetime]
    detail: Mapped[str]
    mac: Mapped[str]


class Anchor(Base):
    """A daily MAC over the heads of all cases, so that a cut tail or a missing case is found too."""

    __tablename__ = "anchor"
    day: Mapped[date] = mapped_column(primary_key=True)
    cases: Mapped[int]
    events: Mapped[int]
    heads: Mapped[bytes]  # zstd of the canonical list of (case id, event count, head)
    at: Mapped[datetime]
    mac: Mapped[str]


class Counter(Base):
    """A gap-free sequence, e.g. of case numbers per office, kind and year."""

    __tablename__ = "counter"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class Draft(Base):
    """What somebody has typed so far; never validated, never process data."""

    __tablename__ = "draft"
    key: Mapped[str] = mapped_column(primary_key=True)  # task id, "start:<process>" or "event:<case id>:<name>"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    answers: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class File(Base):
    """An uploaded file; its bytes lie under the data folder by digest."""

    __tablename__ = "file"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    digest: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    case_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("case.id"), index=True
    )  # set when the answers are submitted
    uploaded_by: Mapped[int]
    uploaded_at: Mapped[datetime]


class Paper(Base):
    """A numbered document issued in a case; printed from the case data as it was then."""

    __tablename__ = "paper"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    kind: Mapped[str]
    title: Mapped[str]
    number: Mapped[str] = mapped_column(unique=True)
    data: Mapped[str] = mapped_column(Text)  # JSON of the facts and last days it was made from
    issued_by: Mapped[str]
    issued_at: Mapped[datetime]


class SensitiveFact(Base):
    """A value kept out of `Case.data`, which holds only the reference to it."""

    __tablename__ = "sensitive_fact"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    fact: Mapped[str]
    value: Mapped[str]
