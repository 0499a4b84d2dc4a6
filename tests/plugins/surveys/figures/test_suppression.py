"""No cell below k is shown, nor found by subtracting: tried by brute force on small tables."""

import itertools
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.surveys.figures import suppression

LEAST = 3
lines = st.lists(st.integers(0, 6), min_size=1, max_size=5)
tables = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, 8), min_size=size[0], max_size=size[0]),
        min_size=size[1],
        max_size=size[1],
    )
)
Vector = list[Fraction]


def reduced(vector: Vector, basis: list[tuple[int, Vector]]) -> Vector:
    """Return what is left of a vector after taking the basis out of it."""
    for place, base in basis:
        factor = vector[place]
        if factor:
            vector = [each - factor * other for each, other in zip(vector, base, strict=True)]
    return vector


def disclosed(counts: list[int], shown: list[set[int]]) -> list[int]:
    """Return the count of each group of cells that some combination of shown sums gives."""
    basis: list[tuple[int, Vector]] = []
    for group in shown:
        vector = reduced([Fraction(cell in group) for cell in range(len(counts))], basis)
        place = next((place for place, each in enumerate(vector) if each), None)
        if place is not None:
            basis.append((place, [each / vector[place] for each in vector]))
    found = []
    for chosen in itertools.product((0, 1), repeat=len(counts)):
        if any(chosen) and not any(reduced([Fraction(each) for each in chosen], basis)):
            found.append(sum(itertools.compress(counts, chosen)))
    return found


@settings(deadline=None)
@given(lines)
def test_line_and_its_total_give_no_small_count(counts: list[int]) -> None:
    gone = suppression.hidden(dict(enumerate(counts)), LEAST)
    shown = [{place} for place in range(len(counts)) if place not in gone]
    if sum(counts) >= LEAST:
        shown.append(set(range(len(counts))))
    assert all(each >= LEAST for each in disclosed(counts, shown))


@settings(max_examples=60, deadline=None)
@given(tables)
def test_cross_table_with_its_totals_gives_no_small_count(table: list[list[int]]) -> None:
    height, width = len(table), len(table[0])
    found = suppression.cross(table, LEAST)
    at = {(y, x): y * width + x for y in range(height) for x in range(width)}
    shown = [{place} for cell, place in at.items() if cell not in found.cells]
    shown += [{at[y, x] for x in range(width)} for y in range(height) if y not in found.rows]
    shown += [{at[y, x] for y in range(height)} for x in range(width) if x not in found.columns]
    if not found.total:
        shown.append(set(at.values()))
    assert all(each >= LEAST for each in disclosed([each for row in table for each in row], shown))


def test_cross_table_without_small_cells_is_shown_whole() -> None:
    assert suppression.cross([[10, 20], [30, 40]], 10) == suppression.Cross(
        frozenset(), frozenset(), frozenset(), total=False, width=2
    )


def test_zero_and_four_are_hidden_alike() -> None:
    for count in (0, 4):
        cells = {"a": count, "b": 20, "c": 30}
        assert suppression.hidden(cells, 5) == {"a", "b"}


def test_score_with_a_small_group_is_not_shown() -> None:
    assert suppression.nps_shown(20, 10, 5, 5)
    assert not suppression.nps_shown(20, 10, 0, 5)
    assert not suppression.nps_shown(20, 10, 4, 5)
    assert not suppression.nps_shown(2, 1, 1, 5)


def test_whole_less_its_part_is_a_small_rest() -> None:
    units = {"1": 20, "2": 4}
    assert suppression.subtractable([frozenset({"1"}), frozenset({"1", "2"})], units, 5)
    assert not suppression.subtractable([frozenset({"1", "2"})], units, 5)
    units["2"] = 5
    assert not suppression.subtractable([frozenset({"1"}), frozenset({"1", "2"})], units, 5)
