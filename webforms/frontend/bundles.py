"""What nobody ships ready for a browser, bundled by a maintainer from pinned packages (`frontend/workbench`).

The lock file names versions and content hashes and no place to fetch them from; scripts of packages never run.
"""

import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from webforms.frontend.downlevel import plain_colours

SOURCE = Path(__file__).parent / "workbench"
HOME = "workbench"
CONTENTS = {
    "modeling": ("bpmn-js-token-simulation", "bpmn-js-bpmnlint", "bpmnlint", "bpmn-js-i18n", "bpmn-js-i18n-zh"),
    "form-viewer": ("@bpmn-io/form-js-viewer",),
    "form-editor": ("@bpmn-io/form-js-editor",),
    "LICENSE": (),
}


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(target: Path, npm: str) -> list[dict[str, str]]:
    """Write the bundles into a folder; answers their entries of the manifest. Needs Node and the packages."""
    versions: dict[str, str] = json.loads((SOURCE / "package.json").read_text("utf-8"))["dependencies"]
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(SOURCE, scratch, dirs_exist_ok=True)
        fetch = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(fetch, cwd=scratch, check=True)  # noqa: S603 fixed arguments
        subprocess.run(["node", "build.mjs", str(target)], cwd=scratch, check=True)  # noqa: S603, S607 fixed arguments
    for sheet in target.glob("*.css"):
        sheet.write_text(plain_colours(sheet.read_text("utf-8")), "utf-8")
    return [
        {
            "file": f"{HOME}/{path.name}",
            "package": ", ".join(CONTENTS[path.stem]),
            "version": ", ".join(versions[name] for name in CONTENTS[path.stem]),
            "sha256": digest(path),
            "licence": f"see {HOME}/LICENSE",
        }
        for path in sorted(target.iterdir())
    ]
