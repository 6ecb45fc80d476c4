"""Repairs of models that come from elsewhere, or from somebody's first drawing: proposed one by one, applied as asked.

A repair writes what the drawing says already in words the host reads; where it takes something for granted (which way
is taken otherwise, that labels are a choice) its sentence says so. Settings of other products without a counterpart are
removed only as a proposal that names them; what else has no exact counterpart stays a finding of `engine.checks`.
"""

from collections.abc import Collection, Iterator, Mapping

from engine.model_repairs.conditions import default_flows, empty_conditions, juel_texts, labels_of_choices, timer_labels
from engine.model_repairs.dialects import other_dialects, settings_without_twin
from engine.model_repairs.identities import executable, missing_ids, unreadable_ids
from engine.model_repairs.model import Model, Proposal, Step, read_model
from engine.model_repairs.ways import dangling_flows, link_names, plain_tasks, splits, without_end, without_start

__all__ = ["Proposal", "apply_repairs", "element_names", "proposed_repairs"]

ROUNDS = 6  # a repair can make the next one possible; more rounds than this no model needs
ORDER = (
    executable, unreadable_ids, missing_ids, other_dialects, settings_without_twin, plain_tasks, empty_conditions,
    juel_texts, timer_labels,
    link_names, dangling_flows, splits, labels_of_choices, default_flows, without_start, without_end,
)  # fmt: skip


def proposed_repairs(files: Mapping[str, str]) -> tuple[Proposal, ...]:
    """Everything that can be repaired in the BPMN files of a folder, in the order in which it would be done."""
    return tuple(step.proposal for step in _steps(read_model(files)))


def apply_repairs(files: Mapping[str, str], ids: Collection[str] | None = None) -> dict[str, str]:
    """The files after the repairs with these ids, or after all that there are, also those that others make possible.

    Any order of `ids` gives the same model, but for where in the file added elements are written; what is repaired
    already, or never was proposed, changes nothing.
    """
    if ids is not None:
        return _applied(files, set(ids))
    repaired = dict(files)
    for _ in range(ROUNDS):
        wanted = {proposal.id for proposal in proposed_repairs(repaired)}
        if not wanted:
            break
        repaired = _applied(repaired, wanted)
    return repaired


def element_names(files: Mapping[str, str]) -> dict[str, str]:
    """What people call the elements of the diagrams among these files, by id; what has no name is left out."""
    return {key: name for key, name in read_model(files).names.items() if name != key}


def _applied(files: Mapping[str, str], wanted: Collection[str]) -> dict[str, str]:
    model = read_model(files)
    for rule in ORDER:
        for step in list(_clear(model, rule(model))):
            if step.proposal.id in wanted:
                step.carry_out()
                model.touched.add(step.proposal.file)
    return model.written()


def _steps(model: Model) -> Iterator[Step]:
    for rule in ORDER:
        yield from _clear(model, rule(model))


def _clear(model: Model, steps: Iterator[Step]) -> Iterator[Step]:
    """Nothing is repaired where two elements have the same id: it is not clear which of them is meant."""
    return (step for step in steps if step.proposal.element not in model.twice)
