"""A process folder takes files of its siblings: one truth on disk, and a version that needs nothing outside."""

import pytest

from engine.checks import check_files
from engine.definitions import define, read_files
from engine.errors import InvalidDefinition
from engine.includes import is_includable
from tests.engine.checks.folders import FOLDER

INCLUDE = 'include = ["shared/decisions/size.dmn"]\n'


@pytest.fixture
def tree(tmp_path):
    """Two folders: `p` decides by a table that lies in `shared`."""
    for name, text in FOLDER.items():
        home = "shared" if name.endswith(".dmn") else "p"
        path = tmp_path / home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((INCLUDE if name == "manifest.toml" else "") + text, "utf-8")
    return tmp_path


def test_the_version_holds_a_copy_of_the_siblings_file(tree):
    files = read_files(tree / "p")
    assert files["decisions/size.dmn"] == FOLDER["decisions/size.dmn"]
    assert [f for f in check_files(files, roles={"clerk"}) if f.level == "semantics"] == []
    assert "size" in define(files).decisions


def test_another_truth_is_another_version(tree):
    before = define(read_files(tree / "p")).digest
    path = tree / "shared/decisions/size.dmn"
    path.write_text(path.read_text("utf-8").replace("big", "huge"), "utf-8")
    assert define(read_files(tree / "p")).digest != before


def test_what_is_missing_is_a_finding(tree):
    (tree / "shared/decisions/size.dmn").unlink()
    assert "include-missing" in {f.rule for f in check_files(read_files(tree / "p"), roles={"clerk"})}


def test_it_never_takes_the_place_of_a_file(tree):
    own = tree / "p/decisions/size.dmn"
    own.parent.mkdir()
    own.write_text("<other/>", "utf-8")
    with pytest.raises(InvalidDefinition) as refused:
        read_files(tree / "p")
    assert [f.rule for f in refused.value.findings] == ["include-clash"]


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("escalation/decisions/impact_level.dmn", True),
        ("decisions/impact_level.dmn", False),
        ("/etc/x/y.toml", False),
        ("../x/y.toml", False),
        ("a/../y.toml", False),
        ("a/./b/y.toml", False),
        ("a/b/c/y.toml", False),
        ("a/b/run.py", False),
        ("a\\b\\..\\y.toml", False),
        (7, False),
    ],
)
def test_only_text_of_siblings(name, may):
    assert is_includable(name) is may
