"""How far two coders of open answers agree beyond chance."""

from collections.abc import Hashable, Sequence


def kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Return Cohen's kappa of (first coder, second coder); None where it is not defined.

    It is not for no pairs, and when both always gave one and the same code: chance alone agrees.
    Source: J. Cohen, Educational and Psychological Measurement 20 (1960), 37-46.
    """
    size = len(pairs)
    if not size:
        return None
    first: dict[Hashable, int] = {}
    second: dict[Hashable, int] = {}
    for left, right in pairs:
        first[left] = first.get(left, 0) + 1
        second[right] = second.get(right, 0) + 1
    agreed = sum(left == right for left, right in pairs)
    # Whole numbers up to the division.
    chance = sum(number * second.get(code, 0) for code, number in first.items())
    if chance == size * size:
        return None
    return (size * agreed - chance) / (size * size - chance)
