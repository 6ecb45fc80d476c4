"""One verb for many cases, each in a transaction of its own; and the page that tells what became of each."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

import engine
from webforms.auth import me
from webforms.database import Failed, carry_out, now, reading
from webforms.posts import KEY, own_key
from webforms.security import allow, local_address
from webforms.words import lazy_gettext as _l

blueprint = Blueprint("bulk_results", __name__)
ACTIONS = {
    "reassign": (_l("Hand over tasks"), _l("handed over")),
    "return": (_l("Take a handing over back"), _l("given back")),
    "urge": (_l("Urge"), _l("urged")),
    "extend": (_l("Extend time limits"), _l("extended")),
}


def init_app(app: Flask) -> None:
    """Install the page."""
    app.register_blueprint(blueprint)


def chosen(name: str) -> list[UUID]:
    """The ids of this name in the address or the form; what is no id is left out."""
    found = []
    for text in request.values.getlist(name)[: engine.CHOSEN_LIMIT]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def back() -> str:
    """Where the person came from."""
    return local_address(request.values.get("next") or url_for("tasks.index", view="office"))


def each_for_itself(
    action: str,
    ids: Iterable[UUID],
    verb: Callable[..., Any],
    *,
    name: str = "task",
    each: dict[str, Callable[[UUID], Any]] | None = None,
    **arguments: Any,
) -> Response:
    """Carry out a verb for each id in a transaction of its own; what became of each goes into the address."""
    done, refused = [], []
    for one in ids:
        more = {key: make(one) for key, make in (each or {}).items()}
        subject = {f"{name}_id": one}
        if verb in (engine.urge_task, engine.extend_deadline) and request.form.get(KEY):
            more["key"] = own_key(request.form[KEY], verb.__name__, subject)
        try:
            carry_out(verb, actor=me(), **subject, **arguments, **more)
            done.append(str(one))
        except engine.AlreadyDone:
            done.append(str(one))
        except engine.EngineError as error:
            refused.append(f"{one}~{error.code}")
        except OperationalError:
            refused.append(f"{one}~busy")
        except Failed:
            refused.append(f"{one}~incident-recorded")
    address = url_for("bulk_results.show", action=action, of=name, ok=done, no=refused, next=back())
    return redirect(address, 303)


@blueprint.get("/bulk/result")
@allow("signed-in")
def show() -> str:
    """What became of each case."""
    action = request.args.get("action", "")
    if action not in ACTIONS:
        raise engine.NotFound
    words = dict(text.split("~", 1) for text in request.args.getlist("no") if "~" in text)
    done = chosen("ok")
    failed = {UUID(text): code for text, code in words.items() if _is_id(text)}
    known = _named([*done, *failed], request.args.get("of", "task"))
    return render_template(
        "bulk/result.html",
        action=action,
        title=ACTIONS[action][0],
        verb=ACTIONS[action][1],
        done=[known.get(one, (one, None)) for one in done],
        failed=[(known.get(one, (one, None)), code) for one, code in failed.items()],
        undo=done if action == "reassign" else [],
        back=back(),
    )


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _named(ids: list[UUID], kind: str) -> dict[UUID, tuple[UUID, Any]]:
    """Id -> (id, what is shown of it now)."""
    if kind == "deadline":
        rows: Iterable[Any] = engine.extension_previews(reading(), ids, "1d", me(), now=now())
        return {row.deadline_id: (row.deadline_id, row) for row in rows}
    return {t.row.task_id: (t.row.task_id, t.row) for t in engine.chosen_tasks(reading(), ids, me(), now=now())}
