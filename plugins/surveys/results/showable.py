"""The one rule of what may be shown of a wave's answers; pure.

Pages, JSON, files, the projects compared, cross tables and the published document all ask here
(and `figures/suppression.py`, which does the sums). `least` is the smallest group, k.

1. A group is told when k or more are in it. 0 is told as 4 is: "fewer than k".
2. A share is told when who is in it and who is not are k or more each.
3. A part is told beside its whole when the rest is k or more: so "loyal" only where those who are
   satisfied (would buy again, would recommend) and not loyal are.
4. A scale is told in the finest groups of neighbouring values that are k or more each, a choice
   without its small codes and the smallest others with them.
5. A score of three groups (NPS) is told with them, or not at all.
6. A mean is told where it and the groups told leave each small value open between 0 and k - 1
   (`may_average`), a difference of two means where that holds of both, of a number of persons where
   they are k or more together.
7. A base is told where who did not answer are k or more, or nobody could be silent; otherwise the
   figure stands in whole percent or points, without its base (`told`).
8. Silence is a column of every cross table, so all tables of a stratum have the same totals, those
   of its ballots, and rows and columns of a cross table have the totals of the questions.
9. Of two strata of which one lies within the other, the later is hidden where what is between them
   is small in any column (`strata`).

What it does not see: two groups that lie within each other by accident, told by different
questions, since nobody but who reads the answers knows that they do.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from plugins.surveys.figures.intervals import NO_DATA, Figure
from plugins.surveys.figures.shares import answered, base, mean, top_two
from plugins.surveys.figures.suppression import Cross, cross, hidden

_MERGED = (
    ((1,), (2,), (3,), (4,), (5,)),
    ((1, 2), (3,), (4, 5)),
    ((1, 2, 3), (4, 5)),
)


@dataclass(frozen=True)
class Bar:
    """A scale of five in groups of its values, the best first, each with its count."""

    base: int
    groups: tuple[tuple[tuple[int, ...], int], ...]
    top_two: Figure
    mean: Figure


def bar(counts: Mapping[int, int], least: int) -> Bar | None:
    """Return the finest groups of 1 to 5 that each have `least` answers; None where none has.

    A group of nobody counts as small: 0 looks as 4 does.
    """
    given = answered(counts)
    for groups in _MERGED:
        sizes = [(codes, sum(given.get(code, 0) for code in codes)) for codes in groups]
        if all(size >= least for _, size in sizes):
            return Bar(base(counts), tuple(reversed(sizes)), top_two(counts), mean(counts))
    return None


def may_average(counts: Mapping[int, int], least: int) -> bool:
    """Return whether the mean of a scale of five may stand beside its bar.

    Groups and mean together bound each value that the bar merged: what is small must still be
    able to be anything from 0 to `least` - 1.
    """
    given, shown = answered(counts), bar(counts, least)
    if base(counts) < least:
        return False
    groups = shown.groups if shown else (((1, 2, 3, 4, 5), base(counts)),)
    total = sum(code * number for code, number in given.items())
    for codes, size in groups:
        others = [each for each in groups if each[0] != codes]
        for code in codes if len(codes) > 1 else ():
            if given.get(code, 0) >= least:
                continue
            rest = [each for each in codes if each != code]
            for number in (0, min(least - 1, size)):
                fixed, left = code * number, size - number
                low = fixed + left * min(rest) + sum(many * min(of) for of, many in others)
                high = fixed + left * max(rest) + sum(many * max(of) for of, many in others)
                if not low <= total <= high:
                    return False
    return True


def may_subtract(pairs: Mapping[tuple[int, int], int], least: int) -> bool:
    """Return whether one mean less another may be shown: each of both by itself may be.

    `pairs`: both answers to how many gave them.
    """
    sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for pair, number in pairs.items():
        for side, code in zip(sides, pair, strict=True):
            if min(pair) >= 0:
                side[code] = side.get(code, 0) + number
    return all(may_average(side, least) for side in sides)


def may_count(told: Mapping[int, int], least: int) -> bool:
    """Return whether the mean of a number of persons may be shown; `told`: number -> answers.

    Fewer persons than `least` together would tell that fewer than `least` named one at all.
    """
    persons = sum(number * many for number, many in told.items())
    return sum(told.values()) >= least and persons >= least


def may_be_loyal(counts: Mapping[tuple[bool | None, ...], int], least: int) -> bool:
    """Return whether "all three" may stand beside each of the three shares.

    `counts`: the three answers to how many gave them.
    """
    whole = {key: number for key, number in counts.items() if None not in key}
    loyal = sum(number for key, number in whole.items() if all(key))
    return all(
        sum(number for key, number in whole.items() if key[place]) - loyal >= least
        for place in range(3)
    )


@dataclass(frozen=True)
class Choice:
    """A code of a choice; `count` is None where it is hidden."""

    code: int
    count: int | None
    percent: int | None


def choices(counts: Mapping[int, int], codes: Sequence[int], least: int) -> list[Choice] | None:
    """Return the codes of an item with their counts, small ones and their complements hidden."""
    whole = base(counts)
    if whole < least:
        return None
    cells = {code: counts.get(code, 0) for code in codes}
    gone = hidden(cells, least)
    return [
        Choice(code, None, None)
        if code in gone
        else Choice(code, number, round(100 * number / whole))
        for code, number in cells.items()
    ]


def share(figure: Figure, least: int) -> Figure:
    """Return a share, without data unless who is in it and who is not are `least` or more each."""
    if figure.value is None:
        return NO_DATA
    hits = round(figure.value * figure.base)
    return figure if min(hits, figure.base - hits) >= least else NO_DATA


def may_tell_base(size: int, base: float, least: int, *, complete: bool) -> bool:
    """Return whether the base of a question may be told, of `size` ballots.

    `complete`: everybody had to answer, so that it tells of nobody who did not.
    """
    return complete or size - base >= least


def told(figure: Figure, size: int, least: int, *, complete: bool, places: int = 0) -> Figure:
    """Return a figure to `places` after the point and without its base where that tells of few."""
    if figure.value is None or may_tell_base(size, figure.base, least, complete=complete):
        return figure
    return without_base(figure, size, places)


def without_base(figure: Figure, size: int, places: int = 0) -> Figure:
    """Return a figure to `places` after the point, of all `size` answers to the survey."""
    value, low, high = (
        None if each is None else round(each, places)
        for each in (figure.value, figure.low, figure.high)
    )
    return replace(figure, value=value, low=low, high=high, base=size, exact=False)


Atom = tuple[str, ...]
Atoms = Mapping[Atom, Sequence[int]]
"""The names of a group in every stratum -> how many of it are in each column."""


@dataclass(frozen=True)
class Stratified:
    """A cross table of a stratum, the rows by name, with what of it is hidden."""

    names: Sequence[str]
    table: Sequence[Sequence[int]]
    gone: Cross


@dataclass(frozen=True)
class _Row:
    """A row that is told, in its total or (`cells`) by column."""

    atoms: frozenset[Atom]
    cells: bool


def strata(atoms: Atoms, fields: Sequence[str], least: int) -> dict[str, Stratified]:
    """Return the cross table of each stratum; `fields`: what the names of an atom are of."""
    earlier: list[_Row] = []
    found = {}
    for place, field in enumerate(fields):
        groups: dict[str, set[Atom]] = {}
        for atom in atoms:
            groups.setdefault(atom[place], set()).add(atom)
        names = sorted(groups)
        table = [_sum(atoms, groups[name]) for name in names]
        also: set[int] = set()
        while True:
            gone = cross(table, least, also)
            rows = _told(names, groups, gone)
            near = {y for y, row in rows.items() if _near(row, earlier, atoms, least)}
            if near <= also:
                break
            also |= near
        earlier += rows.values()
        found[field] = Stratified(names, table, gone)
    return found


def _told(names: Sequence[str], groups: Mapping[str, set[Atom]], gone: Cross) -> dict[int, _Row]:
    whole = {y for y, _ in gone.cells if all((y, x) in gone.cells for x in range(gone.width))}
    return {
        y: _Row(frozenset(groups[name]), y not in whole)
        for y, name in enumerate(names)
        if y not in gone.rows or y not in whole
    }


def _near(row: _Row, earlier: Sequence[_Row], atoms: Atoms, least: int) -> bool:
    """Return whether a row and an earlier one lie within each other with little between them."""
    for other in earlier:
        small, large = sorted((row.atoms, other.atoms), key=len)
        if small < large:
            between = _sum(atoms, large - small)
            if sum(between) < least or (row.cells and other.cells and min(between) < least):
                return True
    return False


def _sum(atoms: Atoms, chosen: Collection[Atom]) -> list[int]:
    return [sum(column) for column in zip(*(atoms[each] for each in chosen), strict=True)]
