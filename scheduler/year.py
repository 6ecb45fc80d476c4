"""A year of the whole district under a moved clock: every unit, thousands of cases, everything that the clock opens.

`processes/year.toml` says how many cases, which stories in which mixture, who is late and how a late one is marked.
Nothing is inserted by hand: people open, answer and close by the verbs, and the clock does the rest. What must hold
afterwards is asked of the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy.orm import Session

import engine
from scheduler.clerks import CLOSES, OPENS, Book, Clerk
from scheduler.demo import Demo, read_demo
from scheduler.errands import BY_PEOPLE, SOON, Errands, read_mixture
from scheduler.sandbox import Sandbox
from scheduler.stories import Story

OVERSEER = engine.Actor(0, "year", frozenset([(engine.ADMINISTRATOR, "")]))
LAST = timedelta(days=31)  # January of the next year: the last reports are handed in


@dataclass(frozen=True)
class Progress:
    """How far the year has come."""

    day: date
    opened: int
    closed: int


@dataclass
class Year:
    """The simulation. `share` of everything that is not one for the whole district: 1 is the whole year."""

    folder: Path
    share: float = 1.0
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plan = read_mixture(self.folder)
        self.random = Random(self.plan["seed"])  # noqa: S311 a simulation, the same every time
        self.demo: Demo = read_demo(self.folder)
        self.book = Book(list(self.demo.stories.values()))
        self.begins = datetime(self.plan["year"], 1, 1, tzinfo=engine.OFFICE)
        self.ends = datetime(self.plan["year"] + 1, 1, 1, tzinfo=engine.OFFICE)
        self.errands = Errands(self.plan["mix"], self.demo.stories, self.random, self.begins)
        self.closed = 0
        self._due: datetime | None = None  # when the clock has to be looked at again

    def open(self, files: Path, key: bytes) -> Sandbox:
        """The house on New Year's Day, everybody at work."""
        stage = self.demo.open(files, key, self.begins, hired=timedelta(days=1))
        stage.anchors = False  # a day's anchor over thousands of cases is the audit's business, not this one's
        self._close_others(stage)
        stage.now = self.begins
        stage.keep_calendar(None)
        return stage

    def _close_others(self, stage: Sandbox) -> None:
        """In a share of the year the other units exist, but report nothing and bring no cases."""
        assert self.demo.directory is not None  # noqa: S101 `open` comes first
        taking_part = set(self.offices())
        rows = [
            {**row, "reporting": name in taking_part, "heavy": row.get("heavy") and name in taking_part}
            if row.get("reporting")
            else dict(row)
            for name, row in self.demo.directory.offices.items()
        ]
        with stage.database.sessions.begin() as session:
            engine.store_reference(session, "offices", {"offices": rows}, now=self.begins)

    def run(self, stage: Sandbox) -> Iterator[Progress]:
        """Let the year happen; passes on how far it has come, about once a day."""
        waiting: list[tuple[datetime, int, Clerk]] = []
        clerks = list(self._clerks(stage))
        for number, clerk in enumerate(clerks):
            heappush(waiting, (clerk.begins, number, clerk))
        number, shown = len(clerks), self.begins.date()
        self._due = stage.now
        while stage.now < self.ends + LAST:
            upcoming = min(waiting[0][0] if waiting else self.ends + LAST, self.ends + LAST, _midnight(stage.now))
            self._pass(stage, max(upcoming, stage.now))
            for case, story in self.errands.called(stage):
                number += 1
                clerk = self._clerk(stage, story, stage.now + SOON, case.office, number)
                clerk.player.case_id = case.case_id
                heappush(waiting, (clerk.begins, number, clerk))
            if waiting and waiting[0][0] <= stage.now:
                _, tie, clerk = heappop(waiting)
                again = self._act(stage, clerk)
                if again is not None:
                    heappush(waiting, (max(again, stage.now), tie, clerk))
            if stage.now.astimezone(engine.OFFICE).date() > shown:
                shown = stage.now.astimezone(engine.OFFICE).date()
                yield Progress(shown, len(self.errands.known), self.closed)

    def _pass(self, stage: Sandbox, until: datetime) -> None:
        """Let time pass. Where nothing is due and nobody has done anything, there is nothing to look at."""
        if self._due is not None and until >= self._due:
            stage.advance(until)
            self._due = stage.next_due() or self.ends + LAST
        else:
            stage.now = until

    def _act(self, stage: Sandbox, clerk: Clerk) -> datetime | None:
        deeds = clerk.deeds
        again = clerk.act()
        if clerk.deeds != deeds:
            self._due = stage.now  # what follows of it happens at the next look at the clock
        if clerk.player.case_id is not None:
            self.errands.known.add(clerk.player.case_id)
        if again is None or clerk.problems:
            self.closed += 1
            self.problems += clerk.problems
            return None
        return again

    @property
    def days(self) -> int:
        """How many midnights are passed."""
        return (self.ends + LAST - self.begins).days

    def offices(self) -> list[str]:
        """The units that take part: all, or a share of them and at least two, the heavy ones first."""
        assert self.demo.directory is not None  # noqa: S101 `open` comes first
        rows = self.demo.directory.offices
        reporting = [name for name, row in rows.items() if row.get("reporting")]
        names = sorted(reporting, key=lambda name: not rows[name].get("heavy"))
        return names[
            : max(2, round(len(names) * self.share))
        ]  # at least two, so that there is somebody to compare with

    def _clerks(self, stage: Sandbox) -> Iterator[Clerk]:
        """The cases that people bring, on their days."""
        offices = self.offices()
        rows = self.demo.directory.offices if self.demo.directory else {}
        weights = [self.plan["heavy_weight"] if rows[name].get("heavy") else 1 for name in offices]
        count = round(self.plan["cases"] * self.share)
        moments = sorted(self._moment() for _ in range(count))
        mix = [row for row in self.plan["mix"] if row.get("opened_by", BY_PEOPLE) == BY_PEOPLE]
        required = [row for row in mix for _ in range(row.get("at_least", 0))]
        chosen = self.random.choices(mix, [row["weight"] for row in mix], k=max(0, count - len(required)))
        rows_chosen = [*required, *chosen][:count]
        self.random.shuffle(rows_chosen)
        for n, (moment, row) in enumerate(zip(moments, rows_chosen, strict=True)):
            office = self.random.choices(offices, weights)[0]
            story = self.errands.story_of(row)
            place = story.office if row.get("own_office") else office
            yield self._clerk(stage, story, moment, place, n)

    def _clerk(self, stage: Sandbox, story: Story, moment: datetime, office: str, number: int) -> Clerk:
        late = self.random.random() < self.plan["late_share"]
        delay = timedelta(days=self.random.choice(self.plan["late_days"])) if late else timedelta(0)
        retelling = self.demo.retelling(story, office, number, own=office != story.office)
        return Clerk(
            stage, story, self.demo.definitions, self.book, moment, office=office, rewrite=retelling, delay=delay
        )

    def _moment(self) -> datetime:
        """Some moment of a working day of the year."""
        assert self.demo.directory is not None  # noqa: S101 `open` comes first
        while True:
            day = self.begins + timedelta(days=self.random.randrange(365))
            if self.demo.directory.calendar.day(day.date()).working:
                begin = datetime.combine(day.date(), OPENS, engine.OFFICE)
                length = datetime.combine(day.date(), CLOSES, engine.OFFICE) - begin
                return begin + length * self.random.random()


def _midnight(moment: datetime) -> datetime:
    """The end of the day: the furthest that is jumped at once, so that what the clock opens is seen the same day."""
    local = moment.astimezone(engine.OFFICE) + timedelta(days=1)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def findings(session: Session, plan: Mapping[str, Any], offices: int) -> list[str]:
    """What does not hold at the end of the year, in words."""
    found = [f"{number} hangs: nothing can move it" for number in engine.stuck_cases(session)]
    found += [f"incident in {row.number}: {row.error}" for row in engine.incidents(session, OVERSEER)]
    found += [f"trail of {problem.case_id or 'the ledger'}: {problem.message}" for problem in engine.verify(session)]
    found += _missing(engine.case_counts(session), plan["must"], offices)
    for row in plan["papers"]:
        printed = [page for page in papers(session, [row]) if page.html.strip()]
        found += [f"{row['kind']}: {len(printed)} papers"] if len(printed) < row["at_least"] else []
    found += _contradictions(session, plan["year"])
    return [*found, *unmarked(session, plan["late"])]


def papers(session: Session, wanted: Sequence[Mapping[str, Any]]) -> Iterator[engine.PaperPage]:
    """The papers of these kinds, as they are printed."""
    roles = engine.directory(session).roles
    reader = engine.Actor(0, "year", frozenset((role.id, "") for role in roles.values() if role.sees == "all"))
    for row in wanted:
        for paper_id in engine.issued_papers(session, row["kind"]):
            yield engine.paper_page(session, paper_id, reader)


def _contradictions(session: Session, year: int) -> Iterator[str]:
    """What is not true of the figures of a month, in any office with cases, or of the whole district."""
    for office in (None, *sorted({row.office for row in engine.case_counts(session)})):
        for month in range(1, 13):
            name = f"{year}-{month:02d}"
            for row in engine.cross_checks(session, engine.SYSTEM, period=(name, name), office=office):
                if row.holds is False:
                    yield f"{office or 'all offices'}, {name}: {row.says}"


def _missing(counts: Sequence[engine.CaseCount], wanted: Sequence[Mapping[str, Any]], offices: int) -> Iterator[str]:
    """Kinds of cases of which there should have been more."""
    for row in wanted:
        kind = {name: row[name] for name in ("process", "outcome", "level", "status") if name in row}
        least = row.get("at_least", 0) or row["in_every_office"] * offices
        found = sum(each.count for each in counts if all(getattr(each, name) == kind[name] for name in kind))
        if found < least:
            yield f"{', '.join(kind.values())}: {found} cases, not {least}"


def unmarked(session: Session, rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Cases in which a deadline passed and no mark says so, or a mark stands and no deadline passed."""
    found = []
    concerned = {rule["process"] for rule in rules}
    for case in engine.newborn(session, since=datetime.min.replace(tzinfo=engine.OFFICE) + timedelta(days=2)):
        if case.process not in concerned:
            continue
        seen = engine.snapshot(session, case.case_id)
        for rule in (rule for rule in rules if rule["process"] == case.process):
            passed = any(row.name == rule["deadline"] and row.status == "expired" for row in seen.deadlines)
            marked = bool(seen.variables.get(rule["fact"]))
            if passed != marked:
                kept = "passed" if passed else "was kept"
                found.append(f"{seen.number}: {rule['deadline']} {kept}, {rule['fact']} is {marked}")
    return found
