"""What items of a wave mean to its figures: who is satisfied, the index by dimension; pure."""

from collections.abc import Mapping, Sequence

from plugins.surveys.figures import index
from plugins.surveys.figures.intervals import NO_DATA, Figure
from plugins.surveys.figures.shares import top_two
from plugins.surveys.instrument.items import CodeKind, Item
from plugins.surveys.instrument.parts import Role
from plugins.surveys.results.showable import may_average, share

SATISFIED = (4, 5)
Counted = Mapping[int, Mapping[int, int]]
"""Position -> code -> how many ballots."""


def role_of(here: Sequence[Item], role: Role) -> Item | None:
    """Return the item on a scale of five that has a role."""
    fits = (each for each in here if each.role == role and each.kind == CodeKind.VALUE)
    return next((each for each in fits if max(each.codes) == 5), None)


def satisfaction(here: Sequence[Item]) -> Item | None:
    """Return the item that asks whether somebody is satisfied on the whole."""
    return role_of(here, Role.OVERALL) or role_of(here, Role.SATISFACTION)


def satisfied_share(here: Sequence[Item], counted: Counted, least: int) -> Figure:
    """Return the share that is satisfied; a small one, or a small rest, has no data."""
    item = satisfaction(here)
    return share(top_two(counted.get(item.position, {})), least) if item else NO_DATA


def index_by_dimension(here: Sequence[Item], counted: Counted, least: int) -> dict[str, Figure]:
    """Return the index of each dimension over its items whose mean may be shown."""
    pooled: dict[str, dict[int, int]] = {}
    for item in here:
        if item.dimension and item.kind == CodeKind.VALUE and max(item.codes) == 5:
            mine = pooled.setdefault(item.dimension, {})
            one = counted.get(item.position, {})
            if may_average(one, least):
                for code, number in one.items():
                    mine[code] = mine.get(code, 0) + number
    return {key: index.of_dimension(mine) if mine else NO_DATA for key, mine in pooled.items()}


def whole_index(dimensions: Mapping[str, Figure], weights: Mapping[str, int]) -> Figure:
    """Return the index of all dimensions, alike where no weights are set."""
    used = dict(weights) or dict.fromkeys(dimensions, 1)
    return index.whole(dimensions, used) if dimensions and any(used.values()) else NO_DATA
