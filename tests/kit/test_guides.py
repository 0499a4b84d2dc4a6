"""The guides beside the manual: their links lead somewhere, their samples run."""

import re
from pathlib import Path

import pytest

from portal import sdk
from portal.plugin_host.hookspecs import RETURNS
from portal.plugin_host.new_cli import new_command

GUIDES = Path(__file__).parents[2] / "docs" / "plugins"
PAGES = sorted(path.name for path in GUIDES.glob("*.md"))
FENCE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COOKBOOK = FENCE.findall((GUIDES / "cookbook.md").read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_what_a_guide_links_is_there(page: str) -> None:
    text = (GUIDES / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)", text):
        assert (GUIDES / target).is_file(), target


@pytest.mark.parametrize("number", range(len(COOKBOOK)))
def test_a_recipe_can_be_imported_and_its_hooks_are_there(number: int) -> None:
    names: dict[str, object] = {"__name__": "sample"}
    exec(compile(COOKBOOK[number], "cookbook.md", "exec"), names)  # noqa: S102 - our own guide
    hooks = [name for name, value in names.items() if hasattr(value, "portal_impl")]
    assert set(hooks) <= RETURNS.keys()
    for name in hooks:
        if name.startswith("register_"):
            value = names[name]()  # type: ignore[operator]
            RETURNS[name].check(name, value)


def test_the_options_that_the_guide_gives_are_there() -> None:
    text = (GUIDES / "quickstart.md").read_text("utf-8") + (GUIDES / "README.md").read_text("utf-8")
    known = {option for each in new_command.params for option in each.opts}
    lines = [line for line in text.splitlines() if "plugin new" in line]
    assert lines
    for line in lines:
        assert set(re.findall(r"--[a-z-]+", line)) <= known
    assert sdk.API_VERSION == 1
