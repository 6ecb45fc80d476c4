"""A process folder as one value: manifest, diagram, forms, decisions, papers. Read from disk or from a stored version.

The same files always give the same digest; compiled definitions are cached by it.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine import decisions, runtime
from engine.clocks import DeadlineRule
from engine.counting import CountRules, read_counts
from engine.errors import Finding, InvalidDefinition
from engine.facts import Fact, read_facts, typed
from engine.forms import Form, read_rules
from engine.includes import SCENARIOS, TEXT, included_names, place_of
from engine.levels import Level, read_levels
from engine.recurrence import Recurrence, read_recurrence

FILE_LIMIT = 2_000_000
CACHED = 64
EMPTY_FORM = '{"schemaVersion": 19, "type": "default", "id": "none", "components": []}'
_cache: dict[str, "Definition"] = {}


@dataclass(frozen=True)
class PaperKind:
    """A printable document of the process."""

    kind: str
    title: str
    template: str
    number: str


@dataclass(frozen=True)
class Definition:
    """A process ready to run. Immutable; shared by all cases of the version."""

    process: str
    digest: str
    files: Mapping[str, str]
    manifest: Mapping[str, Any]
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The process's name for people."""
        return str(self.manifest.get("title", self.process))

    @cached_property
    def compiled(self) -> runtime.Compiled:
        """The specs. Raises InvalidDefinition."""
        return runtime.compile_process(self.files, self.process)

    @property
    def diagram(self) -> runtime.Diagram:
        """The diagram's records."""
        return self.compiled.diagram

    @cached_property
    def decisions(self) -> Mapping[str, decisions.Decisions]:
        """Decision id or name -> the file's decisions."""
        found: dict[str, decisions.Decisions] = {}
        for name, text in self.files.items():
            if name.endswith(".dmn"):
                parsed = decisions.parse_decisions(text.encode(), functions=runtime.FUNCTIONS)
                found |= dict.fromkeys([*parsed.ids, *parsed.names], parsed)
        return found

    @cached_property
    def rules(self) -> runtime.Rules:
        """What a turn needs beside the diagram."""
        section: Mapping[str, Any] = self.manifest.get("deadlines", {})
        rules = {
            name: DeadlineRule(
                name,
                row.get("label", name),
                row.get("basis", ""),
                row.get("status", "unconfirmed"),
                row.get("from", ""),
                row.get("start", ""),
                tuple(row.get("remind", ())),
                row.get("extendable", ""),
            )
            for name, row in section.items()
        }
        return runtime.Rules(rules, self._decide, lambda key, value: typed(value, self.facts.get(key)))

    def _decide(self, decision: str, context: Mapping[str, Any], now: datetime, mapping: str) -> Any:
        """Camunda's mappings of a decision's result; an empty mapping is DMN's own result."""
        known = self.decisions.get(decision)
        if known is None:
            raise decisions.DecisionError("dmn-no-decision", f"there is no decision {decision}")
        if mapping:
            return decisions.map_result(known.matches(decision, context, now=now), mapping)
        return known.evaluate(decision, context, now=now)

    def form(self, name: str) -> Form:
        """A form by its name without ending; an empty form where the task asks nothing."""
        cached: dict[str, Form] = self.__dict__.setdefault("_forms", {})
        if name not in cached:
            text = self.files.get(f"forms/{name}.form")
            form = Form.parse(text or EMPTY_FORM, f"forms/{name}.form", runtime.FUNCTIONS)
            checks = read_rules(self.manifest.get("checks", {}), name, runtime.FUNCTIONS)
            cached[name] = replace(form, checks=checks)
        return cached[name]

    @cached_property
    def papers(self) -> Mapping[str, PaperKind]:
        """Paper kinds by id."""
        section: Mapping[str, Any] = self.manifest.get("papers", {})
        return {
            kind: PaperKind(
                kind, row.get("title", kind), row.get("template", f"documents/{kind}.html"), row.get("number", "")
            )
            for kind, row in section.items()
        }

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """The levels a case can have, by id."""
        return read_levels(self.manifest)

    @cached_property
    def counts(self) -> CountRules:
        """What statistics count of a case. Raises FeelError where the folder was not checked."""
        return read_counts(self.manifest.get("counts", {}))

    @property
    def report(self) -> Mapping[str, Any]:
        """What is kept of a periodic report when it is handed in, see `submissions`; empty for other processes."""
        section: Mapping[str, Any] = self.manifest.get("report", {})
        return section

    @property
    def start_form(self) -> str:
        """The name of the form that opens a case by hand, from the manifest or the plain start event."""
        declared = self.manifest.get("start", {}).get("form", "")
        plain = [e.form for e in self.diagram.start_events(self.process) if not e.event]
        return str(declared or (plain[0] if plain else ""))

    @property
    def start_roles(self) -> tuple[str, ...]:
        """Roles that may open a case by hand."""
        return tuple(self.manifest.get("start", {}).get("roles", ()))

    @property
    def start_messages(self) -> frozenset[str]:
        """Messages that open a case."""
        declared = self.manifest.get("start", {}).get("message")
        drawn = {e.event_name for e in self.diagram.start_events(self.process) if e.event == "message"}
        return frozenset(drawn | ({declared} if declared else set()))

    @cached_property
    def calendar(self) -> tuple[Recurrence, ...]:
        """What the calendar opens: the entries `[[start.calendar]]`."""
        return tuple(map(read_recurrence, self.manifest.get("start", {}).get("calendar", ())))

    def label(self, section: str, key: str | None) -> str:
        """The label of an outcome, stage, ... by id."""
        return str(self.manifest.get(section, {}).get(key, {}).get("label", key or ""))


def read_files(folder: Path) -> dict[str, str]:
    """The text files of a process folder by relative name, with those of its siblings that the manifest includes.

    Raises InvalidDefinition for what is not text, too big, or included in the place of a file that is there already.
    """
    files: dict[str, str] = {}
    findings: list[Finding] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.suffix in TEXT and not name.startswith("scenarios/"):
            _take(path, name, files, findings)
    for included in included_names(files):
        name, path = place_of(included), folder.parent / included
        if name in files:
            reason = f"{included} would take the place of {name}, which is there already"
            findings.append(Finding("include-clash", "semantics", "manifest.toml", None, reason))
        elif path.is_file():  # what is missing is a finding of the checks
            _take(path, name, files, findings)
    if findings:
        raise InvalidDefinition(findings)
    return files


def read_scenarios(folder: Path) -> dict[str, str]:
    """The scenarios of a process folder by relative name. Raises InvalidDefinition for what is not text or too big."""
    files: dict[str, str] = {}
    findings: list[Finding] = []
    for path in sorted((folder / "scenarios").glob("*.toml")):
        _take(path, SCENARIOS + path.name, files, findings)
    if findings:
        raise InvalidDefinition(findings)
    return files


def _take(path: Path, name: str, files: dict[str, str], findings: list[Finding]) -> None:
    if path.stat().st_size > FILE_LIMIT:
        findings.append(Finding("file-too-large", "semantics", name, None, f"larger than {FILE_LIMIT} bytes"))
        return
    try:
        files[name] = path.read_text("utf-8")
    except UnicodeDecodeError:
        findings.append(Finding("file-not-text", "semantics", name, None, "is not UTF-8 text"))


def digest_of(files: Mapping[str, str]) -> str:
    """The content hash of a folder: names and texts, in order."""
    hashed = sha256()
    for name in sorted(files):
        for part in (name, files[name]):
            raw = part.encode()
            hashed.update(len(raw).to_bytes(8, "big") + raw)
    return hashed.hexdigest()


def define(files: Mapping[str, str], process: str | None = None) -> Definition:
    """The definition of these files; cached by content."""
    key = digest_of(files) + (process or "")
    if key not in _cache:
        while len(_cache) >= CACHED:
            _cache.pop(next(iter(_cache)))
        _cache[key] = _read(files, digest_of(files), process)
    return _cache[key]


def cached_definition(digest: str, process: str) -> Definition | None:
    """A definition compiled before, so that its files need not be read from the database again."""
    return _cache.get(digest + process)


def forget(known: Iterable[tuple[str, str]]) -> None:
    """Drop these compiled definitions (digest, process); the next use compiles anew."""
    for digest, process in known:
        _cache.pop(digest + process, None)


def _read(files: Mapping[str, str], digest: str, process: str | None) -> Definition:
    try:
        manifest = tomllib.loads(files.get("manifest.toml", ""))
    except tomllib.TOMLDecodeError as error:
        raise InvalidDefinition([Finding("manifest-syntax", "semantics", "manifest.toml", None, str(error))]) from error
    name = process or manifest.get("id")
    if not name:
        raise InvalidDefinition(
            [Finding("manifest-id", "semantics", "manifest.toml", None, "the manifest names no process id")]
        )
    return Definition(str(name), digest, dict(files), manifest, read_facts(manifest.get("facts", {})))
