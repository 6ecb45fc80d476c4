"""The people of a play: who is there, how their answers are written down, and how scenarios answer the same form."""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import engine
from scheduler.failures import StoryBroken
from scheduler.playing import Player

TWO = 2  # people to choose from in a form


def cast_for(player: Player) -> None:
    """Somebody for every role of the process, so that all are there who would be told; two for every choice."""
    cast, office, definition = player.stage.cast, player.office, player.definitions[player.story.process]
    with player.stage.database.reads.begin() as session:
        known = engine.directory(session)
    cast.names = {role.id: role.name for role in known.roles.values()}
    elements = definition.diagram.elements.values()
    roles = {role for one in elements for role in (one.role, *one.names("role"))} | set(definition.start_roles)
    for role in sorted(roles & known.roles.keys()):
        cast.holder(role, office, now=player.stage.now)
    for role in sorted(_chosen(definition, known)):
        cast.holder(role, office, TWO, now=player.stage.now)


def _chosen(definition: engine.Definition, known: engine.Directory) -> set[str]:
    """The roles whose holders can be chosen in forms."""
    found = set()
    for name in definition.files:
        if name.startswith("forms/"):
            for field in definition.form(Path(name).stem).questions:
                kind, _, role = field.values_key.partition(":")
                register = known.registers.get(kind)
                found.add(role if kind == "people" else register.instead if register is not None else "")
    return found & known.roles.keys()


def as_told(player: Player, form: engine.Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with `@role` in the place of people, as scenarios write them."""
    known = {
        str(actor.id): f"@{role}{nth if nth > 1 else ''}"
        for (role, office), holders in player.stage.cast.known.items()
        for nth, actor in enumerate(holders, start=1)
        if office == player.office
    }
    with player.stage.database.reads.begin() as session:
        registers = engine.directory(session).registers
    kinds = {"people", "persons", *(name for name, register in registers.items() if register.account)}
    fields = [one for field in form.questions for one in (field, *field.children)]
    named = {one.key for one in fields if one.values_key.partition(":")[0] in kinds}

    def told(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: told(name, one) for name, one in value.items()}
        if isinstance(value, list):
            return [told(key, one) for one in value]
        return known.get(value, value) if key in named and isinstance(value, str) else value

    return {key: told(key, value) for key, value in answers.items()}


def as_chosen(player: Player, value: Any) -> Any:
    """The answers of a scenario with people in the place of `@role`."""
    if isinstance(value, Mapping):
        return {key: as_chosen(player, one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_chosen(player, one) for one in value]
    if isinstance(value, str) and value.startswith("@"):
        with suppress(StoryBroken):
            return player.person(value)
    return value


def examples(files: Mapping[str, str], kind: str, name: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """How the scenarios of a folder answer at a step: scenario -> its title and the answers.

    `kind` is `start`, `do` or `raise`; `name` the element or event. What cannot be read is left out.
    """
    found = {}
    for file, text in sorted(files.items()):
        if file.startswith("scenarios/"):
            with suppress(tomllib.TOMLDecodeError, AttributeError, TypeError):
                story = tomllib.loads(text)
                answers = story.get("start", {}) if kind == "start" else _answers(story, kind, name)
                if answers:
                    found[Path(file).stem] = (str(story.get("title", "")), dict(answers))
    return found


def _answers(story: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    steps = [step for step in story.get("steps", ()) if step.get(kind) == name and not step.get("refused")]
    answers: Mapping[str, Any] = steps[0].get("answers", {}) if steps else {}
    return answers
