"""What is written about the kit is so."""

import re
from pathlib import Path
from typing import Any

from portal.sdk import testing
from portal.sdk.testing import plugin_contract

PAGE = (Path(__file__).parents[2] / "docs" / "plugins" / "testing.md").read_text("utf-8")
FENCE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_names: dict[str, Any] = {"__name__": "sample"}
exec(compile("\n".join(FENCE.findall(PAGE)), "testing.md", "exec"), _names)  # noqa: S102 - our own
# The samples of the page are tests: these two run as they stand there.
test_it_is_only_where_it_is_on = _names["test_it_is_only_where_it_is_on"]
test_a_neighbour_comes_a_week_later = _names["test_a_neighbour_comes_a_week_later"]


def first_column(text: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)


def test_every_name_of_the_kit_is_documented() -> None:
    assert first_column(PAGE.split("\n## ")[0]) == sorted(testing.__all__)


def test_every_test_of_the_contract_is_documented() -> None:
    made = plugin_contract("library")
    assert sorted(first_column(PAGE.split("\n## ")[1])) == sorted(
        name for name in dir(made) if name.startswith("test_")
    )
    assert len(first_column(PAGE.split("\n## ")[1])) > 20
