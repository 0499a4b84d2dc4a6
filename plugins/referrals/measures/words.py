"""What a line of the rules promises, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from plugins.referrals.measures.amounts import Basis, amount_of
from plugins.referrals.models.rewards import Measure, RewardLine
from plugins.referrals.showing import amount, day, yuan
from portal.sdk import gettext, ngettext

PRICES = (100_000_000, 200_000_000, 500_000_000)
"""Fen of the prices that a draft is told for."""
AREA = 10_000
"""Hundredths of a square metre of the home that a draft is told for."""


def how_much(line: RewardLine) -> str:
    """Return what a line gives: ¥3,000; 1.5% of the price, at most ¥20,000; 12 months of fee."""
    if line.measure == Measure.BANDS:
        parts = [
            gettext(
                "%(amount)s from a price of %(price)s", amount=amount(line.kind, given),
                price=yuan(price),
            )
            if price
            else gettext("%(amount)s at any price", amount=amount(line.kind, given))
            for price, given in line.bands
        ]  # fmt: skip
        said = ", ".join(parts)
    elif line.measure == Measure.PERCENT:
        said = gettext("%(percent)s%% of the contract price", percent=f"{line.amount / 100:g}")
        if line.kind == "points":
            said = gettext("%(share)s, a point for a yuan", share=said)
    elif line.measure == Measure.FEE_MONTHS and line.amount % 100 == 0:
        said = ngettext(
            "%(num)d month of the management fee", "%(num)d months of the management fee",
            line.amount // 100,
        )  # fmt: skip
    elif line.measure == Measure.FEE_MONTHS:
        said = gettext("%(num)s months of the management fee", num=f"{line.amount / 100:g}")
    else:
        return amount(line.kind, line.amount)
    if line.most is None:
        return said
    return gettext("%(said)s, at most %(most)s", said=said, most=amount(line.kind, line.most))


def period(line: RewardLine) -> str:
    """Return in which days the stage has to be reached, empty for any."""
    first, last = line.from_on, line.until_on
    if first and last:
        return gettext("from %(first)s to %(last)s", first=day(first), last=day(last))
    if first:
        return gettext("from %(first)s on", first=day(first))
    return gettext("until %(last)s", last=day(last)) if last else ""


def examples(
    promises: Sequence[RewardLine], month_fee: int | None
) -> list[tuple[RewardLine, list[int | None]]]:
    """Return each line with what it comes to at a few prices, for a home of 100 square metres."""
    return [
        (line, [amount_of(line, Basis(price, AREA, month_fee)) for price in PRICES])
        for line in promises
    ]


def draft_lines(promises: Sequence[Mapping[str, Any]]) -> list[RewardLine]:
    """Return lines that are not saved yet as they would be."""
    usual: dict[str, Any] = {"measure": Measure.FIXED, "bands": []}
    return [RewardLine(**{**usual, **each}) for each in promises]
