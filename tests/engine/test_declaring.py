"""What a form asks for becomes facts, with the type and the label of its field."""

import json
import tomllib

import engine

PAGE = {
    "schemaVersion": 19,
    "type": "default",
    "id": "x",
    "components": [
        {"type": "checkbox", "id": "a1", "key": "needs_visit", "label": "需要“实地”查看"},
        {"type": "datetime", "subtype": "date", "id": "a2", "key": "visit_on", "dateLabel": "查看日期"},
        {"type": "textarea", "id": "a3", "key": "issue", "label": "争议"},
    ],
}


def test_every_key_without_a_fact_is_declared_once(sandbox, processes):
    files = {**engine.read_files(processes / "mediation"), "forms/visit.form": json.dumps(PAGE)}
    with sandbox.database.sessions.begin() as session:
        draft = engine.create_draft(session, files=files, actor=engine.SYSTEM, now=sandbox.now)
        again = [engine.declare_facts(session, draft, actor=engine.SYSTEM, now=sandbox.now) for _ in range(2)]
        manifest = engine.draft(session, draft, engine.SYSTEM).files["manifest.toml"]
    assert again == [2, 0]
    facts = tomllib.loads(manifest)["facts"]
    assert facts["needs_visit"] == {"type": "boolean", "label": "需要“实地”查看"}
    assert facts["visit_on"]["type"] == "date" and "issue" in facts
