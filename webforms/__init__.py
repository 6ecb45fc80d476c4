"""The web face: Flask pages over the engine's front door. It owns the clock and the transactions of a request."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask

import engine
from webforms import (
    absences,
    account,
    auth,
    bulk,
    bulk_results,
    cases,
    change_requests,
    database,
    desk,
    desk_lists,
    desk_load,
    diagrams,
    directory,
    element_templates,
    engine_rest,
    errors,
    heat,
    i18n,
    incidents,
    limits,
    menu,
    migrations,
    model_edit,
    model_view,
    models,
    models_compare,
    models_publish,
    models_repairs,
    models_replay,
    models_text,
    notices,
    obligations,
    openings,
    papers,
    people,
    people_import,
    play_forms,
    play_record,
    plays,
    register,
    registers,
    repairs,
    reports,
    scenario_pages,
    scenarios,
    security,
    squeezing,
    statistics,
    tasks,
    uploads,
    work,
)
from webforms.settings import UPLOAD_LIMIT, Settings

FORM_LIMIT = 5000  # fields of one form
PAGES = (
    tasks,
    work,
    register,
    registers,
    cases,
    diagrams,
    desk,
    desk_lists,
    desk_load,
    heat,
    limits,
    models,
    models_compare,
    models_publish,
    models_repairs,
    models_replay,
    models_text,
    scenario_pages,
    scenarios,
    engine_rest,
    papers,
    uploads,
    people,
    people_import,
    incidents,
    bulk,
    bulk_results,
    repairs,
    change_requests,
    openings,
    obligations,
    reports,
    menu,
    notices,
    account,
    absences,
    statistics,
    model_edit,
    model_view,
    element_templates,
    migrations,
    plays,
    play_forms,
    play_record,
)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the application. `config` has the names of the settings without prefix; None reads the environment."""
    given = dict(config) if config is not None else None
    settings = Settings.of(given)
    app = Flask("webforms")
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        CLOCK=lambda: datetime.now(UTC) + settings.clock_offset,
        PASSWORD_HASHER=engine.HASHER,
        FILES=settings.data / "files",
        REHEARSE=None,  # plays the scenarios of a draft; the command line puts it in, this face knows no clockwork
        PLAYS=None,  # tries a draft out move by move; likewise
        MAX_CONTENT_LENGTH=UPLOAD_LIMIT * 3 + 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=FORM_LIMIT,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.config.update({name: value for name, value in (given or {}).items() if name in app.config or name == "TESTING"})
    app.config["SECRET_KEY"] = settings.secret_key
    app.url_map.converters["int"] = security.Number
    database.init_app(app, settings.database, settings.audit_key())
    for part in (auth, security, squeezing, i18n, errors, directory, *PAGES):  # who it is comes before the token
        part.init_app(app)
    app.add_url_rule("/healthz", view_func=healthz)
    app.jinja_env.globals.update(settings=settings, now=database.now)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for rule in app.url_map.iter_rules():
        security.access_of(app, rule.endpoint)  # a page without a marker is a mistake we refuse to start with
    return app


@security.allow("public")
def healthz() -> tuple[str, int, dict[str, str]]:
    """200 once the database answers."""
    engine.ready(database.reading())
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
