"""The counts of a manifest: each can be read, has a day, and gives the same whenever it is made again."""

import re
from collections.abc import Iterator

from engine.checks.drawing import Drawing
from engine.checks.expressions import is_juel
from engine.checks.manifest import MANIFEST, Manifest, Text
from engine.checks.report import Report
from engine.counting import DONE, GIVEN
from engine.feel import FeelError, compile_expression
from engine.functions import FUNCTIONS

CLOCK = re.compile(r"\b(?:now|today)\(\)")
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


def check_counts(manifest: Manifest, drawing: Drawing, report: Report) -> list[Text]:
    """What is wrong with the counts; their expressions."""
    rows = manifest.rows.get("counts", {})
    drawn = {node.id for node, _ in drawing.nodes()}
    compiled = []
    for kind, row in rows.items():
        if not row.get("day"):
            report.add("count-undated", MANIFEST, kind, name=kind)
        if row.get("until") and row["until"] not in rows:
            report.add("count-until", MANIFEST, kind, name=kind, until=row["until"])
        for name in (kind, *row.get("dimensions", {}), *row.get("sums", {})):
            if not NAME.fullmatch(name):
                report.add("count-name", MANIFEST, kind, name=name)
        for what, text in _texts(kind, row, report):
            if CLOCK.search(text):
                report.add("count-clock", MANIFEST, kind, name=kind)
            for element in set(DONE.findall(text)) - drawn:
                report.add("count-element", MANIFEST, kind, name=kind, step=element)
            compiled += _compiled(kind, what, text, report)
    return compiled


def _texts(kind: str, row: dict[str, object], report: Report) -> Iterator[tuple[str, str]]:
    given = [("The condition", row.get("when")), ("The day", row.get("day"))]
    for section in ("dimensions", "sums"):
        inner = row.get(section, {})
        given += [(f"{section}.{name}", text) for name, text in inner.items()] if isinstance(inner, dict) else []
    for what, text in given:
        if isinstance(text, str):
            yield what, text
        elif text is not None:
            report.add("manifest-shape", MANIFEST, kind, entry=f"counts.{kind}.{what}", wanted="a text")


def _compiled(kind: str, what: str, text: str, report: Report) -> list[Text]:
    if is_juel(text):
        report.add("expression-juel", MANIFEST, kind, what=what, text=text)
        return []
    try:
        expression = compile_expression(text.strip().removeprefix("="), functions=FUNCTIONS)
    except FeelError as error:
        report.add(
            "expression", MANIFEST, kind, what=what, text=text, reason=str(error), code=error.code,
            column=error.column or 1, position=error.position or 0,
        )  # fmt: skip
        return []
    return [Text(what, kind, expression, GIVEN)]
