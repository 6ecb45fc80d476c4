"""The files of others are exactly those that were taken over, with their licences."""

import json
from pathlib import Path

import pytest

from webforms.frontend import bundles, vendor
from webforms.frontend.downlevel import plain_colours

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", [vendor.PAGES, vendor.TESTS])
def test_nothing_was_changed_and_nothing_is_unlisted(folder):
    assert vendor.problems(folder) == []


def test_a_changed_missing_or_additional_file_is_found(tmp_path):
    (tmp_path / "a.js").write_text("changed")
    (tmp_path / "new.js").write_text("new")
    entries = [{"file": "a.js", "sha256": "0"}, {"file": "gone.js", "sha256": "0"}]
    (tmp_path / "MANIFEST.json").write_text(json.dumps(entries))
    found = " ".join(vendor.problems(tmp_path))
    assert "gone.js is listed but missing" in found and "new.js is not listed" in found and "a.js was changed" in found


@pytest.mark.parametrize("folder", [vendor.PAGES, vendor.TESTS])
def test_every_package_has_its_licence(folder):
    notices = (folder / "THIRD-PARTY-NOTICES.txt").read_text("utf-8")
    for package in vendor.PACKAGES:
        if package.folder == folder:
            assert (folder / package.home / "LICENSE").read_text("utf-8") in notices


def test_bundles_are_pinned_by_content_and_have_the_licences_of_everything_inside():
    lock = json.loads((bundles.SOURCE / "package-lock.json").read_text("utf-8"))["packages"]
    packages = {name.rpartition("node_modules/")[2]: entry for name, entry in lock.items() if name}
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())
    notices = (vendor.PAGES / "THIRD-PARTY-NOTICES.txt").read_text("utf-8")
    assert (vendor.PAGES / bundles.HOME / "LICENSE").read_text("utf-8") in notices
    versions = json.loads((bundles.SOURCE / "package.json").read_text("utf-8"))["dependencies"]
    for name in [name for names in bundles.CONTENTS.values() for name in names]:
        assert versions[name] == packages[name]["version"]
        assert f"\n{name} {versions[name]}: " in notices


def test_the_files_of_others_stay_small():
    assert sum(path.stat().st_size for path in vendor.PAGES.rglob("*")) < 9_000_000


def test_pages_load_nothing_from_elsewhere():
    for path in [*(ROOT / "webforms/templates").rglob("*.html"), *(ROOT / "webforms/static").glob("*.*")]:
        text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "http://" not in text and "https://" not in text, path


def test_colours_are_written_out_for_old_browsers():
    css = "a{color:light-dark(oklch(54.6% 0.1724 254.2deg), var(--x, rgb(1,2,3)));b:oklch(20.46% 0 none)}"
    assert plain_colours(css) == "a{color:#066fd1;b:#171717}"
