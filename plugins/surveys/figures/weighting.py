"""Weights by stratum, so that who answers less often counts as much as the frame says."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CAP = 3.0


@dataclass(frozen=True)
class Weights:
    """A weight for each stratum that answered; the mean over all ballots is 1.

    `effective`: how many unweighted ballots would be as exact. `missing`: strata of the frame
    without any ballot, which no weight can speak for. `largest`: the greatest weight.
    """

    by: Mapping[str, float]
    effective: float
    missing: tuple[str, ...]

    @property
    def largest(self) -> float | None:
        """Return the greatest weight, None when nobody answered."""
        return max(self.by.values(), default=None)


def post_stratify(
    frame: Mapping[str, int], ballots: Mapping[str, int], cap: float = CAP
) -> Weights:
    """Return weights that make ballots stand as the frame does, none above `cap`.

    Source: D. Holt and T. M. F. Smith, Post Stratification, JRSS A 142 (1979), 33-46; cut at the
    cap and scaled again until none is above it. Raises ValueError for a cap below 1 and for
    ballots of a stratum that the frame has not.
    """
    if cap < 1:
        raise ValueError("a cap is 1 at least")
    answered = {key: number for key, number in sorted(ballots.items()) if number}
    if any(not frame.get(key) for key in answered):
        raise ValueError("ballots of a stratum that is not in the frame")
    missing = tuple(sorted(key for key, units in frame.items() if units and key not in answered))
    if not answered:
        return Weights({}, 0.0, missing)
    total, units = sum(answered.values()), sum(frame[key] for key in answered)
    raw = {key: frame[key] * total / (units * number) for key, number in answered.items()}
    capped = _cap(raw, answered, cap)
    return Weights(capped, effective([(capped[key], answered[key]) for key in answered]), missing)


def _cap(raw: Mapping[str, float], ballots: Mapping[str, int], cap: float) -> dict[str, float]:
    """Hold at the cap what is above it, and scale the rest so that the mean stays 1."""
    total, held = sum(ballots.values()), set[str]()
    while True:
        free = [key for key in raw if key not in held]
        kept = total - cap * sum(ballots[key] for key in held)
        mass = math.fsum(raw[key] * ballots[key] for key in free)
        scale = kept / mass if mass else 0.0
        found = {key: cap if key in held else raw[key] * scale for key in raw}
        above = {key for key in free if found[key] > cap * (1 + 1e-12)}
        if not above:
            return found
        held |= above


def effective(weighted: Sequence[tuple[float, int]]) -> float:
    """Return the effective sample size (Σw)² / Σw² of (weight, ballots with it).

    Source: L. Kish, Survey Sampling (1965), 11.2C.
    """
    total = math.fsum(weight * number for weight, number in weighted)
    squares = math.fsum(weight * weight * number for weight, number in weighted)
    return total * total / squares if squares else 0.0
