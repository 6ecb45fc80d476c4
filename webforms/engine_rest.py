"""What Camunda Modeler's Deploy button calls. A deployment makes or updates a draft; nothing goes live here.

The addresses and answers are those of Camunda 7's REST interface (version, deployment, deployment/create); whoever
calls shows a token of their account, as a bearer token or as the password of basic authentication.
"""

from collections.abc import Mapping
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response, g, jsonify, request

import engine
from webforms.database import now, reading, writing
from webforms.i18n import translated
from webforms.models import taken_in
from webforms.security import View, allow, csrf
from webforms.words import gettext

VERSION = "7.24.0"  # the Camunda 7 release whose diagrams are understood here
DRAFTS = "draft:"
blueprint = Blueprint("engine_rest", __name__, url_prefix="/engine-rest")


def init_app(app: Flask) -> None:
    """Install the addresses; no cookie counts here, so nothing can be forged with one."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)


def refusal(status: int, kind: str, message: str) -> Response:
    """An answer the Modeler shows to its user."""
    answer = jsonify({"type": kind, "message": message})
    answer.status_code = status
    if status == 401:  # noqa: PLR2004 unauthorized
        answer.headers["WWW-Authenticate"] = 'Basic realm="Tiaojie", charset="UTF-8"'
    return answer


def with_token(view: View) -> View:
    """Let only somebody in who shows a token and may draw models; sign-in sessions do not count."""

    @wraps(view)
    def guarded(*args: Any, **named: Any) -> Any:
        given = request.authorization
        token = (given.token if given.type == "bearer" else given.password) if given is not None else None
        found = engine.actor_of_token(reading(), token, now=now()) if token else None
        if found is None:
            said = gettext("The token is missing or not valid. Make one on the page of your account.")
            return refusal(401, "AuthorizationException", said)
        g.caller, is_stale = found
        if is_stale:
            with writing() as transaction:
                engine.note_use(transaction, token or "", now=now())
        if not engine.draws_models(reading(), g.caller):
            return refusal(403, "AuthorizationException", gettext("Your roles do not allow changing processes."))
        try:
            return view(*args, **named)
        except engine.EngineError as error:
            status = 409 if isinstance(error, engine.CaseChanged) else 400
            return refusal(status, type(error).__name__, translated(error.code, str(error), error.params))

    return guarded  # type: ignore[return-value]


@blueprint.get("/version")
@allow("public")
@with_token
def version() -> Response:
    """Which release of Camunda 7 this behaves like."""
    return jsonify({"version": VERSION})


@blueprint.get("/deployment")
@allow("public")
@with_token
def deployments() -> Response:
    """The Modeler asks for no row; it only wants to know whether it may."""
    return jsonify([])


@blueprint.post("/deployment/create")
@allow("public")
@with_token
def create() -> Response:
    """Take the diagram and what is attached to it as a draft."""
    files = engine.unpack(
        [(name, part.stream.read()) for name, part in request.files.items(multi=True) if part.filename] or taken_in()
    )
    process, title = engine.told_by(files)
    if not process:
        said = gettext("There is no process in these files: a .bpmn file with an executable process is needed.")
        return refusal(400, "ParseException", said)
    name = request.form.get("deployment-name", "").strip() or title or process
    with writing() as transaction:
        draft_id, revision = engine.deploy_to_draft(transaction, files, title=name, actor=g.caller, now=now())
    return jsonify(_deployed(draft_id, revision, process, title, name, files))


@blueprint.post("/process-definition/<path:definition>/start")
@allow("public")
@with_token
def start(definition: str) -> Response:  # noqa: ARG001 whatever it is
    """A draft is not started from the Modeler."""
    said = gettext("The model is kept as a draft. Check, simulate and publish it on the pages of the library.")
    return refusal(400, "InvalidRequestException", said)


def _deployed(
    draft_id: int, revision: int, process: str, title: str, name: str, files: Mapping[str, str]
) -> dict[str, Any]:
    definition = {
        "id": f"{process}:{revision}:{DRAFTS}{draft_id}",
        "key": process,
        "name": title or process,
        "version": revision,
        "resource": next((each for each in sorted(files) if each.endswith(".bpmn")), None),
        "deploymentId": f"{DRAFTS}{draft_id}",
        "tenantId": None,
    }
    page = f"{request.url_root}models/{draft_id}"
    return {
        "id": f"{DRAFTS}{draft_id}",
        "name": name,
        "source": request.form.get("deployment-source"),
        "deploymentTime": now().isoformat(timespec="milliseconds"),
        "tenantId": None,
        "links": [{"method": "GET", "href": page, "rel": "self"}],
        "deployedProcessDefinitions": {definition["id"]: definition},
        "deployedCaseDefinitions": None,
        "deployedDecisionDefinitions": None,
        "deployedDecisionRequirementsDefinitions": None,
    }
