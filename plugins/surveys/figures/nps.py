"""Net promoter score: promoters (9, 10) less detractors (0 to 6), in points from -100 to 100."""

import math
from dataclasses import dataclass

from plugins.surveys.figures.intervals import Figure, Z
from plugins.surveys.figures.shares import Counts, answered


@dataclass(frozen=True)
class Groups:
    """Who answered 9 or 10, 7 or 8, and 0 to 6."""

    promoters: int
    passives: int
    detractors: int

    @property
    def base(self) -> int:
        """Return all who answered: skipped and not shown count nowhere."""
        return self.promoters + self.passives + self.detractors


def groups(counts: Counts) -> Groups:
    """Sort answers from 0 to 10 into the three groups; raise ValueError above 10."""
    found = answered(counts)
    if any(code > 10 for code in found):
        raise ValueError("an answer lies between 0 and 10")
    promoters = found.get(9, 0) + found.get(10, 0)
    passives = found.get(7, 0) + found.get(8, 0)
    return Groups(promoters, passives, sum(found.values()) - promoters - passives)


def score(counts: Counts, z: float = Z) -> Figure:
    """Return the score in points with the closed-form interval; None where nobody answered.

    Variance of one answer, coded 1, 0, -1: p + d - (p - d)². Source: F. Reichheld, The One Number
    You Need to Grow, HBR (2003); B. Rocks, Interval Estimation for the Net Promoter Score, The
    American Statistician 70 (2016), 365-372 (Wald).
    """
    found = groups(counts)
    base = found.base
    if not base:
        return Figure(None, 0, None, None)
    net = found.promoters - found.detractors
    spread = (found.promoters + found.detractors) / base - (net / base) ** 2
    half = z * math.sqrt(max(0.0, spread) / base)
    value = net / base
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return Figure(100 * value, base, 100 * low, 100 * high)
