"""Which leads a line of the rules is for: stage, home, rung of the ladder, tier, period."""

from collections.abc import Callable
from datetime import date
from typing import Protocol


class Choice(Protocol):
    """What a line chooses leads by, saved or still a draft."""

    stage: str
    buildings: list[str]
    tiers: list[str]
    from_nth: int
    to_nth: int | None
    from_on: date | None
    until_on: date | None


def fits(
    line: Choice, *, stage: str, building: str, nth: int, tier: Callable[[], str | None], on: date
) -> bool:
    """Tell whether a line is for a lead that reached a stage on a day as the owner's `nth`."""
    if line.stage != stage or (line.buildings and building not in line.buildings):
        return False
    if nth < line.from_nth or (line.to_nth is not None and nth > line.to_nth):
        return False
    if (line.from_on and on < line.from_on) or (line.until_on and on > line.until_on):
        return False
    return not line.tiers or tier() in line.tiers
