"""Tax of one payment: what is free, and rates that rise band by band. Pure, whole fen."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Tax:
    """What one payment is taxed: fen, and the rate (hundredths of a percent) of the highest band
    that was reached."""

    tax: int
    taxable: int
    rate: int


def tax_of(
    gross: int, *, rate: int, free: int = 0, free_rate: int = 0, bands: Sequence[Sequence[int]] = ()
) -> Tax:
    """Return the tax of a payment of `gross` fen.

    `free` fen of it are free of tax, or the part `free_rate` of it where that is more. The rest is
    taxed at `rate`, and from each band's [fen, rate] on at that band's: progressively, rounded
    once, halves upwards.
    """
    taxable = max(0, gross - max(free, (gross * free_rate + 5000) // 10_000))
    steps = [(0, rate), *((int(over), int(share)) for over, share in bands)]
    ends = [*(over for over, _ in steps[1:]), taxable]
    parts = [
        (max(0, min(end, taxable) - over), share)
        for (over, share), end in zip(steps, ends, strict=True)
    ]
    reached = [share for part, share in parts if part]
    total = sum(part * share for part, share in parts)
    return Tax((total + 5000) // 10_000, taxable, reached[-1] if reached else rate)
