"""Every reason against carrying a case over is told, in English and in Chinese."""

import ast
from pathlib import Path

from babel.messages.pofile import read_po

from webforms.migration_words import REASONS

ROOT = Path(__file__).parents[2]


def codes():
    """The codes that the engine gives: literal arguments, and the keys of what differs at a token."""
    for name in ("runtime/fitting.py", "carryover.py", "migrating.py"):
        for node in ast.walk(ast.parse((ROOT / "engine" / name).read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Unfit", "Refusal"}:
                yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant))
            if isinstance(node, ast.keyword) and node.arg == "reasons" and isinstance(node.value, ast.List):
                yield from (each.value for each in node.value.elts if isinstance(each, ast.Constant))
            if isinstance(node, ast.Dict) and name.endswith("fitting.py"):
                yield from (key.value for key in node.keys if isinstance(key, ast.Constant))


def test_every_reason_has_words():
    assert {"gone", "kind", "stop-clock", "deadline-gone", "fact", "same"} <= set(codes()) <= set(REASONS)


def test_every_reason_is_translated():
    with (ROOT / "webforms/translations/zh_CN/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    assert [code for code in REASONS if not catalogue.get(f"code:carry-{code}")] == []
