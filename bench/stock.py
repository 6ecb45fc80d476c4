"""The baseline: SpiffWorkflow as it comes, in memory, with a cached spec. Never imports the engine, which repairs it.

Reads one line per round from its input (a number of cases) and answers with the seconds they took.
"""

import sys
from time import perf_counter
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser

from bench.shape import STEPS, Dialect, answers, bpmn, dmn


def parse() -> tuple[Any, Any]:
    """The spec and its sub-specs."""
    dialect = Dialect(is_stock=True)
    parser = SpiffBpmnParser()
    parser.add_dmn_str(dmn(dialect).encode())
    parser.add_bpmn_str(bpmn(dialect).encode())
    return parser.get_spec("permit"), parser.get_subprocess_specs("permit")


def run_case(spec: Any, subspecs: Any) -> int:
    """One case from start to end; its user steps."""
    workflow = BpmnWorkflow(spec, subspecs)
    workflow.do_engine_steps()
    steps = 0
    while not workflow.completed:
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data.update(answers(task.task_spec.name, is_stock=True))
        task.run()
        workflow.do_engine_steps()
        steps += 1
    return steps


def main() -> None:
    """Answer rounds until the input ends."""
    spec, subspecs = parse()
    if run_case(spec, subspecs) != len(STEPS):
        sys.exit("the baseline took another way")
    for line in sys.stdin:
        begun = perf_counter()
        for _ in range(int(line)):
            run_case(spec, subspecs)
        print(perf_counter() - begun, "engine" in sys.modules, flush=True)  # noqa: T201 it is the protocol


if __name__ == "__main__":
    main()
