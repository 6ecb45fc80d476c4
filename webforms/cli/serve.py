"""`tiaojie serve` and `tiaojie clock`: the two that run until they are told to end."""

import logging
import signal
import socket
import sys
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from types import FrameType
from typing import Any

import waitress

import engine
from scheduler.clock import EVERY, run_clock, start_clock
from scheduler.mailing import Mailer
from scheduler.play_keeping import Plays
from scheduler.rehearsal import rehearse
from scheduler.tick import tick
from webforms import create_app
from webforms.cli.demo import read_accounts
from webforms.cli.house import machine_now, open_database, read_settings
from webforms.cli.output import Commands, Refused, command, tell, tell_json
from webforms.mail import mailer
from webforms.settings import Settings

SERVE = """Serve the site, and look at the clock, in one process.

The address is TIAOJIE_HOST and TIAOJIE_PORT. With --no-clock something else must look at the clock: `tiaojie clock`."""
CLOCK = """Look at the clock without serving the site: deadlines expire, reminders and messages go out.

Several clocks on one database do no harm; each case is locked while it moves."""
CODES = "exit codes: 0 told to end; 2 refused: settings, address in use, no database"


def register(commands: Commands) -> None:
    """Add the commands."""
    parser = command(commands, "serve", serve, SERVE, epilog=CODES)
    parser.add_argument("--clock", action=BooleanOptionalAction, default=True, help="look at the clock too (default)")
    parser.add_argument("--threads", type=int, default=8, metavar="N", help="requests served at once (default: 8)")
    _every(parser)
    parser = command(commands, "clock", clock, CLOCK, epilog=CODES, takes_json=True)
    parser.add_argument("--once", action="store_true", help="look once, say what happened, end")
    _every(parser)


def _every(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--every", type=float, default=EVERY, metavar="SECONDS", help=f"between two looks (default: {EVERY})"
    )


def serve(chosen: Namespace) -> int:
    """Serve until told to end."""
    settings = read_settings(web=True)
    _log_to_stderr()
    database = open_database(settings)
    app = create_app()
    app.config["REHEARSE"] = rehearse
    app.config["PLAYS"] = Plays()
    if settings.demo:
        app.config["DEMO_ACCOUNTS"] = read_accounts(settings)
    listener = _listen(settings)
    stop = (
        start_clock(database, lambda: machine_now(settings), mailer=mailer_of(settings), every=chosen.every)
        if chosen.clock
        else lambda: None
    )
    server: Any = waitress.create_server(app, sockets=[listener], threads=chosen.threads, ident=None)
    tell(f"Tiaojie is ready: http://{settings.host}:{settings.port}   (end: Ctrl+C)")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, _end)
    try:
        server.run()
    finally:
        server.close()
        stop()
    return 0


def clock(chosen: Namespace) -> int:
    """Look at the clock."""
    settings = read_settings()
    database = open_database(settings)
    if chosen.once:
        done = tick(database, machine_now(settings), mailer=mailer_of(settings))
        tell_json(vars(done)) if chosen.json else tell(", ".join(f"{name} {n}" for name, n in vars(done).items()))
        return 0
    _log_to_stderr()
    signal.signal(signal.SIGTERM, _end)
    tell(f"The clock shows {machine_now(settings).astimezone(engine.OFFICE):%Y-%m-%d %H:%M}   (end: Ctrl+C)")
    sys.stdout.flush()
    try:
        run_clock(database, lambda: machine_now(settings), mailer=mailer_of(settings), every=chosen.every)
    except (KeyboardInterrupt, SystemExit):
        return 0
    return 0


def mailer_of(settings: Settings) -> Mailer | None:
    """How letters go out; none without a mail server."""
    return mailer(settings.mail, settings.site) if settings.mail is not None else None


def _listen(settings: Settings) -> socket.socket:
    """The socket, before anything else is started: an address in use is a refusal."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise Refused(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another with TIAOJIE_PORT."
        ) from error
    return listener


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("tiaojie").setLevel(logging.INFO)
