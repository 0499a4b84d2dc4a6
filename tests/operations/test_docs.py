"""The operator's pages name what there is, and nothing else."""

import re
from pathlib import Path

import pytest

from portal.cli import COMMANDS
from portal.config import VARIABLES

ROOT = Path(__file__).parent.parent.parent
OPERATE = (ROOT / "docs" / "operate.md").read_text("utf-8")


def test_every_setting_has_its_row() -> None:
    rows = set(re.findall(r"^\| `(PORTAL_[A-Z_]+)` \|", OPERATE, re.MULTILINE))
    assert rows == VARIABLES


def test_no_page_names_a_setting_that_is_none() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        named = set(re.findall(r"PORTAL_(?!PLUGIN_)[A-Z]+(?:_[A-Z]+)*", page.read_text("utf-8")))
        assert named - VARIABLES - {"PORTAL_TEST_CHROMIUM"} == set(), page.name


def test_every_portal_command_in_the_pages_exists() -> None:
    names = {command.name for command in COMMANDS}
    text = OPERATE + (ROOT / "README.md").read_text("utf-8")
    used = set(re.findall(r"(?:^|`|&& |\d )portal ([a-z][a-z-]*)", text, re.MULTILINE))
    assert {"run", "db", "account", "doctor"} <= used
    assert used <= names


@pytest.mark.parametrize("page", ["README.md", "docs/operate.md", "docs/security.md"])
def test_links_and_pictures_lead_somewhere(page: str) -> None:
    path = ROOT / page
    text = path.read_text("utf-8")
    targets = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for target in targets:
        assert (path.parent / target).exists(), target
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings
