"""The SQL that every step of every case goes through, made once: of tables, not of mapped classes.

Building a statement and mapping its rows costs more than SQLite takes to carry it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Table, and_, bindparam, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.clocks import EXPIRED, RUNNING, STOPPED
from engine.model import (
    Base,
    Case,
    CaseOffice,
    Deadline,
    Draft,
    Effect,
    Event,
    Reference,
    Subscription,
    Task,
    Timer,
    Version,
)

CLOCK_COLUMNS = (
    "id",
    "task_id",
    "name",
    "label",
    "element",
    "basis",
    "source_status",
    "period",
    "start_at",
    "stops",
    "extensions",
    "last_day",
    "due_at",
    "projected",
    "calendar_version",
    "status",
    "remind",
    "remind_at",
    "ended_at",
)
MOVING = (
    "title",
    "stage",
    "status",
    "outcome",
    "level",
    "level_rank",
    "data",
    "state",
    "event_count",
    "event_head",
    "due_at",
    "closed_at",
)


class OpenRow(NamedTuple):
    """What authority and forms need of an open task's row."""

    id: UUID
    element: str
    role: str | None
    office: str
    assignee: int | None
    local: Mapping[str, Any]
    has_draft: bool = True


OPEN_COLUMNS = (Task.id, Task.element, Task.role, Task.office, Task.assignee, Task.local)


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


_case, _task, _draft, _deadline = _table(Case), _table(Task), _table(Draft), _table(Deadline)
_timer, _wait = _table(Timer), _table(Subscription)

REFERENCE = select(func.aggregate_strings(Reference.name + Reference.digest, " ")).scalar_subquery()  # names a state
LOAD = (
    select(Case, Version.process, Version.digest, REFERENCE)
    .join(Version, Case.version_id == Version.id)
    .where(Case.id == bindparam("case"))
    .with_for_update(of=Case)
)
LOAD_TASK = (
    select(Case, Version.process, Version.digest, REFERENCE)
    .add_columns(*OPEN_COLUMNS, exists().where(Draft.key == bindparam("draft")))
    .join(Version, Case.version_id == Version.id)
    .join(Task, Task.case_id == Case.id)
    .where(Task.id == bindparam("task"))
    .with_for_update(of=Case)
)
LIVING_DEADLINES = select(*(_deadline.c[name] for name in CLOCK_COLUMNS)).where(
    _deadline.c.case_id == bindparam("case"),
    or_(
        _deadline.c.status.in_((RUNNING, STOPPED)),
        and_(_deadline.c.status == EXPIRED, _deadline.c.task_id.in_(bindparam("limits", expanding=True))),
    ),
)  # a date that has passed still limits the task it was set for
UPDATE_CASE = (
    update(_case)
    .where(_case.c.id == bindparam("which"), _case.c.revision == bindparam("known"))
    .values(revision=bindparam("next"), **{name: bindparam(name) for name in MOVING})
)
INSERT_EFFECTS, INSERT_EVENTS = insert(_table(Effect)), insert(_table(Event))
DELETE_DRAFTS = delete(_draft).where(_draft.c["key"].in_(bindparam("keys", expanding=True)))
MOVE_TASKS = (
    update(_task)
    .where(_task.c.id == bindparam("which"))
    .values(deadline=bindparam("deadline_id"), due_at=bindparam("due"), sort_at=bindparam("sort"))
)


class Exchange:
    """New rows take the place of old ones: where one task follows another, one statement does it."""

    def __init__(self, table: Table, *keys: str) -> None:
        self.keys = keys
        old = [table.c[key] == bindparam(f"old_{key}") for key in keys]
        columns = [column.name for column in table.c if column.name == "id" or not column.primary_key]
        columns = [name for name in columns if "id" in keys or name != "id"]
        self._insert, self._delete = insert(table), delete(table).where(*old)
        self._update = update(table).where(*old).values({name: bindparam(name) for name in columns})

    def __call__(self, session: Session, gone: Iterable[Sequence[Any]], rows: Sequence[Mapping[str, Any]]) -> None:
        """`gone` are the keys of the rows that go, `rows` are those that come."""
        old = [{f"old_{key}": value for key, value in zip(self.keys, values, strict=True)} for values in gone]
        both, execute = min(len(old), len(rows)), session.connection().execute
        if both:
            execute(self._update, [{**new, **was} for new, was in zip(rows, old, strict=False)])
        if len(rows) > both:
            execute(self._insert, rows[both:])
        if len(old) > both:
            execute(self._delete, old[both:])


EXCHANGE_TASKS, EXCHANGE_TIMERS = Exchange(_task, "id"), Exchange(_timer, "id")
EXCHANGE_WAITS = Exchange(_wait, "case_id", "element", "kind", "name")


def _joining(dialect: Any) -> Any:
    return dialect.insert(_table(CaseOffice)).on_conflict_do_nothing()


JOIN_OFFICES = {"sqlite": _joining(sqlite), "postgresql": _joining(postgresql)}


def _replacing(dialect: Any) -> Any:
    """Insert, or overwrite what has the same id: one statement for new and changed rows."""
    statement = dialect.insert(_deadline)
    changing = {name: statement.excluded[name] for name in CLOCK_COLUMNS if name != "id"}
    return statement.on_conflict_do_update(index_elements=["id"], set_=changing)


REPLACE_DEADLINES = {"sqlite": _replacing(sqlite), "postgresql": _replacing(postgresql)}
