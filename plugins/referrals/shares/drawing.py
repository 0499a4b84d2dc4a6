"""Parts of an amount: pure and exact."""

from collections.abc import Sequence

WHOLE = 100


def parts(amount: int, shares: Sequence[int]) -> list[int]:
    """Return the parts of an amount by percents that make 100; together they are the amount.

    Each part ends where its share of the whole ends, so that no fen is lost and none is given
    twice. Raises ValueError for percents that are not 100 together.
    """
    if sum(shares) != WHOLE:
        raise ValueError(f"shares of {sum(shares)} percent")
    ends, taken = [], 0
    for share in reversed(shares):
        taken += share
        ends.append(amount * taken // WHOLE)
    # From the last to the first: what does not divide falls to the owners named first.
    cut = [end - before for end, before in zip(ends, [0, *ends], strict=False)]
    return cut[::-1]


def scaled(shares: Sequence[int], owners: int) -> list[int]:
    """Return percents for so many owners out of those of the rules: the first of them, in their
    proportion, and the first owner has what is left over."""
    chosen = list(shares[:owners])
    whole = sum(chosen)
    rest = [max(1, share * WHOLE // whole) for share in chosen[1:]]
    return [WHOLE - sum(rest), *rest]
