"""Small cells: what may be shown so that nobody is read out of tables, nor by subtracting them.

A cell is a count of ballots, `least` the smallest that may be shown. Cells below it are hidden, 0
with them: "fewer than k" is the same for 0 and for 4. A single hidden cell of a line is the total
less the rest, so others go with it. Source: complementary suppression, L. Willenborg and T. de
Waal, Elements of Statistical Disclosure Control (2001), 6.3.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def hidden(
    cells: Mapping[Key, int], least: int, also: Collection[Key] = frozenset()
) -> frozenset[Key]:
    """Return the cells to hide of a line whose total is shown if it is `least` or more.

    The smallest of the others go with the small ones, and with what is hidden `also`, until the
    hidden sum is `least` or more and no cell is hidden alone.
    """
    gone = {key for key, count in cells.items() if count < least or key in also}
    rest = sorted((key for key in cells if key not in gone), key=lambda key: (cells[key], str(key)))
    while gone and rest and (len(gone) < 2 or sum(cells[key] for key in gone) < least):
        gone.add(rest.pop(0))
    return frozenset(gone)


@dataclass(frozen=True)
class Cross:
    """What of a cross table is hidden: cells (row, column), totals of rows and of columns, all."""

    cells: frozenset[tuple[int, int]]
    rows: frozenset[int]
    columns: frozenset[int]
    total: bool
    width: int


def cross(table: Sequence[Sequence[int]], least: int, also: Collection[int] = frozenset()) -> Cross:
    """Return what to hide of a table of counts whose rows are equally long; `also`: rows.

    Columns with hidden totals count as one. A row with a small cell keeps at most its total, and
    so many rows go with it that they have `least` in each column together. What the totals give
    away of hidden rows is then whole rows or whole columns of them, each large enough.
    """
    height, width = len(table), len(table[0]) if table else 0
    rows = {y: sum(line) for y, line in enumerate(table)}
    columns = {x: sum(line[x] for line in table) for x in range(width)}
    every = frozenset((y, x) for y in range(height) for x in range(width))
    if sum(rows.values()) < least:
        return Cross(every, frozenset(rows), frozenset(columns), total=True, width=width)
    lost_rows, lost_columns = hidden(rows, least, also), hidden(columns, least)
    groups = [[x] for x in columns if x not in lost_columns]
    groups += [sorted(lost_columns)] if lost_columns else []

    def counts(of: set[int]) -> list[int]:
        return [sum(table[y][x] for y in of for x in group) for group in groups]

    gone = {y for y in rows if y in lost_rows or min(counts({y})) < least}
    rest = sorted(set(rows) - gone, key=lambda y: (rows[y], y))
    while gone and rest and min(counts(gone)) < least:
        gone.add(rest.pop(0))
    cells = frozenset((y, x) for y, x in every if y in gone or x in lost_columns)
    return Cross(cells, lost_rows, lost_columns, total=False, width=width)


def nps_shown(promoters: int, passives: int, detractors: int, least: int) -> bool:
    """Return whether a score with its base, and its three groups, may be shown.

    Score and base give promoters less detractors; with any one of the groups they give all three.
    So the figures stand together or not at all: a group below `least` hides them, an empty one
    too, or their being shown would tell 0 from 4.
    """
    return min(promoters, passives, detractors) >= least


def subtractable(shown: Sequence[frozenset[Key]], units: Mapping[Key, int], least: int) -> bool:
    """Return whether two shown groups, one within the other, differ by fewer than `least` units.

    `shown`: each published figure as the set of the smallest groups that it counts; `units`: how
    many answered in each of those. Equal sets are the same figure and tell nothing.
    """
    distinct = list(dict.fromkeys(shown))
    for inner in distinct:
        for outer in distinct:
            if inner < outer and sum(units[each] for each in outer - inner) < least:
                return True
    return False
