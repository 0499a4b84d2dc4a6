"""A hook is there because somebody uses it: documented, tested, and used by a plugin of ours."""

import ast
import re
from functools import cache
from pathlib import Path

from portal.plugin_host.hookspecs import RETURNS
from tools.hook_reference import PAGE, heading, reference

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "plugins" / "README.md").read_text("utf-8")
UNUSED = {
    "register_senders": "a gateway is a plugin of its own; the portal sends by SMTP itself",
    "member_profile_sections": "for plugins that keep much of one member",
    "check_plugin_enable": "for two plugins that exclude each other; ours do not",
    "check_points_posting": "for a club's own limits; ours are earning rules",
    "on_plugin_disabled": "for what lies at another service; ours keep nothing there",
    "on_member_joined": "for plugins that begin with a member; ours begin with a wish",
}
"""Hook -> why none of our plugins uses it. One that is used goes from here."""


@cache
def defined(folder: str, pattern: str) -> set[str]:
    """Return the functions of hooks that modules define."""
    return {
        node.name
        for path in (ROOT / folder).rglob(pattern)
        for node in ast.walk(ast.parse(path.read_text("utf-8").replace("[[ package ]]", "x")))
        if isinstance(node, ast.FunctionDef) and node.name in RETURNS
    }


def used() -> set[str]:
    """Return the hooks that bundled plugins, and the one that is made to begin with, have."""
    return defined("plugins", "hooks.py") | defined("portal/plugin_host/scaffold", "hooks.py.tmpl")


def test_every_hook_has_a_user_or_a_reason() -> None:
    assert RETURNS.keys() - used() - UNUSED.keys() == set()
    assert [name for name, why in UNUSED.items() if len(why) < 20 or name not in RETURNS] == []


def test_every_hook_is_tested() -> None:
    words = set()
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            words |= set(re.findall(r"\w+", path.read_text("utf-8")))
    assert RETURNS.keys() - words == set()


def test_every_hook_has_a_sample_in_the_manual() -> None:
    for name in RETURNS:
        _, there, after = MANUAL.partition(f"\n### `{heading(name)}`\n")
        assert there, name
        assert f"def {name}(" in after.split("\n### ")[0], name


def test_the_reference_is_written_from_the_specifications() -> None:
    """`python -m tools.hook_reference` writes it anew."""
    assert PAGE.read_text("utf-8") == reference()
