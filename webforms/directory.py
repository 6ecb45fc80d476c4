"""Names of offices, roles, stages and people, read once per request."""

from flask import Flask, g

import engine
from webforms.auth import me
from webforms.database import reading

Pairs = list[tuple[str, str]]


def init_app(app: Flask) -> None:
    """Names for the templates."""
    app.jinja_env.globals.update(office_name=office_name, role_name=role_name)


def directory() -> engine.Directory:
    """The offices and roles as last loaded."""
    if "directory" not in g:
        g.directory = engine.directory(reading())
    found: engine.Directory = g.directory
    return found


def offices() -> Pairs:
    """(id, name) of every office."""
    return [(office, row["name"]) for office, row in directory().offices.items()]


def roles() -> Pairs:
    """(id, name) of every role."""
    return [(role.id, role.name) for role in directory().roles.values()]


def office_name(office: str | None) -> str:
    """The name of an office, or its id when it is no longer listed."""
    return directory().office_name(office or "")


def role_name(role: str | None) -> str:
    """The name of a role."""
    return directory().role_name(role)


def kinds() -> tuple[engine.ProcessKind, ...]:
    """The processes in use."""
    if "kinds" not in g:
        g.kinds = engine.process_kinds(reading())
    found: tuple[engine.ProcessKind, ...] = g.kinds
    return found


def processes() -> Pairs:
    """(id, title) of every process in use."""
    return [(kind.process, kind.title) for kind in kinds()]


def stages() -> Pairs:
    """(id, label) of every stage of every process in use."""
    return list({stage: label for kind in kinds() for stage, label in kind.stages.items()}.items())


def levels() -> Pairs:
    """(id, label) of every level of every process in use, the most serious first."""
    ranked = sorted((level for kind in kinds() for level in kind.levels), key=lambda level: -level.rank)
    return list({level.id or "": level.label for level in ranked}.items())


def my_offices() -> Pairs:
    """The offices whose cases the person may see."""
    if engine.sees_all_cases(reading(), me()):
        return offices()
    return [(office, name) for office, name in offices() if office in me().offices]
