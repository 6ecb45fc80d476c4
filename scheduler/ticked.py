"""What one look at the clock did, and what is no failure."""

from dataclasses import dataclass

from sqlalchemy.exc import OperationalError

import engine


@dataclass
class Ticked:
    """What one look at the clock did."""

    opened: int = 0
    fired: int = 0
    reminded: int = 0
    delivered: int = 0
    mailed: int = 0
    published: int = 0
    failed: int = 0
    anchored: bool = False

    def count(self, what: str) -> None:
        """One more of what a counter counts."""
        setattr(self, what, getattr(self, what) + 1)

    @property
    def total(self) -> int:
        """How much happened at all."""
        acts = self.opened + self.fired + self.reminded + self.delivered + self.published
        return acts + self.mailed + self.failed


def is_busy(error: Exception) -> bool:
    """Whether another writer held the lock too long: nothing is wrong, nothing is recorded."""
    return isinstance(error, engine.Busy) or (isinstance(error, OperationalError) and "locked" in str(error))
