"""What the house has been given: versions of process folders, reference documents, numbers."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from engine.model.base import Base


class Version(Base):
    """One deployed version of a process folder; never changed after it is written. `files`: name -> text.

    The scenarios are kept beside them: they say what must hold, and change nothing in how a case runs.
    """

    __tablename__ = "version"
    id: Mapped[int] = mapped_column(primary_key=True)
    process: Mapped[str] = mapped_column(index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    files: Mapped[dict[str, Any]]
    scenarios: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
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


class Counter(Base):
    """A gap-free sequence, e.g. of case numbers per office, kind and year."""

    __tablename__ = "counter"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
