"""Third-party browser files: fetched by a maintainer, committed, and checked by hash. Offices never need Node.

`python -m webforms.frontend.vendor refresh` fetches the pinned packages with npm and rewrites files and manifests;
`python -m webforms.frontend.vendor check` compares the committed files with the manifests, without any tool.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from webforms.frontend import bundles
from webforms.frontend.bundles import digest
from webforms.frontend.downlevel import plain_colours

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PAGES = ROOT / "webforms" / "static" / "vendor"
TESTS = ROOT / "tests" / "vendor"


@dataclass(frozen=True)
class Package:
    """One pinned package and the files of it that are kept. `licence_text` is ours when the package ships none."""

    name: str
    version: str
    licence: str
    folder: Path
    files: tuple[str, ...]
    licence_file: str = "LICENSE"
    licence_text: str = ""

    @property
    def home(self) -> str:
        """Folder of this package below the vendor folder; the version is part of every address."""
        return f"{self.name.split('/')[0].lstrip('@').split('.')[0]}-{self.version}"


PACKAGES = (
    Package("@tabler/core", "1.6.1", "MIT", PAGES, ("dist/css/tabler.min.css",), licence_text="tabler.txt"),
    Package("htmx.org", "2.0.11", "0BSD", PAGES, ("dist/htmx.min.js",)),
    Package(
        "bpmn-js",
        "18.31.1",
        "bpmn.io licence (MIT with a watermark clause)",
        PAGES,
        (
            "dist/bpmn-navigated-viewer.production.min.js",
            "dist/assets/diagram-js.css",
            "dist/assets/bpmn-js.css",
        ),
    ),
    Package(
        "camunda-bpmn-js",
        "5.35.0",
        "MIT; the bpmn-js inside has the bpmn.io licence (MIT with a watermark clause)",
        PAGES,
        (
            "dist/camunda-platform-modeler.production.min.js",
            "dist/assets/bpmn-font/css/bpmn-embedded.css",
            "dist/assets/bpmn-js.css",
            "dist/assets/color-picker.css",
            "dist/assets/diagram-js-minimap.css",
            "dist/assets/diagram-js.css",
            "dist/assets/element-templates.css",
            "dist/assets/popup-menu.css",
            "dist/assets/properties-panel.css",
        ),
    ),
    Package(
        "dmn-js",
        "17.10.2",
        "bpmn.io licence (MIT with a watermark clause)",
        PAGES,
        (
            "dist/dmn-modeler.production.min.js",
            "dist/dmn-viewer.production.min.js",
            "dist/assets/diagram-js.css",
            "dist/assets/dmn-font/css/dmn-embedded.css",
            "dist/assets/dmn-js-boxed-expression-controls.css",
            "dist/assets/dmn-js-boxed-expression.css",
            "dist/assets/dmn-js-decision-table-controls.css",
            "dist/assets/dmn-js-decision-table.css",
            "dist/assets/dmn-js-drd.css",
            "dist/assets/dmn-js-literal-expression.css",
            "dist/assets/dmn-js-shared.css",
        ),
    ),
    Package("axe-core", "4.14.1", "MPL-2.0", TESTS, ("axe.min.js",)),
)


def problems(folder: Path) -> list[str]:
    """Everything that differs between a vendor folder and its manifest."""
    manifest = json.loads((folder / "MANIFEST.json").read_text("utf-8"))
    listed = {entry["file"]: entry["sha256"] for entry in manifest}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"MANIFEST.json"}
    found = [f"{folder.name}: {name} is listed but missing" for name in sorted(listed.keys() - present)]
    found += [f"{folder.name}: {name} is not listed" for name in sorted(present - listed.keys())]
    found += [
        f"{folder.name}: {name} was changed"
        for name in sorted(present & listed.keys())
        if digest(folder / name) != listed[name]
    ]
    return found


def _fetch(package: Package, npm: str) -> list[dict[str, str]]:
    target = package.folder / package.home
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        command = [npm, "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"]
        subprocess.run(command, cwd=scratch, check=True, capture_output=True)  # noqa: S603 fixed arguments
        archive = next(Path(scratch).glob("*.tgz"))
        with tarfile.open(archive) as tar:
            for name in package.files:
                _keep(tar, name, target / Path(name).name)
            if package.licence_text:
                shutil.copy(HERE / "licences" / package.licence_text, target / "LICENSE")
            else:
                _keep(tar, package.licence_file, target / "LICENSE")
    return [
        {
            "file": path.relative_to(package.folder).as_posix(),
            "package": package.name,
            "version": package.version,
            "sha256": digest(path),
            "licence": package.licence,
        }
        for path in sorted(target.iterdir())
    ]


def _keep(tar: tarfile.TarFile, name: str, target: Path) -> None:
    """Unpack one file; style sheets get colours that old browsers understand (webforms/frontend/downlevel.py)."""
    content = tar.extractfile(f"package/{name}")
    if content is None:
        raise FileNotFoundError(name)
    text = content.read()
    target.write_bytes(plain_colours(text.decode()).encode() if target.suffix == ".css" else text)


def _notices(folder: Path) -> str:
    parts = ["This software contains the following works of others. In style sheets, colours were rewritten.\n"]
    if folder == PAGES:
        heading = "Bundled in workbench/ from the following packages; labels of the form editor were translated"
        licences = (PAGES / bundles.HOME / "LICENSE").read_text("utf-8")
        parts.append(f"{'=' * 80}\n{heading}\n{'=' * 80}\n\n{licences}")
    for package in PACKAGES:
        if package.folder == folder:
            text = (folder / package.home / "LICENSE").read_text("utf-8")
            parts.append(f"{'=' * 80}\n{package.name} {package.version}: {package.licence}\n{'=' * 80}\n\n{text}")
    return "\n".join(parts)


def refresh() -> None:
    """Fetch every package again and write files, notices and manifests."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is missing: a maintainer needs Node to refresh the vendored files.")
    for folder in (PAGES, TESTS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        entries = [entry for package in PACKAGES if package.folder == folder for entry in _fetch(package, npm)]
        if folder == PAGES:
            entries += bundles.build(folder / bundles.HOME, npm)
        notices = folder / "THIRD-PARTY-NOTICES.txt"
        notices.write_text(_notices(folder), "utf-8")
        entries.append(
            {"file": notices.name, "package": "", "version": "", "sha256": digest(notices), "licence": "see the file"}
        )
        (folder / "MANIFEST.json").write_text(json.dumps(entries, indent=1) + "\n", "utf-8")


def main(arguments: list[str]) -> None:
    """Run `refresh` or `check`."""
    if arguments == ["refresh"]:
        refresh()
    elif arguments == ["check"]:
        found = [problem for folder in (PAGES, TESTS) for problem in problems(folder)]
        sys.exit("\n".join(found) or 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
