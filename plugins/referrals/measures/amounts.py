"""What a line of the rules comes to: fixed, by the contract price, or by the management fee.

Pure and exact: whole fen and milli-points, halves upwards. A point stands for a yuan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from plugins.referrals.models.rewards import Kind, Measure

_POINTS_A_FEN = 10
"""Milli-points for a fen."""


class Promise(Protocol):
    """What counts of a line, saved or still a draft."""

    stage: str
    beneficiary: str
    kind: str
    measure: str
    amount: int
    most: int | None
    bands: Sequence[Sequence[int]]


@dataclass(frozen=True)
class Basis:
    """What amounts are reckoned from. `price`: of the contract, fen; `area`: of the home whose fee
    counts, hundredths of a square metre; `month_fee`: fen a square metre and month."""

    price: int | None = None
    area: int | None = None
    month_fee: int | None = None


def amount_of(line: Promise, basis: Basis) -> int | None:
    """Return milli-points or fen, None while the price, the area or the fee is not known."""
    if line.measure == Measure.FIXED:
        return line.amount
    if line.measure == Measure.FEE_MONTHS:
        if basis.area is None or basis.month_fee is None:
            return None
        found = (basis.month_fee * basis.area * line.amount + 5000) // 10_000
    elif basis.price is None:
        return None
    elif line.measure == Measure.BANDS:
        reached = [(each[0], each[1]) for each in line.bands if each[0] <= basis.price]
        found = max(reached, default=(0, 0))[1]
    else:
        unit = _POINTS_A_FEN if line.kind == Kind.POINTS else 1
        found = (basis.price * line.amount * unit + 5000) // 10_000
    return found if line.most is None else min(found, line.most)


def needs_price(line: Promise) -> bool:
    """Tell whether a line is reckoned from the contract price."""
    return line.measure in (Measure.PERCENT, Measure.BANDS)
