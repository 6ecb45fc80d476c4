"""Papers: issued ones and previews, as sheets for the printer."""

from uuid import UUID

from flask import Blueprint, Flask, render_template, request
from markupsafe import Markup

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.security import allow

blueprint = Blueprint("papers", __name__)


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/papers/<uuid:paper_id>")
@allow("signed-in")
def show(paper_id: UUID) -> str:
    """An issued paper."""
    return _sheet(engine.paper_page(reading(), paper_id, me()))


@blueprint.get("/cases/<uuid:case_id>/papers/<kind>")
@allow("signed-in")
def preview(case_id: UUID, kind: str) -> str:
    """What the paper would say if it were issued now; from a task, with what is typed there so far."""
    task_id = _task()
    page = engine.paper_preview(reading(), case_id, kind, me(), now=now(), task_id=task_id)
    return _sheet(page, task_id)


def _task() -> UUID | None:
    try:
        return UUID(request.args["task"]) if "task" in request.args else None
    except ValueError:
        return None


def _sheet(page: engine.PaperPage, task_id: UUID | None = None) -> str:
    # The body comes from the process's own template, rendered in a sandbox with autoescape.
    return render_template("papers/sheet.html", page=page, task_id=task_id, body=Markup(page.html))  # noqa: S704
