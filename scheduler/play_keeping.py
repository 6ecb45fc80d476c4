"""The plays that lie in memory: a few houses, each with one case, so that a move costs one step and not all of them."""

import tempfile
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import engine
from scheduler.plays import Definitions, Play
from scheduler.rehearsal import CopiedHouse
from scheduler.stories import moment
from scheduler.story_writing import written

HOUSES = 2  # drafts whose copies of the house are kept
PLAYS = 4  # cases that are kept
IDLE = 1200.0  # seconds after which nobody is thought to go on


class Kept:
    """A play in memory, and in which house it takes place."""

    def __init__(self, play: Play, house: CopiedHouse) -> None:
        self.play = play
        self.house = house
        self.used = time.monotonic()


class Turn:
    """Whose turn it is with a play."""

    def __init__(self) -> None:
        self.lock = Lock()


class Plays:
    """The plays of this process. Nothing is lost with it: a play is built anew from its moves."""

    def __init__(self) -> None:
        self._lock = Lock()  # over what follows
        self._turns: WeakValueDictionary[int, Turn] = WeakValueDictionary()
        self._houses: OrderedDict[str, tuple[CopiedHouse, Definitions, engine.Directory]] = OrderedDict()
        self._kept: OrderedDict[int, Kept] = OrderedDict()

    @contextmanager
    def at(self, database: engine.Database, files: Mapping[str, str], row: engine.PlayRow) -> Iterator[Play]:
        """The play after its moves, for one window at a time. Raises InvalidDefinition where the files cannot run.

        What goes wrong inside the block costs the play in memory: it is built anew at the next look.
        """
        with self._lock:
            turn = self._turns.setdefault(row.id, Turn())
        with turn.lock:
            kept = self._taken(database, files, row)
            try:
                kept.play.go_on(row.moves[len(kept.play.moves) :])
                yield kept.play
            except BaseException:
                kept.play.close()
                raise
            self._put_back(row.id, kept)

    def text(self, play: Play, name: str, title: str, left_out: frozenset[str]) -> str:
        """The scenario file of a play; what of it is left out, see `Play.story`."""
        return written(play.story(name, title, left_out=left_out))

    def _taken(self, database: engine.Database, files: Mapping[str, str], row: engine.PlayRow) -> Kept:
        """The play as it lies here, if it is the beginning of what is asked for; else a new one."""
        house, definitions = self._house(database, files)
        with self._lock:
            kept = self._kept.pop(row.id, None)
        if kept is not None:
            if kept.house is house and kept.play.moves == list(row.moves[: len(kept.play.moves)]):
                return kept
            kept.play.close()
        return Kept(Play(house.sandbox(moment(row.setup["at"])), definitions, row.setup), house)

    def _put_back(self, play_id: int, kept: Kept) -> None:
        if kept.play.stuck is not None:
            kept.play.close()
            return
        kept.used = time.monotonic()
        with self._lock:
            self._kept[play_id] = kept
            idle = [one for one, old in self._kept.items() if kept.used - old.used > IDLE]
            for one in [*idle, *list(self._kept)[: max(0, len(self._kept) - len(idle) - PLAYS)]]:
                old = self._kept.pop(one, None)
                if old is not None:
                    old.play.close()

    def _house(self, database: engine.Database, files: Mapping[str, str]) -> tuple[CopiedHouse, Definitions]:
        """A copy of the house with these files in it; a new one once offices, roles or calendars are others."""
        digest = engine.behaviour_digest(files)
        with database.reads.begin() as session:
            known = engine.directory(session)
        with self._lock:
            house = self._houses.get(digest)
            if house is None or house[2] is not known:
                with tempfile.TemporaryDirectory(prefix="tiaojie-play-") as name:
                    copied = CopiedHouse(Path(name), database, files)
                house = self._houses[digest] = (copied, Definitions(copied.versions), known)
            self._houses.move_to_end(digest)
            while len(self._houses) > HOUSES:
                self._houses.popitem(last=False)
            return house[:2]
