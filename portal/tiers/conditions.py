"""Conditions: whether figures fulfil them, in Python for one member and in SQL for all."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import sqlalchemy as sa

from portal.tiers.terms import Condition, Every, Limit, Some, Top

MOST_WAYS = 200
"""Conditions that branch more are refused: nobody could read them."""


def top_key(tier: str) -> str:
    """Return the name of the figure that is 1 for those who are ahead on the way to a tier."""
    return f"top:{tier}"


def holds(condition: Condition | None, figures: Mapping[str, int], tier: str) -> bool:
    """Tell whether figures fulfil a condition of a tier."""
    if condition is None:
        return True
    if isinstance(condition, Every):
        return all(holds(each, figures, tier) for each in condition.conditions)
    if isinstance(condition, Some):
        return any(holds(each, figures, tier) for each in condition.conditions)
    if isinstance(condition, Top):
        return figures.get(top_key(tier), 0) == 1
    value = figures.get(condition.metric, 0)
    low = condition.low
    return (low is None or value >= low) and (condition.below is None or value < condition.below)


def in_sql(condition: Condition | None, figure: Callable[[str], Any], tier: str) -> Any:
    """Return the same as an SQL condition over the columns that `figure` names."""
    if condition is None:
        return sa.true()
    if isinstance(condition, Every | Some):
        joined = sa.and_ if isinstance(condition, Every) else sa.or_
        return joined(*(in_sql(each, figure, tier) for each in condition.conditions))
    if isinstance(condition, Top):
        return figure(top_key(tier)) == 1
    return _limit(condition, figure(condition.metric))


def _limit(limit: Limit, value: Any) -> Any:
    bounds = []
    if limit.low is not None:
        bounds.append(value >= limit.low)
    if limit.below is not None:
        bounds.append(value < limit.below)
    return sa.and_(*bounds)


def ways(condition: Condition) -> list[tuple[Limit | Top, ...]] | None:
    """Return the ways of fulfilling a condition: of each, the limits that hold together."""
    if isinstance(condition, Limit | Top):
        return [(condition,)]
    parts = [ways(each) for each in condition.conditions]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if isinstance(condition, Some):
        found = [way for part in known for way in part]
    else:
        count = 1
        for part in known:
            count *= len(part)
        if count > MOST_WAYS:
            return None
        found = [tuple(leaf for way in chosen for leaf in way) for chosen in product(*known)]
    return found if len(found) <= MOST_WAYS else None
