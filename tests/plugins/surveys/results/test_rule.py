"""The one rule: no two figures that are told can be subtracted to give fewer than k."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.surveys.figures.intervals import wilson
from plugins.surveys.results.showable import (
    may_average,
    may_be_loyal,
    may_count,
    may_subtract,
    strata,
    told,
)

pytestmark = pytest.mark.once
LEAST = 3
FIELDS = ("building", "stage")
Ballot = tuple[str, str, int]
"""Building, stage, column."""
ballots = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 1)),
    min_size=1,
    max_size=40,
)


@dataclass(frozen=True)
class Told:
    """A number that is told: the homes that it is of, and which of their ballots it counts."""

    homes: frozenset[int]
    column: int | None
    ballots: frozenset[int]


def shown(said: list[Ballot]) -> Iterator[Told]:
    """Yield every number of the two tables that is told."""
    atoms: dict[tuple[str, ...], list[int]] = {}
    for building, stage, column in said:
        atoms.setdefault((building, stage), [0, 0])[column] += 1
    every = frozenset(range(len(said)))
    by = {x: {n for n, each in enumerate(said) if each[2] == x} for x in range(2)}
    for field, found in strata(atoms, FIELDS, LEAST).items():
        place, gone = FIELDS.index(field), found.gone
        for y, name in enumerate(found.names):
            homes = frozenset(n for n, each in enumerate(said) if each[place] == name)
            assert found.table[y] == [len(homes & by[x]) for x in by]
            if y not in gone.rows:
                yield Told(homes, None, homes)
            yield from (Told(homes, x, homes & by[x]) for x in by if (y, x) not in gone.cells)
        yield from (Told(every, x, every & by[x]) for x in by if x not in gone.columns)
        if not gone.total:
            yield Told(every, None, every)


@settings(max_examples=150, deadline=None)
@given(ballots)
def test_no_two_tables_of_strata_give_a_small_group(said: list[Ballot]) -> None:
    found = set(shown(said))
    assert all(len(each.ballots) >= LEAST for each in found)
    for one, other in itertools.permutations(found, 2):
        if one.homes < other.homes and one.column == other.column:
            assert len(other.ballots) - len(one.ballots) >= LEAST


def test_a_stage_that_is_a_building_and_few_more_is_hidden() -> None:
    atoms = {("1", "new"): [20, 20], ("2", "new"): [1, 1], ("2", "old"): [20, 20]}
    found = strata(atoms, FIELDS, 5)
    assert not found["building"].gone.cells
    assert len(found["stage"].gone.cells) == 4
    # With as many between them as may be told, both stand.
    found = strata(atoms | {("2", "new"): [5, 5]}, FIELDS, 5)
    assert not found["stage"].gone.cells


@pytest.mark.parametrize(("silent", "base"), [(0, None), (4, None), (5, 20)])
def test_a_base_tells_of_nobody_who_was_silent(silent: int, base: int | None) -> None:
    found = told(wilson(13, 20), 20 + silent, 5, complete=False, places=2)
    assert (found.base if found.exact else None) == base
    assert found.value == 0.65
    assert told(wilson(13, 20), 20, 5, complete=True, places=2).exact


def test_one_less_all_three_is_not_few() -> None:
    said: Mapping[tuple[bool | None, ...], int] = {
        (True, True, True): 20, (False, False, False): 9, (True, False, False): 5,
        (False, True, False): 5, (False, False, True): 5, (None, True, True): 1,
    }  # fmt: skip
    assert may_be_loyal(said, 5)
    assert not may_be_loyal({**said, (True, False, False): 4}, 5)


def test_means_that_would_tell_of_few_are_not_told() -> None:
    spread = {1: 6, 2: 6, 3: 6, 4: 6, 5: 6}
    assert may_average(spread, 5)
    assert may_subtract({(code, code): 6 for code in spread}, 5)
    assert not may_subtract({(code, 5): 6 for code in spread}, 5)
    assert may_count({0: 20, 1: 5}, 5)
    assert not may_count({0: 20, 1: 4}, 5)
