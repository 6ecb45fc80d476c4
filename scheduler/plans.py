"""What a demonstration tells: which story, where, from when, up to where."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.retelling import Retelling
from scheduler.stories import Story

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Plan:
    """One case to be told: which story, where, from when, up to where."""

    story: Story
    office: str
    retelling: Retelling
    ends: timedelta | None  # how long before now it comes to its end, or to where it stops; None: as dated
    stop_before: str = ""


def last_moment(plan: Plan) -> datetime:
    """When the story as written comes to its end, or to where it stops."""
    last = plan.story.at
    for step in plan.story.steps:
        if plan.stop_before and step.do == plan.stop_before:
            break
        if step.until is not None:
            last = step.until
        elif step.wait:
            last += WEEK
    return last
