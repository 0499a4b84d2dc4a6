"""What a draft comes to, and what the next stages need to know of those before: plain numbers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Figures:
    """What a draft would have given beside what was given: milli-points and fen by kind."""

    leads: int = 0
    lapsed: int = 0
    cancelled: int = 0
    rewards: int = 0
    capped: int = 0
    excluded: int = 0
    unfunded: int = 0
    unpriced: int = 0
    total: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Return it for `figures_of`."""
        return dict(vars(self))


@dataclass
class Carried:
    """What is passed on from one stage to the next.

    `place`: the last stage reckoned, as its day, moment and id; `rungs`: what counts for ladders,
    by "owner:stage"; `used`: what counts for caps, by "owner:side:kind:year"; `spent`: by budget.
    """

    place: list[Any] | None = None
    rungs: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Return it for `carried_of`."""
        return dict(vars(self))


def figures_of(kept: Mapping[str, Any]) -> Figures:
    """Return what `as_json` kept; more is passed over."""
    return Figures(**_read(Figures, kept))


def carried_of(kept: Mapping[str, Any]) -> Carried:
    """Return what `as_json` kept."""
    return Carried(**_read(Carried, kept))


def _read(of: type[Figures] | type[Carried], kept: Mapping[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(of)} & kept.keys()
    values = {name: kept[name] for name in names}
    return {key: Counter(each) if isinstance(each, dict) else each for key, each in values.items()}
