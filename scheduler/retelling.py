"""Tells a scenario again with other people, another place, another dispute: what a demonstration is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.staff import invented_name
from scheduler.stories import Story

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
PARTIES = 211  # where the names of parties begin in the list of names


@dataclass(frozen=True)
class Retelling:
    """What is different this time. Called with every answer before it is given."""

    document: Mapping[str, Any]
    dispute: Mapping[str, str]
    number: int
    place: str
    town: str

    def __call__(self, key: str, value: Any) -> Any:
        """The answer to give."""
        if not isinstance(value, str):
            return value
        base = self.document["base"]
        if key == "matter_id" and value in base["matter_ids"]:
            return self.dispute["matter_id"]
        if key in base and value == base[key]:
            value = self._text(key, value)
        if key == "address":
            places = self.document["places"]
            return f"{self.town}{places[self.number % len(places)]}{self.number % 87 + 1}号"
        if value in base["phones"]:
            return f"1388170{(self.number * 2 + base['phones'].index(value)) % 10000:04d}"
        if value in base["id_numbers"]:
            return id_number(self.number)
        for position, name in enumerate(base["persons"]):
            value = value.replace(name, self.person(position))
        return value.replace(base["place"], self.place)

    def person(self, position: int) -> str:
        """The first or second party."""
        return invented_name(self.document, PARTIES + self.number * 2 + position)

    def _text(self, key: str, value: str) -> str:
        if key == "archive_number":
            return f"{self.number + 1:03d}号卷"
        if key == "performed_amount":
            key = "agreed_amount"
        return self.dispute.get(key, value).replace("{a}", self.person(0)).replace("{b}", self.person(1))


def is_plain(document: Mapping[str, Any], story: Story) -> bool:
    """Whether another dispute can take the place of the story's own: all that it says about it is the usual text."""
    base = document["base"]
    if story.start.get("matter_id", base["matter_ids"][0]) not in base["matter_ids"]:
        return False
    told = [story.start, *(step.answers for step in story.steps)]
    return all(answers[key] == base[key] for answers in told for key in ("issue", "agreed_facts", "agreement_content")
               if key in answers)  # fmt: skip


def id_number(number: int) -> str:
    """An invented identity number with a correct check digit."""
    year, month, day = 1952 + number * 7 % 50, number * 5 % 12 + 1, number * 11 % 28 + 1
    digits = f"511903{year}{month:02d}{day:02d}{number * 13 % 999:03d}"
    return digits + CHECK[sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11]
