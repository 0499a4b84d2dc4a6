"""What of an item may be shown: a bar of groups none of which is small, or nothing; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugins.surveys.figures.intervals import NO_DATA, Figure
from plugins.surveys.figures.shares import answered, base, mean, top_two
from plugins.surveys.figures.suppression import hidden

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
