"""What items of a wave mean to its figures: who is satisfied, the index by dimension; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from plugins.surveys.figures import index, loyalty, nps, suppression
from plugins.surveys.figures.intervals import NO_DATA, Figure
from plugins.surveys.figures.shares import base, top_two
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import CodeKind, Item, items
from plugins.surveys.instrument.parts import Instrument, Kind, Role
from plugins.surveys.results.showable import (
    may_average,
    may_be_loyal,
    may_tell_base,
    share,
    told,
    without_base,
)

SATISFIED = (4, 5)
Counted = Mapping[int, Mapping[int, int]]
"""Position -> code -> how many ballots."""
Said = tuple[bool | None, ...]
"""Three: satisfied, would buy again, would recommend; None is no answer."""


@dataclass(frozen=True)
class Answers:
    """The questions of a wave beside how many ballots gave each answer."""

    items: Sequence[Item]
    always: frozenset[str]
    counted: Counted
    least: int

    @classmethod
    def of(cls, document: Mapping[str, Any], counted: Counted, least: int) -> "Answers":
        """Read a wave's instrument."""
        instrument = read(document)
        return cls(items(instrument), always_asked(instrument), counted, least)

    @cached_property
    def size(self) -> int:
        """How many ballots there are: each has every position."""
        return sum(self.counted.get(0, {}).values())

    def at(self, item: Item) -> Mapping[int, int]:
        """Return how many ballots gave each code of an item."""
        return self.counted.get(item.position, {})

    def complete(self, *of: Item) -> bool:
        """Return whether everybody had to answer these."""
        return all(item.question.key in self.always for item in of)

    def may_tell_base(self, item: Item) -> bool:
        """Return whether the base of an item may be told."""
        complete = self.complete(item)
        return may_tell_base(self.size, base(self.at(item)), self.least, complete=complete)

    def told(self, figure: Figure, *of: Item, places: int = 0) -> Figure:
        """Return a figure of items, without its base where that may not be told."""
        return told(figure, self.size, self.least, complete=self.complete(*of), places=places)


def always_asked(instrument: Instrument) -> frozenset[str]:
    """Return the questions that everybody has to answer."""
    if any(each.jumps for each in instrument.questions):
        return frozenset()
    return frozenset(
        each.key
        for block in instrument.blocks
        if block.show_if is None
        for each in block.questions
        if each.required and each.show_if is None and not each.not_applicable
    )


def role_of(here: Sequence[Item], role: Role) -> Item | None:
    """Return the item on a scale of five that has a role."""
    fits = (each for each in here if each.role == role and each.kind == CodeKind.VALUE)
    return next((each for each in fits if max(each.codes) == 5), None)


def satisfaction(here: Sequence[Item]) -> Item | None:
    """Return the item that asks whether somebody is satisfied on the whole."""
    return role_of(here, Role.OVERALL) or role_of(here, Role.SATISFACTION)


def trio(here: Sequence[Item]) -> tuple[Item | None, Item | None, Item | None]:
    """Return the items of satisfied, would buy again, would recommend."""
    return satisfaction(here), role_of(here, Role.AGAIN), role_of(here, Role.RECOMMEND)


def good(code: int) -> bool | None:
    """Return whether an answer says yes; None of one that is none."""
    return None if code < 0 else code in SATISFIED


def share_at(answers: Answers, item: Item | None) -> Figure:
    """Return the share that says yes to an item; a small one, or a small rest, has no data."""
    if item is None:
        return NO_DATA
    return answers.told(share(top_two(answers.at(item)), answers.least), item, places=2)


def satisfied_share(answers: Answers) -> Figure:
    """Return the share that is satisfied."""
    return share_at(answers, satisfaction(answers.items))


def loyal_share(answers: Answers, said: Mapping[Said, int]) -> Figure:
    """Return the share that says yes three times, of who answered all three.

    Not where one of the three has no data, or "one, but not all three" would be few.
    """
    asked = [each for each in trio(answers.items) if each]
    if len(asked) < 3 or any(share_at(answers, each).value is None for each in asked):
        return NO_DATA
    if not may_be_loyal(said, answers.least):
        return NO_DATA
    return answers.told(share(loyalty.trio(said).loyal, answers.least), *asked, places=2)


def score(answers: Answers) -> tuple[Figure, nps.Groups | None]:
    """Return the net promoter score with its three groups, or neither."""
    item = next((each for each in answers.items if each.question.kind == Kind.NPS), None)
    if item is None:
        return NO_DATA, None
    groups = nps.groups(answers.at(item))
    sizes = (groups.promoters, groups.passives, groups.detractors)
    if not suppression.nps_shown(*sizes, answers.least):
        return NO_DATA, None
    return answers.told(nps.score(answers.at(item)), item), groups


def index_by_dimension(answers: Answers) -> dict[str, Figure]:
    """Return the index of each dimension over its items whose mean may be shown."""
    pooled: dict[str, dict[int, int]] = {}
    exact: dict[str, bool] = {}
    for item in answers.items:
        if item.dimension and item.kind == CodeKind.VALUE and max(item.codes) == 5:
            mine = pooled.setdefault(item.dimension, {})
            one = answers.at(item)
            if may_average(one, answers.least):
                fine = answers.may_tell_base(item)
                exact[item.dimension] = fine and exact.get(item.dimension, True)
                for code, number in one.items():
                    mine[code] = mine.get(code, 0) + number
    found = {key: index.of_dimension(mine) if mine else NO_DATA for key, mine in pooled.items()}
    return {
        key: each if exact.get(key, True) else without_base(each, answers.size)
        for key, each in found.items()
    }


def whole_index(dimensions: Mapping[str, Figure], weights: Mapping[str, int]) -> Figure:
    """Return the index of all dimensions, alike where no weights are set."""
    used = dict(weights) or dict.fromkeys(dimensions, 1)
    if not dimensions or not any(used.values()):
        return NO_DATA
    found = index.whole(dimensions, used)
    exact = all(each.exact for each in dimensions.values())
    return found if exact else without_base(found, int(found.base))
