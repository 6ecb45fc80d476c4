"""Files: taken in with the form they belong to, given out as downloads that cannot run in the page."""

from typing import Any, BinaryIO, cast
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, request, send_file
from werkzeug.datastructures import FileStorage

import engine
from webforms.auth import me
from webforms.database import now, reading, writing
from webforms.security import allow

blueprint = Blueprint("uploads", __name__)
DOWNLOAD_POLICY = "default-src 'none'; sandbox"


def init_app(app: Flask) -> None:
    """Install the page."""
    app.register_blueprint(blueprint)


@blueprint.get("/files/<uuid:file_id>")
@allow("signed-in")
def download(file_id: UUID) -> Response:
    """The file as an attachment."""
    row = engine.file_for(reading(), file_id, me())
    answer = send_file(
        engine.file_path(current_app.config["FILES"], row.digest),
        mimetype=row.media_type,
        as_attachment=True,
        download_name=row.name,
        etag=row.digest,
    )
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def take_in() -> tuple[list[tuple[str, str]], dict[str, engine.EngineError]]:
    """Store the files of this request; (field, file id) of each, and what was refused by field."""
    kept: list[tuple[str, str]] = []
    refused: dict[str, engine.EngineError] = {}
    for field, upload in request.files.items(multi=True):
        if upload.filename:
            try:
                kept.append((field, str(_keep(upload).id)))
            except engine.EngineError as error:
                refused[field] = error
    return kept, refused


def _keep(upload: FileStorage) -> Any:
    with writing() as session:
        stream, name = cast("BinaryIO", upload.stream), upload.filename or ""
        return engine.add_file(session, stream, name, current_app.config["FILES"], actor=me(), now=now())
