"""Replaying the past: the decisions, gateways and limits of closed cases asked again of a draft. Nothing is written.

The past is what the audit trail, the deadline rows and the messages of a case say. Whole cases are not run again:
after the first other way nobody can know what would have followed.
"""

from engine.replay.reading import closed_cases, replay, replay_cases, replay_seen
from engine.replay.results import CaseReplay, Difference, Read, Replayed, Unjudged

__all__ = [
    "CaseReplay",
    "Difference",
    "Read",
    "Replayed",
    "Unjudged",
    "closed_cases",
    "replay",
    "replay_cases",
    "replay_seen",
]
