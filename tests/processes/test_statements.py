"""What the real procedure writes: every completion of every scenario stays within the limit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

import engine
from scheduler.scenarios import Scenarios

LIMIT = 12
PROCESSES = Path(__file__).parents[2] / "processes"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The statements of each `complete_task`, with a draft to be dropped as in a browser."""
    counts: list[int] = []
    running = False

    def note(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        if running and not text.startswith("BEGIN"):
            counts[-1] += 1

    complete = engine.complete_task

    def counting(session: Any, task_id: Any, answers: Any, **more: Any) -> Any:
        nonlocal running
        engine.save_draft(session, str(task_id), {}, actor=more["actor"], now=more["now"])
        session.flush()
        counts.append(0)
        running = True
        try:
            return complete(session, task_id, answers, **more)
        finally:
            running = False

    monkeypatch.setattr(engine, "complete_task", counting)
    event.listen(Engine, "before_cursor_execute", note)
    yield counts
    event.remove(Engine, "before_cursor_execute", note)


def test_a_completion_of_the_real_procedure_writes_little(counted: list[int]):
    scenarios = Scenarios(PROCESSES / "mediation")
    chosen = [story for number, story in enumerate(scenarios.stories()) if number % 6 == 0 or "written" in story.name]
    for story in chosen:
        assert scenarios.play(story).problems == ()
    assert len(counted) > 100
    assert max(counted) <= LIMIT
