"""The shape of the checkout."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 500
SUFFIXES = (".py", ".html", ".css", ".js")


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def is_revision(path: Path) -> bool:
    """Alembic writes revisions, and a released one is never edited: its length is no fault."""
    return "migrations" in path.parts and re.search(r"_\d{4}_", path.name) is not None


@pytest.mark.parametrize("name", ["templates", "translations", "migrations"])
def test_mapped_folder_is_beside_the_package_only(name: str):
    """portal.paths looks inside the package first: a folder there would hide the real one."""
    assert not (ROOT / "portal" / name).exists()
    assert (ROOT / name).is_dir()


def test_no_file_is_too_long():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in tracked_files()
        if path.suffix in SUFFIXES and path.exists() and not is_revision(path)
    }
    assert lengths, "git lists no source file"
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_nothing_third_party_is_tracked():
    vendored = ("node_modules", "vendor")
    tracked = [path.relative_to(ROOT) for path in tracked_files()]
    assert [path for path in tracked if set(path.parts) & set(vendored)] == []
