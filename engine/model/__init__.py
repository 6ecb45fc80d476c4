"""The tables. Only the engine reads or writes them; faces ask questions and get frozen rows."""

from engine.model.absences import Absence
from engine.model.base import FAR, NAMING, Base, Instant
from engine.model.carried import CaseMigration
from engine.model.cases import Case, CaseLink, CaseOffice, SensitiveFact
from engine.model.catalogue import Counter, Reference, Version
from engine.model.contents import Draft, File, Paper
from engine.model.figures import EVERYWHERE, OPEN_ENDED, Occurrence, Tally
from engine.model.library import ApiToken, ModelDraft, Play, Publication
from engine.model.notices import MailChoice, Notice
from engine.model.openings import CalendarEntry, CalendarStart
from engine.model.people import Person, PersonRole, SignIn
from engine.model.projections import Deadline, Effect, Subscription, Task, Timer
from engine.model.registers import OPEN_END, Edition, Entry
from engine.model.repairs import ChangeRequest
from engine.model.reports import Submission
from engine.model.stays import Stay, StayTally
from engine.model.trail import Anchor, Event, Incident, Ledger

__all__ = [
    "EVERYWHERE",
    "FAR",
    "NAMING",
    "OPEN_END",
    "OPEN_ENDED",
    "Absence",
    "Anchor",
    "ApiToken",
    "Base",
    "CalendarEntry",
    "CalendarStart",
    "Case",
    "CaseLink",
    "CaseMigration",
    "CaseOffice",
    "ChangeRequest",
    "Counter",
    "Deadline",
    "Draft",
    "Edition",
    "Effect",
    "Entry",
    "Event",
    "File",
    "Incident",
    "Instant",
    "Ledger",
    "MailChoice",
    "ModelDraft",
    "Notice",
    "Occurrence",
    "Paper",
    "Person",
    "PersonRole",
    "Play",
    "Publication",
    "Reference",
    "SensitiveFact",
    "SignIn",
    "Stay",
    "StayTally",
    "Submission",
    "Subscription",
    "Tally",
    "Task",
    "Timer",
    "Version",
]
