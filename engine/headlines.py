"""What the manifest lets a case say about itself, computed from its variables: its title and its level."""

from engine.audit import Happened
from engine.errors import RunFailed
from engine.levels import NONE
from engine.projections import Loaded


def tell(loaded: Loaded) -> None:
    """Set title and level. Raises RunFailed for a level that the manifest does not declare."""
    if "headline" in loaded.definition.manifest:
        loaded.case.title = _text(loaded, "headline")[:200]
    if loaded.definition.levels:
        name = _text(loaded, "level")
        if name and name not in loaded.definition.levels:
            raise RunFailed(f"{name!r} is not a level of the manifest", element="level")
        level = loaded.definition.levels.get(name, NONE)
        loaded.case.level, loaded.case.level_rank = level.id, level.rank


def level_changed(loaded: Loaded, before: str | None) -> Happened:
    """A change of level for the audit trail; never without the reason that the manifest gives."""
    levels, after = loaded.definition.levels, loaded.case.level
    was, now = levels.get(before or "", NONE), levels.get(after or "", NONE)
    change = {"from": before, "to": after, "was": was.label, "label": now.label}
    kind = "level_removed" if after is None else "level_changed"
    return Happened(kind, {**change, "reason": _text(loaded, "level_reason")})


def _text(loaded: Loaded, name: str) -> str:
    """A text of the manifest; FEEL after a `=`."""
    written = str(loaded.definition.manifest.get(name, ""))
    value = loaded.turn.evaluate(None, written, name) if written.startswith("=") else written
    return "" if value is None else str(value)
