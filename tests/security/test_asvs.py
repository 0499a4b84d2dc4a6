"""The table of docs/asvs.md is whole, and the tests that it names are there."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", re.MULTILINE)
STATES = {"met", "n/a", "operator", "**gap**"}
IN_CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13,
    14: 9, 15: 13, 16: 16, 17: 7,
}  # fmt: skip
"""How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has."""

rows = ROW.findall((ROOT / "docs/asvs.md").read_text("utf-8"))


def test_every_requirement_has_one_row() -> None:
    assert len({row[0] for row in rows}) == len(rows) == sum(IN_CHAPTERS.values())
    assert Counter(int(row[0][1:].partition(".")[0]) for row in rows) == IN_CHAPTERS


@pytest.mark.parametrize("row", rows, ids=[row[0] for row in rows])
def test_a_row_says_its_state_and_names_what_is_there(row: tuple[str, str, str, str]) -> None:
    _, state, why, test = row
    assert state in STATES
    assert len(why) > 3
    assert not test or (ROOT / test.strip("`")).exists()
