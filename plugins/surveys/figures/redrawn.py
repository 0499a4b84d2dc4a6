"""Bootstrap intervals from counts: whole numbers of a seeded generator, the same everywhere."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from random import Random
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
DRAWS, FEWER_DRAWS = 1000, 200
LARGE = 20_000
_BITS = 24


def draws_for(size: int) -> int:
    """Return how often answers are drawn anew: less often where there are very many."""
    return DRAWS if size <= LARGE else FEWER_DRAWS


def interval(
    counts: Mapping[Key, int],
    figure: Callable[[Mapping[Key, int]], float | None],
    *,
    seed: str,
) -> tuple[float, float] | None:
    """Return the 95 % percentile interval of a figure of counts; None where it never has a value.

    `seed`: a text, so that each figure of a wave has draws of its own. Source: B. Efron and R.
    Tibshirani, An Introduction to the Bootstrap (1993), 13.3.
    """
    # Not security: the seed is published, so that an auditor draws the same.
    chance = Random(seed)  # noqa: S311
    keys = sorted(counts, key=repr)
    sizes, whole = [counts[key] for key in keys], sum(counts.values())
    found = []
    for _ in range(draws_for(whole)):
        drawn = multinomial(whole, sizes, chance)
        value = figure({key: number for key, number in zip(keys, drawn, strict=True) if number})
        if value is not None:
            found.append(value)
    if not found:
        return None
    found.sort()
    last = len(found) - 1
    return found[last * 25 // 1000], found[-(-last * 975 // 1000)]


def multinomial(size: int, counts: Sequence[int], chance: Random) -> list[int]:
    """Return how many of `size` draws fall to each place, by halving the places again and again."""
    if len(counts) <= 1 or not size:
        return [size, *([0] * len(counts))][: len(counts)]
    middle = len(counts) // 2
    left, whole = sum(counts[:middle]), sum(counts)
    here = binomial(size, left, whole, chance)
    return [
        *multinomial(here, counts[:middle], chance),
        *multinomial(size - here, counts[middle:], chance),
    ]


def binomial(size: int, part: int, whole: int, chance: Random) -> int:
    """Return how many of `size` trials hit with the chance part / whole, kept to 24 binary places.

    Bit by bit from the last: a random bit for each trial, joined by "or" where the chance has a 1
    and by "and" where it has a 0, is below the chance with just that chance.
    """
    if not size or not part:
        return 0
    if part == whole:
        return size
    share, hits = (part << _BITS) // whole, 0
    for place in range(_BITS):
        if share >> place & 1:
            hits |= chance.getrandbits(size)
        elif hits:
            hits &= chance.getrandbits(size)
    return hits.bit_count()
