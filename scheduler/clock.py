"""The heartbeat: looks at the clock every few seconds. It keeps nothing; what is due is in the database."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler

import engine
from scheduler.mailing import Mailer
from scheduler.tick import Handlers, tick

EVERY = 10  # seconds between two looks

_log = logging.getLogger("tiaojie.clock")


def start_clock(
    database: engine.Database,
    now: Callable[[], datetime],
    *,
    handlers: Handlers | None = None,
    mailer: Mailer | None = None,
    every: float = EVERY,
) -> Callable[[], None]:
    """Look at the clock from a thread of this process; answers the function that stops it."""
    aps = BackgroundScheduler(timezone=UTC)
    _add(aps, database, now, handlers, mailer, every)
    aps.start()
    return lambda: aps.shutdown(wait=True)


def run_clock(
    database: engine.Database,
    now: Callable[[], datetime],
    *,
    handlers: Handlers | None = None,
    mailer: Mailer | None = None,
    every: float = EVERY,
) -> None:
    """Look at the clock until the process is told to end."""
    aps = BlockingScheduler(timezone=UTC)
    _add(aps, database, now, handlers, mailer, every)
    aps.start()


def _add(
    aps: BaseScheduler,
    database: engine.Database,
    now: Callable[[], datetime],
    handlers: Handlers | None,
    mailer: Mailer | None,
    every: float,
) -> None:
    looking = Lock()

    def look() -> None:
        if not looking.acquire(blocking=False):
            return
        try:
            done = tick(database, now(), handlers, mailer=mailer)
        finally:
            looking.release()
        if done.total or done.anchored:
            _log.info(
                "opened %d, fired %d, reminded %d, delivered %d, mailed %d, failed %d",
                done.opened, done.fired, done.reminded, done.delivered, done.mailed, done.failed,
            )  # fmt: skip

    aps.add_job(look)  # at once: whatever came due while nobody looked
    aps.add_job(look, "interval", seconds=every, max_instances=1, coalesce=True, misfire_grace_time=None)
