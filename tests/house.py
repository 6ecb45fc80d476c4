"""A small house with real processes: one town, one bureau, and people for every step. Pages and browsers share it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jinja2 import BytecodeCache

import engine
from webforms import create_app

PROCESSES = Path(__file__).parents[1] / "processes"
PASSWORD = "a long password 1"
TOWN, OTHER = "yuxi_town", "yushan_town"
PEOPLE = {
    "boss": ("administrator", "justice_bureau"),
    "desk": ("registrar", TOWN),
    "head": ("mediation_head", TOWN),
    "mediator": ("mediator", TOWN),
    "leader": ("organ_leader", TOWN),
    "archivist": ("archivist", TOWN),
    "stranger": ("mediation_head", OTHER),
    "justice": ("justice_leader", "justice_bureau"),
    "government": ("leading_group", "district_government_office"),
    "coordinator": ("district_coordinator", "district_mediation_office"),
}
ANSWERS = {
    "intake_kind": "written",
    "matter_id": "M43",
    "received_on": "2026-03-02",
    "applicants[0].name": "王建国",
    "applicants[0].phone": "13881700001",
    "applicants[0].id_number": "511903198001011234",
    "applicants[0].address": "渔溪镇和平街12号",
    "respondents[0].name": "李秀兰",
    "respondents[0].phone": "13881700002",
    "issue": "双方因院坝排水发生争执，墙面受损。",
    "request": "修复墙面，赔偿损失。",
    "claimed_amount": "5000",
    "people_count": "2",
    "prior_consent": "agreed",
}

# of mediation: every flow they travel and every outcome they come to, others do too
SPARE = {
    "consumer_after", "consumer_before", "court_entrusted", "declined", "declined_but_accepted_by_mistake",
    "ex_officio", "excl_other_body", "expired", "guided", "high_impact", "high_impact_before_receipt",
    "high_impact_on_spot", "high_impact_registered", "hotline_12345", "into_2027", "makeup_saturday", "medical",
    "respondent_refused", "service_center", "settled_while_extension_pending", "traffic", "withdrawn",
    "withdrawn_while_extension_pending",
}  # fmt: skip


class Templates(BytecodeCache):
    """Templates compiled once for all houses: each has an application of its own, and they draw the same pages."""

    def __init__(self):
        self.kept = {}

    def load_bytecode(self, bucket):
        if (bucket.key, bucket.checksum) in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key, bucket.checksum])

    def dump_bytecode(self, bucket):
        self.kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


TEMPLATES = Templates()


class Clock:
    """The time of the house; it moves when a test says so."""

    def __init__(self):
        self.now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self):
        return self.now

    def forward(self, **period):
        self.now += timedelta(**period)


@dataclass
class House:
    """The application and what tests do in it."""

    app: object
    clock: Clock
    ids: dict
    password: str = PASSWORD
    answers: dict = field(default_factory=lambda: dict(ANSWERS))

    def hidden(self, page, name):
        """The value of a hidden field of a page."""
        found = re.search(rf'name="{name}" value="([^"]*)"', page)
        return found[1] if found else ""

    def post(self, client, address, at=None, **fields):
        """Post as a browser does: with the token and the key of the page the form is on."""
        page = client.get(at or address).text
        data = {**self.marks(page), **fields}
        return client.post(address, data=data, content_type="multipart/form-data")

    def marks(self, page):
        """The hidden fields every form carries."""
        return {name: self.hidden(page, name) for name in ("csrf_token", "_key")}

    def client(self, username=""):
        client = self.app.test_client()
        if username:
            answer = self.post(client, "/sign-in", username=username, password=PASSWORD, at="/sign-in")
            assert answer.status_code == 303, answer.text
        return client

    @property
    def database(self):
        return self.app.extensions["tiaojie.database"]

    def register(self, username="desk", **changed):
        client = self.client(username)
        answer = self.post(client, "/cases/new/mediation", at="/cases/new/mediation", **{**ANSWERS, **changed})
        assert answer.status_code == 303, answer.text
        with self.database.reads() as session:
            page = engine.cases(session, self.actor(username), now=self.clock())
        return page.rows[0].case_id

    def actor(self, username):
        role, office = PEOPLE[username]
        return engine.Actor(self.ids[username], username, frozenset({(role, office)}))

    def task(self, case_id, username="desk"):
        with self.database.reads() as session:
            page = engine.case_page(session, case_id, self.actor(username), now=self.clock())
        return page.tasks[0].task_id


def settings(folder):
    return {"DATA": folder, "SECRET_KEY": "test", "PASSWORD_HASHER": engine.CHEAP_HASHER, "TESTING": True}


def prepare(folder):
    """Fill a data folder with tables, reference data, processes and people; answers the people's ids."""
    app = create_app(settings(folder))
    database = app.extensions["tiaojie.database"]
    engine.create_tables(database)
    now = Clock()()
    with database.sessions.begin() as session:
        engine.load_reference(session, PROCESSES, actor=engine.SYSTEM, now=now)
        for process in ("escalation", "mediation"):
            engine.deploy(session, PROCESSES / process, actor=engine.SYSTEM, now=now)
        ids = {}
        for username, role in PEOPLE.items():
            ids[username], _ = engine.create_person(
                session,
                username=username,
                name=f"{username} 同志",
                roles=[role],
                password=PASSWORD,
                must_change_password=False,
                hasher=engine.CHEAP_HASHER,
                actor=engine.SYSTEM,
                now=now,
            )
    database.bind.dispose()
    return ids


def deploy_rehearsed(house):
    """Mediation with just the scenarios that cover it, and the processes they lead into: a rehearsal is short."""
    folder, now = PROCESSES / "mediation", house.clock()
    stories = engine.read_scenarios(folder)
    kept = {name: text for name, text in stories.items() if Path(name).stem not in SPARE}
    assert len(stories) - len(kept) == len(SPARE)
    with house.database.sessions.begin() as session:
        for process in ("guidance", "linkage"):
            engine.deploy(session, PROCESSES / process, actor=engine.SYSTEM, now=now)
        engine.deploy_files(session, engine.read_files(folder) | kept, actor=engine.SYSTEM, now=now)


def open_house(prepared, folder):
    """A house of its own in this folder, copied from a prepared one."""
    source, ids = prepared
    for name in ("tiaojie.db", "audit.key"):
        (folder / name).write_bytes((source / name).read_bytes())
    clock = Clock()
    app = create_app({**settings(folder), "CLOCK": clock})
    app.jinja_env.bytecode_cache = TEMPLATES
    return House(app, clock, ids)
