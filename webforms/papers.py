"""Papers: issued ones and previews, as sheets for the printer."""

import io
from uuid import UUID

from flask import Blueprint, Flask, Response, render_template, request, send_file
from markupsafe import Markup

import engine
from webforms.auth import me
from webforms.database import now, reading
from webforms.security import allow
from webforms.wordfile import MEDIA_TYPE, word_file

blueprint = Blueprint("papers", __name__)


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/papers/<uuid:paper_id>")
@allow("signed-in")
def show(paper_id: UUID) -> str:
    """An issued paper."""
    return _sheet(engine.paper_page(reading(), paper_id, me()))


@blueprint.get("/papers/<uuid:paper_id>.docx")
@allow("signed-in")
def word(paper_id: UUID) -> Response:
    """An issued paper as a Word document, named after its title and number."""
    name, content = word_paper(engine.paper_page(reading(), paper_id, me()))
    return send_file(io.BytesIO(content), MEDIA_TYPE, as_attachment=True, download_name=name)


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


def word_paper(page: engine.PaperPage) -> tuple[str, bytes]:
    """A paper as a Word document: the name of its file, after its title and number, and the content."""
    title = f"{page.title} {page.paper_number}".strip()
    return f"{title}.docx".replace("/", "-"), word_file(page.html, title=title, at=page.issued_at)
