"""How the answers to one item are distributed, their top-2 share, their mean, their spread."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from plugins.surveys.figures.intervals import NO_DATA, Figure, around, wilson

Counts = Mapping[int, int]
"""Answers by code; codes below 0 say not shown, skipped, not applicable."""


@dataclass(frozen=True)
class Line:
    """A code of a distribution: how many gave it, and which share (0 to 1) of the base that is."""

    code: int
    count: int
    share: Figure


def answered(counts: Counts) -> dict[int, int]:
    """Return the codes that are answers: what was skipped or not shown is in no base."""
    return {code: number for code, number in counts.items() if code >= 0 and number}


def base(counts: Counts) -> int:
    """Return how many answered."""
    return sum(answered(counts).values())


def distribution(counts: Counts, codes: Collection[int]) -> list[Line]:
    """Return a line for each code that may be answered, those that nobody gave included."""
    whole = base(counts)
    return [
        Line(code, counts.get(code, 0), wilson(counts.get(code, 0), whole))
        for code in sorted(codes)
    ]


def share_of(counts: Counts, codes: Collection[int]) -> Figure:
    """Return the share (0 to 1) of answers that are among the codes, with Wilson's interval."""
    return wilson(sum(answered(counts).get(code, 0) for code in set(codes)), base(counts))


def top_two(counts: Counts, highest: int = 5) -> Figure:
    """Return the share of the two best values of a scale: "satisfied".

    Source: top-2-box, N. Farris et al., Marketing Metrics, 2nd ed. (2010), 2.8.
    """
    return share_of(counts, (highest - 1, highest))


def mean(counts: Counts) -> Figure:
    """Return the mean of the values, with the normal interval of its sample variance."""
    found, whole = answered(counts), base(counts)
    if not whole:
        return NO_DATA
    middle = sum(code * number for code, number in found.items()) / whole
    return around(middle, variance(counts), whole)


def variance(counts: Counts) -> float:
    """Return the sample variance, n - 1 below the line; 0 of a single answer."""
    found, whole = answered(counts), base(counts)
    if whole < 2:
        return 0.0
    # Whole numbers up to the division: the same answers give the same figure to the last bit.
    total = sum(code * number for code, number in found.items())
    squares = sum(code * code * number for code, number in found.items())
    return (whole * squares - total * total) / (whole * (whole - 1))


def effort(counts: Counts) -> Figure:
    """Return the customer effort score: the mean of "it was made easy for me", high is good.

    Source: M. Dixon, N. Toman, R. DeLisi, The Effortless Experience (2013), CES 2.0.
    """
    return mean(counts)


def gap(pairs: Mapping[tuple[int, int], int]) -> Figure:
    """Return mean satisfaction minus expectation of those who answered both.

    `pairs`: (satisfaction, expectation) to how many ballots; paired, as each owner has both.
    Source: SERVQUAL, A. Parasuraman, V. Zeithaml, L. Berry, Journal of Retailing 64 (1988).
    """
    differences: dict[int, int] = {}
    for (got, hoped), number in pairs.items():
        if got >= 0 and hoped >= 0:
            differences[got - hoped] = differences.get(got - hoped, 0) + number
    whole = sum(differences.values())
    if not whole:
        return NO_DATA
    total = sum(each * number for each, number in differences.items())
    squares = sum(each * each * number for each, number in differences.items())
    spread = (whole * squares - total * total) / (whole * (whole - 1)) if whole > 1 else 0.0
    return around(total / whole, spread, whole)
