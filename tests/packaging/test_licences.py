"""What the portal is made of may be used by whoever runs it: licences, and hashes of all of it."""

import json
import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LOCKED = re.compile(
    r"^([a-z0-9][^\\\n]*==[^\\\n]*?)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.M
)
STARTS = re.compile(r"^[a-z0-9]", re.M)
ALLOWED = {
    "0BSD", "Apache Software License", "Apache-2.0", "BSD", "BSD License", "BSD-2-Clause",
    "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT License", "MIT-0", "MIT-CMU",
    "PSF-2.0", "The Unlicense (Unlicense)", "Zlib", "Zope Public License",
    # Weak copyleft: used as they are, changed files would have to be given away.
    "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)", "LGPL-3.0-only",
}  # fmt: skip
LIST = ROOT / "requirements"


def locked(name: str) -> list[Requirement]:
    """Return what a lock names for this machine."""
    found = [Requirement(each) for each, _ in LOCKED.findall((LIST / name).read_text("utf-8"))]
    return [each for each in found if each.marker is None or each.marker.evaluate()]


def licences(name: str) -> set[str]:
    """Return the licences of an installed package, as its metadata say it.

    Of a choice ("A OR B") the ones to choose from, of "A AND B" each.
    """
    about = metadata.metadata(name)
    listed = [
        line.split(" :: ")[-1]
        for line in about.get_all("Classifier") or ()
        if line.startswith("License :: ") and line != "License :: OSI Approved"
    ]
    said = about["License-Expression"] or " AND ".join(listed) or about["License"] or "none"
    return {each.strip() for each in re.split(r" (?:AND|OR) ", said)}


def test_every_locked_package_has_hashes() -> None:
    for file in LIST.glob("*.txt"):
        text = file.read_text("utf-8")
        assert len(LOCKED.findall(text)) == len(STARTS.findall(text)) > 0, file.name


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_every_licence_is_one_that_may_be_used(name: str) -> None:
    packages = locked(name)
    assert len(packages) > 40
    odd = {each.name: found for each in packages if (found := licences(each.name) - ALLOWED)}
    assert not odd


def test_every_browser_file_may_be_used() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert len(packages) > 5
    assert {each["license"] for each in packages.values()} <= ALLOWED
    assert all("integrity" in each for path, each in packages.items() if path)
