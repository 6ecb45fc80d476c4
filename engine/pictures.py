"""The picture of a case: the diagram it runs on, where the token was and is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import runtime
from engine.authority import Actor
from engine.casefile import visible_case
from engine.definitions import Definition
from engine.inbox import definition_of_case
from engine.model import Event, Task
from engine.rows import Diagram, Visit
from engine.values import loads


def diagram(session: Session, case_id: UUID, actor: Actor, *, now: datetime) -> Diagram:
    """The picture of a case with the token and the travelled path. Raises NotFound."""
    case = visible_case(session, case_id, actor)
    definition = definition_of_case(session, case)
    waiting = runtime.waiting(runtime.load(case.state, definition.compiled))
    late = {
        task.element for task in session.scalars(select(Task).where(Task.case_id == case_id)) if task.sort_at <= now
    }
    done: dict[str, None] = {}
    visits: list[Visit] = []
    elements = definition.diagram.elements
    for event in session.scalars(select(Event).where(Event.case_id == case_id).order_by(Event.seq)):
        detail = loads(event.detail)
        done |= dict.fromkeys([*detail.get("done", ()), *detail.get("flows", ())])
        for state in ("done", "gone"):
            for element_id in detail.get(state, ()):
                element = elements.get(element_id)
                if (
                    element is not None
                    and not runtime.is_synthetic(element_id)
                    and (element.name or element.kind in {"startEvent", "endEvent"})
                    and not (state == "gone" and element.kind == "boundaryEvent")  # it waited and was not needed
                ):
                    visits.append(Visit(element_id, element.name, element.kind, event.at, event.actor_name, state))
    current = [e for e in waiting.elements if elements[e].kind != "boundaryEvent"] if case.status == "running" else []
    visits += [
        Visit(e, elements[e].name, elements[e].kind, None, "", "late" if e in late else "current") for e in current
    ]
    return Diagram(
        drawing(definition), definition.title, tuple(done), tuple(current), tuple(sorted(late)), tuple(visits)
    )


def drawing(definition: Definition) -> str:
    """The BPMN file that draws the process."""
    own = [
        body
        for name, body in definition.files.items()
        if name.endswith(".bpmn") and f'id="{definition.process}"' in body
    ]
    return own[0] if own else next((body for name, body in definition.files.items() if name.endswith(".bpmn")), "")
