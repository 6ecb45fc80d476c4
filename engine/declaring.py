"""What the forms of a draft ask for becomes facts of its manifest: who designs a form need not write the manifest."""

import json
import tomllib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from engine.authority import Actor
from engine.checks import check_files
from engine.forms import Form
from engine.functions import FUNCTIONS
from engine.model_drafts import open_draft, require_drawing, write_draft_file

MANIFEST = "manifest.toml"
RULE = "undeclared-form-key"
TYPES = {
    "textarea": "longtext",
    "number": "number",
    "checkbox": "boolean",
    "date": "date",
    "datetime": "datetime",
    "radio": "choice",
    "select": "choice",
    "checklist": "multichoice",
    "taglist": "multichoice",
    "filepicker": "files",
}


def declare_facts(session: Session, draft_id: int, *, actor: Actor, now: datetime) -> int:
    """Declare every key that a form asks for and no fact has, with the type and label of its field; how many.

    Lists are left: their columns say what they are. Raises NotFound, DraftClosed.
    """
    require_drawing(session, actor)
    row = open_draft(session, draft_id)
    entries = _entries(row.files)
    if entries:
        text = row.files[MANIFEST].rstrip("\n") + "\n" + "".join(entries.values())
        tomllib.loads(text)
        write_draft_file(session, draft_id, MANIFEST, text, revision=row.revision, actor=actor, now=now)
    return len(entries)


def _entries(files: Mapping[str, str]) -> dict[str, str]:
    """Key -> its lines in the manifest."""
    found = {}
    for finding in check_files(files):
        if finding.rule == RULE:
            form = Form.parse(files[finding.file], finding.file, FUNCTIONS)
            asked = next(each for each in form.questions if each.id == finding.element)
            if asked.key and asked.kind != "dynamiclist":
                kind, label = TYPES.get(asked.kind, "text"), json.dumps(asked.label, ensure_ascii=False)
                found[asked.key] = f'\n[facts.{asked.key}]\ntype = "{kind}"\nlabel = {label}\n'
    return found
