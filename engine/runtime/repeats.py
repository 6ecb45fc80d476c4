"""What repeats an activity, as the diagram says it: over which list, under which name, and where results go."""

from dataclasses import dataclass
from typing import Any

from engine.runtime import specs
from engine.runtime.parser import Compiled


@dataclass(frozen=True)
class Repeat:
    """A repeated activity; an empty text is what the diagram does not say."""

    collection: str  # FEEL: what it is repeated over
    item: str  # what one of it is called inside
    output: str  # the variable that collects the results
    result: str  # what of an instance is collected; without it all its answers, with the item


def repeats(compiled: Compiled) -> dict[str, Repeat]:
    """The repeated activities by element."""
    shells = [
        task_spec
        for spec in (compiled.spec, *compiled.subspecs.values())
        for task_spec in spec.task_specs.values()
        if isinstance(task_spec, specs.LOOPS)
    ]
    return {shell.bpmn_id: Repeat(*(_named(shell, part) for part in PARTS)) for shell in shells}


PARTS = ("data_input", "input_item", "data_output", "output_item")


def _named(shell: Any, part: str) -> str:
    reference = getattr(shell, part, None)
    return str(reference.bpmn_id) if reference is not None else ""
