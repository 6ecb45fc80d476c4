"""The files of a published version, to read and to try out: diagrams, decisions, forms, and everything else as text."""

from flask import Blueprint, Flask, Response, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

import engine
from webforms import model_pages
from webforms.database import reading
from webforms.i18n import moment
from webforms.model_pages import Opened, opened, steps, styled, trial
from webforms.security import allow
from webforms.words import gettext

blueprint = Blueprint("model_view", __name__, url_prefix="/models/versions/<int:version_id>")


def init_app(app: Flask) -> None:
    """Install the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/view/<path:name>")
@allow("signed-in")
def show(version_id: int, name: str) -> str | AnyResponse:
    """The file as a person reads it."""
    model = engine.published_model(reading(), version_id)
    file = _file(model, name)
    over = gettext("%(title)s · version of %(moment)s", title=file.title, moment=moment(model.deployed_at))
    if file.kind == "form":
        return redirect(file.address("preview"), 302)
    if file.kind == "bpmn":
        return render_template("models/view_bpmn.html", file=file, over=over, steps=steps(file.files))
    if file.kind == "dmn":
        page = render_template(
            "models/view_dmn.html", file=file, over=over, trial=trial(file), in_text=model_pages.in_text
        )
        return styled(page)
    return render_template("models/view_text.html", file=file, over=over)


@blueprint.get("/source/<path:name>")
@allow("signed-in")
def source(version_id: int, name: str) -> Response:
    """The text of the file."""
    return model_pages.source(_file(engine.published_model(reading(), version_id), name))


@blueprint.route("/preview/<path:name>", methods=["GET", "POST"])
@allow("signed-in")
def preview(version_id: int, name: str) -> str | Response:
    """A form with its conditions and lists; nothing typed here is kept."""
    file = _file(engine.published_model(reading(), version_id), name)
    if file.kind != "form":
        raise engine.NotFound
    return model_pages.preview(file)


def _file(model: engine.PublishedModel, name: str) -> Opened:
    return opened(model.title, model.files, name, f"/models/versions/{model.version_id}", "view")
