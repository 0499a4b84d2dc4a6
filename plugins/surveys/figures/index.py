"""The satisfaction index, 0 to 100, by dimensions with their weights."""

import math
from collections.abc import Mapping

from plugins.surveys.figures.intervals import NO_DATA, Figure, Z
from plugins.surveys.figures.shares import Counts, mean


def of_dimension(counts: Counts, lowest: int = 1, highest: int = 5, z: float = Z) -> Figure:
    """Return the mean of a scale moved to 0 (lowest value) to 100 (highest value).

    Source: the scaling of the American Customer Satisfaction Index, C. Fornell et al., Journal of
    Marketing 60 (1996), 7-18. Raises ValueError for a scale of one value.
    """
    if highest <= lowest:
        raise ValueError("a scale has two values at least")
    found = mean(counts)
    if found.value is None or found.low is None:
        return NO_DATA
    value = 100 * (found.value - lowest) / (highest - lowest)
    # mean() is at 95 %; another z only stretches its half width.
    half = 100 * (found.value - found.low) / (highest - lowest) * (z / Z)
    return Figure(value, found.base, value - half, value + half)


def whole(dimensions: Mapping[str, Figure], weights: Mapping[str, float], z: float = Z) -> Figure:
    """Return the weighted mean of dimensions; one without data leaves its weight to the others.

    The base is the smallest of those that count. Dimensions are taken as independent: variance
    Σ w² s², as for a mean over strata (Cochran, Sampling Techniques, 5.9); answers of one owner to
    several dimensions go together, so publishing takes the bootstrap. Raises ValueError for a
    weight below 0 or when no weight is above 0.
    """
    if any(each < 0 for each in weights.values()) or not any(weights.values()):
        raise ValueError("weights are not negative, and one is above 0")
    known = {
        key: (figure, weights.get(key, 0))
        for key, figure in sorted(dimensions.items())
        if figure.value is not None and weights.get(key, 0) > 0
    }
    total = math.fsum(weight for _, weight in known.values())
    if not total:
        return NO_DATA
    value = math.fsum((figure.value or 0) * weight for figure, weight in known.values()) / total
    squares = math.fsum(
        (((figure.value or 0) - (figure.low or 0)) / Z * weight / total) ** 2
        for figure, weight in known.values()
    )
    half = z * math.sqrt(squares)
    least = min(figure.base for figure, _ in known.values())
    return Figure(value, least, value - half, value + half)
