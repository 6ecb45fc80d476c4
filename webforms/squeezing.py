"""Static files travel compressed: an old line should not wait for the style sheet. Pages do not, they hold secrets."""

import gzip
from functools import cache
from pathlib import Path

from flask import Flask, Response, request

from webforms.security import STATIC

WORTH = 1024  # bytes; smaller files do not shrink
KINDS = {"text/css", "text/javascript", "application/javascript", "application/json", "image/svg+xml"}


def init_app(app: Flask) -> None:
    """Compress what the browser can read."""
    app.after_request(squeezed)


def squeezed(response: Response) -> Response:
    """The answer, smaller where it is a whole static text and the browser takes gzip."""
    if request.endpoint != "static" or response.mimetype not in KINDS:
        return response
    response.vary.add("Accept-Encoding")
    path = STATIC / str((request.view_args or {}).get("filename", ""))
    whole = response.status_code == 200 and "Range" not in request.headers  # noqa: PLR2004 a part is no whole file
    if whole and request.accept_encodings["gzip"] and path.stat().st_size > WORTH:
        if (opened := getattr(response.response, "close", None)) is not None:
            opened()
        response.direct_passthrough = False
        response.set_data(_smaller(path, path.stat().st_mtime_ns))
        response.headers["Content-Encoding"] = "gzip"
        etag, _weak = response.get_etag()
        if etag:
            response.set_etag(etag, weak=True)  # the same content, other bytes
    return response


@cache
def _smaller(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)
