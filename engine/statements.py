"""The SQL that every step of every case goes through, made once: of tables, not of mapped classes.

Building a statement and mapping its rows costs more than SQLite takes to carry it out.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import BigInteger, Table, Text, bindparam, delete, exists, func, insert, select, type_coerce, update
from sqlalchemy import cast as cast_sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

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
    Stay,
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
    "counted",
    "counted_by",
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
_newest = aliased(Version)
COUNTING = (
    select(_newest.digest).where(_newest.process == Case.process, _newest.active).limit(1).scalar_subquery()
)  # the version whose counts apply to every case of the process, whichever version it runs
LIVING_STATES = (RUNNING, STOPPED, EXPIRED)


def _living(array: Any, row: Any) -> Any:
    """The deadlines of the case that still count, as JSON: read with the case, in one statement."""
    columns = [_deadline.c[name] for name in CLOCK_COLUMNS]
    found = select(array(row(*columns))).where(_deadline.c.case_id == Case.id, _deadline.c.status.in_(LIVING_STATES))
    return type_coerce(found.scalar_subquery(), Text)


def _open(array: Any, row: Any) -> Any:
    """The open tasks of the case, as JSON: whose the next ones are need not be asked again."""
    found = select(array(row(*OPEN_COLUMNS, Task.created_at, Task.sort_at))).where(Task.case_id == Case.id)
    return type_coerce(found.correlate(Case).scalar_subquery(), Text)


def open_tasks(text: str) -> list[OpenRow]:
    """The open tasks that a case was read with, the newest first."""
    rows = sorted(json.loads(text or "[]"), key=lambda row: row[-1])
    rows.sort(key=lambda row: row[-2], reverse=True)
    return [OpenRow(UUID(row[0]), row[1], row[2], row[3], row[4], _list(row[5])) for row in rows]


def _loading(array: Any, row: Any) -> tuple[Any, Any]:
    about = select(Case, Version.process, Version.digest, REFERENCE, _living(array, row), COUNTING, _open(array, row))
    about = about.join(Version, Case.version_id == Version.id)
    task = about.add_columns(*OPEN_COLUMNS, exists().where(Draft.key == bindparam("draft")))
    task = task.join(Task, Task.case_id == Case.id).where(Task.id == bindparam("task"))
    return about.where(Case.id == bindparam("case")).with_for_update(of=Case), task.with_for_update(of=Case)


LOADING = {
    "sqlite": _loading(func.json_group_array, func.json_array),
    "postgresql": _loading(func.json_agg, func.json_build_array),
}  # a case, and the case of an open task


def living_deadlines(text: str) -> Iterator[SimpleNamespace]:
    """The deadlines that a case was read with; a date that has passed still limits the task it was set for."""
    for values in json.loads(text or "[]"):
        row = dict(zip(CLOCK_COLUMNS, values, strict=True))
        yield SimpleNamespace(**{name: _read[name](value) if name in _read else value for name, value in row.items()})


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written).replace(tzinfo=UTC) if written else None


def _list(written: Any) -> Any:
    return json.loads(written) if isinstance(written, str) else written


_read: Mapping[str, Callable[[Any], Any]] = {
    "id": UUID,
    "task_id": UUID,
    "start_at": _instant,
    "due_at": _instant,
    "remind_at": _instant,
    "ended_at": _instant,
    "last_day": lambda written: date.fromisoformat(written) if written else None,
    "projected": bool,
    "stops": _list,
    "extensions": _list,
    "remind": _list,
}
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
    .values(
        deadline=bindparam("deadline_id"), due_at=bindparam("due"), tell_at=bindparam("due"), sort_at=bindparam("sort")
    )
)


class Exchange:
    """New rows take the place of old ones: where tasks follow a task, one statement does it."""

    def __init__(self, table: Table, *keys: str) -> None:
        self.keys = keys
        old = [table.c[key] == bindparam(f"old_{key}") for key in keys]
        columns = [column.name for column in table.c if column.name == "id" or not column.primary_key]
        columns = [name for name in columns if "id" in keys or name != "id"]
        new: dict[str, Any] = {name: bindparam(name) for name in columns}
        self._insert, self._delete = insert(table), delete(table).where(*old)
        self._update = update(table).where(*old).values(new)
        place: dict[str, Any] = new | {"id": select(table.c.id).where(*old).limit(1).scalar_subquery()}
        if "id" in keys:
            place["id"] = func.coalesce(bindparam("old_id", type_=table.c.id.type), bindparam("id"))
        self._mixed = {
            name: dialect.insert(table).values(place).on_conflict_do_update(index_elements=["id"], set_=new)
            for name, dialect in {"sqlite": sqlite, "postgresql": postgresql}.items()
        }

    def __call__(self, session: Session, gone: Iterable[Sequence[Any]], rows: Sequence[Mapping[str, Any]]) -> None:
        """`gone` are the keys of the rows that go, `rows` are those that come."""
        old = [{f"old_{key}": value for key, value in zip(self.keys, values, strict=True)} for values in gone]
        both, execute = min(len(old), len(rows)), session.connection().execute
        if 0 < both < len(rows):
            none = dict.fromkeys((f"old_{key}" for key in self.keys), None)
            old += [none] * (len(rows) - both)
            execute(
                self._mixed[session.get_bind().dialect.name],
                [{**new, **was} for new, was in zip(rows, old, strict=True)],
            )
            return
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


def _staying(dialect: Any) -> Any:
    """A stay begins, has another time limit, or ends; what ends it says how long it was."""
    stay = _table(Stay)
    statement = dialect.insert(stay)
    new = statement.excluded
    lasted = epoch(dialect.__name__, new.left_at) - epoch(dialect.__name__, stay.c.entered_at)
    changing = {name: new[name] for name in ("due_at", "left_at", "month", "completed", "is_late")}
    return statement.on_conflict_do_update(index_elements=["id"], set_=changing | {"seconds": lasted})


def epoch(dialect: str, moment: Any) -> Any:
    """A moment as whole seconds since 1970, to be added up in a database of this dialect; of none, none."""
    if dialect.endswith("sqlite"):
        return cast_sql(func.strftime("%s", moment), BigInteger)
    return cast_sql(func.floor(func.extract("epoch", moment)), BigInteger)


WRITE_STAYS = {"sqlite": _staying(sqlite), "postgresql": _staying(postgresql)}
