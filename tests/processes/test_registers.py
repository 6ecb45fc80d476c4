"""The registers fit together: every reference exists, every word is one word, nothing unverified looks verified."""

import re
import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine.registry import read_register

PROCESSES = Path(__file__).parents[2] / "processes"
CONFIDENCE = {"V", "V*", "MH", "MM", "ML", "P"}
KINDS = {"town", "subdistrict", "department", "justice_bureau", "coordination_office", "government"}
LIAISONS = {"court", "procuratorate"}
PROFILES = {
    "default",
    "consumer",
    "medical",
    "traffic",
    "public_security",
    "labour",
    "farm_machinery",
    "enterprise_name",
    "school_injury",
    "tourism",
}
ID = re.compile(r"[a-z]+(_[a-z]+)*")


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((PROCESSES / name).read_text("utf-8"))


OFFICES = read("offices.toml")["offices"]
ROLES = read("roles.toml")["roles"]
MATTERS = read("registers/matters.toml")["matters"]
TERMS = read("glossary.toml")["terms"]
ROWS = {"offices": OFFICES, "roles": ROLES, "matters": MATTERS}


@pytest.mark.parametrize("register", ROWS)
@pytest.mark.parametrize("key", ["id", "name"])
def test_ids_and_names_are_unique(register: str, key: str) -> None:
    values = [row[key] for row in ROWS[register]]
    assert len(values) == len(set(values))


def test_every_confidence_is_given() -> None:
    rows = [*OFFICES, *MATTERS, *TERMS.values(), *(basis for matter in MATTERS for basis in matter["basis"])]
    assert [row for row in rows if row.get("confidence") not in CONFIDENCE] == []


def test_offices_are_complete() -> None:
    fields = {"id", "name", "short", "kind", "heavy", "reporting", "confidence"}
    for office in OFFICES:
        assert fields <= set(office) <= fields | {"code", "note"}
        assert ID.fullmatch(office["id"])
        assert office["kind"] in KINDS | LIAISONS
        assert office["short"].startswith("恩")
    shorts = [office["short"] for office in OFFICES]
    assert len(shorts) == len(set(shorts))


def test_three_subdistricts_and_fifteen_towns_with_their_codes() -> None:
    towns = [office for office in OFFICES if office["kind"] in {"town", "subdistrict"}]
    assert [office["kind"] for office in towns].count("subdistrict") == 3
    assert len(towns) == 18
    codes = [office["code"] for office in towns]
    assert len(set(codes)) == 18
    assert all(re.fullmatch(r"511903(00[1-3]|1[012]\d)", code) for code in codes)
    assert all(office["reporting"] for office in towns)
    assert all(office["id"].endswith(f"_{office['kind']}") for office in towns)


def test_the_four_heavy_departments_and_the_bodies_above() -> None:
    heavy = {office["id"] for office in OFFICES if office["heavy"]}
    assert heavy == {
        "market_supervision_bureau",
        "human_resources_bureau",
        "transport_bureau",
        "public_security_bureau",
    }
    kinds = [office["kind"] for office in OFFICES]
    assert all(kinds.count(kind) == 1 for kind in ("justice_bureau", "coordination_office", "government", *LIAISONS))
    assert sum(office["reporting"] for office in OFFICES) == 43
    assert {office["kind"] for office in OFFICES if office["reporting"]} == {"town", "subdistrict", "department"}


def test_departments_from_memory_are_marked() -> None:
    from_memory = {office["id"] for office in OFFICES if office["confidence"] != "V"}
    departments = {office["id"] for office in OFFICES if office["kind"] == "department" and not office["heavy"]}
    assert from_memory == departments


def test_roles_are_complete() -> None:
    for role in ROLES:
        assert set(role) - {"leads", "models"} == {"id", "name", "scope", "sees", "description"}
        assert ID.fullmatch(role["id"])
        assert role["scope"] in {"office", "district"}
        assert role["sees"] in {"office", "all", "none"}
        assert not (role["scope"] == "office" and role["sees"] == "all")
        assert role.get("models", "draw") in {"draw", "approve"}
    assert len(ROLES) == 19


def test_there_are_forty_six_matters_in_order() -> None:
    assert [matter["id"] for matter in MATTERS] == [f"M{number:02}" for number in range(1, 47)]


@pytest.mark.parametrize("name", ["matters", "roster"])
def test_registers_are_declared_and_their_rows_fit(name: str) -> None:
    document = read(f"registers/{name}.toml")
    register = read_register(name, document)
    rows = document.get(name, [])
    assert [problem for row in rows for problem in register.checked(row, row["id"])[1]] == []
    roles = {role["id"] for role in ROLES}
    assert {register.files, register.approves} <= roles
    assert not {"phone", "sex", "account", "status"} & set(register.public) or name == "matters"


def test_matters_refer_to_offices_that_take_cases() -> None:
    reporting = {office["id"] for office in OFFICES if office["reporting"]}
    for matter in MATTERS:
        assert set(matter["offices"]) <= reporting, matter["id"]
        assert matter["offices"] or matter["town"] == "yes", matter["id"]
        assert matter["town"] in {"yes", "no", "unknown"}
        assert matter["profile"] in PROFILES
        assert not (matter.get("any_office") and matter["offices"])


def test_every_clock_profile_is_used() -> None:
    assert {matter["profile"] for matter in MATTERS} == PROFILES


def test_matters_have_a_basis_in_force_today_and_no_overlap_of_old_and_new() -> None:
    for matter in MATTERS:
        in_force = [basis for basis in matter["basis"] if basis.get("valid_to", date.max) == date.max]
        assert in_force, matter["id"]
        for old, new in pairwise(matter["basis"]):
            if "valid_to" in old and "valid_from" in new:
                assert (new["valid_from"] - old["valid_to"]).days == 1, matter["id"]


def test_an_article_nobody_has_read_is_not_called_verified() -> None:
    for matter in MATTERS:
        for basis in matter["basis"]:
            assert set(basis) <= {"law", "article", "confidence", "valid_from", "valid_to"}
            if not basis["article"] or "待查" in basis["article"]:
                assert basis["confidence"] != "V", (matter["id"], basis["law"])
        verified = [basis for basis in matter["basis"] if basis["confidence"] == "V" and "valid_to" not in basis]
        assert matter["confidence"] != "V" or verified, matter["id"]


def test_weak_matters_say_why() -> None:
    assert [matter["id"] for matter in MATTERS if matter["confidence"] == "ML" and not matter.get("note")] == []


def test_glossary_has_one_word_for_one_thing() -> None:
    for key in ("zh", "en"):
        words = [term[key] for term in TERMS.values()]
        assert sorted({word for word in words if words.count(word) > 1}) == []


def test_glossary_terms_are_complete() -> None:
    for term, entry in TERMS.items():
        assert set(entry) == {"zh", "en", "definition", "source", "confidence"}
        assert ID.fullmatch(term), term
        assert entry["definition"].endswith("。") and entry["definition"].count("。") == 1, term
        assert entry["source"], term
        spelled = entry["en"].replace("-", " ").replace("'", "").replace(" ", "_")
        assert spelled == term, "the English name is the identifier"


def test_names_of_roles_in_the_glossary_agree() -> None:
    names = {role["id"]: role["name"] for role in ROLES}
    assert all(TERMS[role]["zh"] == name for role, name in names.items() if role in TERMS and role != "leading_group")
