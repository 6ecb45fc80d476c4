"""What failed and waits for an administrator: look, carry out again, or drop with a reason."""

from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import now, reading, writing
from webforms.i18n import translated
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("incidents", __name__, url_prefix="/incidents")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@allow("administrator")
def index() -> str:
    """The open incidents, newest first."""
    rows = [{"row": row, "typed": _typed(row)} for row in engine.incidents(reading(), me())]
    return render_template("incidents.html", rows=rows)


@blueprint.post("/<int:incident_id>/retry")
@allow("administrator")
def retry(incident_id: int) -> Response:
    """Carry out what failed once more, in the name of the person who submitted it."""
    try:
        with writing() as transaction:
            engine.retry_incident(transaction, incident_id, actor=me(), now=now())
    except engine.NotFound:
        raise
    except engine.EngineError as error:
        flash(gettext("It failed again: %(why)s", why=translated(error.code, str(error), error.params)), "error")
    except OperationalError:
        raise
    except Exception as error:  # whatever broke it the first time may break it again
        current_app.logger.warning("Incident %s failed again", incident_id, exc_info=error)
        flash(gettext("It failed again: %(why)s", why=type(error).__name__), "error")
    else:
        flash(gettext("Incident %(number)s was carried out.", number=incident_id), "success")
    return redirect(url_for("incidents.index"), 303)


@blueprint.post("/<int:incident_id>/drop")
@allow("administrator")
def drop(incident_id: int) -> Response:
    """Close it without carrying it out."""
    reason = request.form.get("reason", "").strip()
    if reason:
        with writing() as transaction:
            engine.drop_incident(transaction, incident_id, reason=reason, actor=me(), now=now())
        flash(gettext("Incident %(number)s was closed.", number=incident_id), "success")
    else:
        flash(gettext("Say why the incident is closed."), "error")
    return redirect(url_for("incidents.index"), 303)


def _typed(row: engine.IncidentRow) -> list[tuple[str, str]]:
    """What was submitted, for reading."""
    answers: Any = row.arguments.get("answers")
    pairs = answers.items() if isinstance(answers, dict) else row.arguments.items()
    return [(str(name), str(value)) for name, value in pairs if value not in (None, "", [], {})]
