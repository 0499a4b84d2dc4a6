"""Write what the portal is made of as CycloneDX: dist/sbom.python.json and dist/sbom.browser.json.

Run by ``make sbom`` as ``python -m tools.sbom PROGRAM`` with the path of cyclonedx-py. Both come
from the locks alone, with their hashes; nothing is installed for them.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from portal import __version__
from tools.assets import NPM_FILES, ROOT, AssetError, commands

PYTHON, BROWSER = "sbom.python.json", "sbom.browser.json"
NPM_SBOM = ["sbom", "--package-lock-only", "--omit=dev", "--sbom-format=cyclonedx"]


def python_parts(program: str) -> str:
    """Return the bill of requirements/run.txt. Raises CalledProcessError."""
    command = [program, "requirements", "--output-reproducible", "requirements/run.txt"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def browser_parts() -> str:
    """Return the bill of package-lock.json. Raises AssetError when no npm makes one."""
    with tempfile.TemporaryDirectory(prefix="portal-sbom-") as name:
        folder = Path(name)
        for file in NPM_FILES:
            (folder / file).write_bytes((ROOT / file).read_bytes())
        package = json.loads((folder / "package.json").read_text("utf-8"))
        # npm names a bill after the version, which package.json leaves to the portal.
        (folder / "package.json").write_text(json.dumps({**package, "version": __version__}))
        for npm in commands(folder / "npm"):
            made = subprocess.run([*npm, *NPM_SBOM], cwd=folder, stdout=subprocess.PIPE, text=True)
            if made.returncode == 0:
                return made.stdout
    raise AssetError("npm could not tell what package-lock.json names")


def main() -> int:
    """Write both files and say how many parts each names."""
    (ROOT / "dist").mkdir(exist_ok=True)
    for name, text in ((PYTHON, python_parts(sys.argv[1])), (BROWSER, browser_parts())):
        (ROOT / "dist" / name).write_text(text, "utf-8")
        print(f"dist/{name}: {len(json.loads(text)['components'])} parts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
