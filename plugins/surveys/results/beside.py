"""Figures beside the main ones: the gap, effort, recommended to how many, satisfied as weighted."""

from collections.abc import Mapping
from dataclasses import dataclass

from plugins.surveys.figures import loyalty, weighting
from plugins.surveys.figures.counting import joint, whole_numbers
from plugins.surveys.figures.intervals import NO_DATA, Figure, wilson
from plugins.surveys.figures.shares import effort, gap
from plugins.surveys.instrument.items import Item
from plugins.surveys.instrument.parts import Role
from plugins.surveys.models import Wave
from plugins.surveys.results.meaning import Answers, role_of, satisfaction
from plugins.surveys.results.showable import (
    Stratified,
    may_average,
    may_count,
    may_subtract,
    share,
)

_NOBODY = loyalty.Recommended(NO_DATA, NO_DATA, None)


@dataclass(frozen=True)
class Beside:
    """`gap`: satisfaction minus expectation; `weighted`: satisfied, as the frame is made up.

    Each is None where the wave does not ask for it.
    """

    gap: Figure | None
    effort: Figure | None
    recommended: loyalty.Recommended | None
    weighted: Figure | None
    largest_weight: float | None


def of(wave: Wave, answers: Answers, table: Stratified | None, frame: Mapping[str, int]) -> Beside:
    """Return the figures; `table`: satisfied and not by a stratum. Two statements."""
    here = answers.items
    told = next((each for each in here if each.role == Role.RECOMMENDED_COUNT), None)
    weighted, largest = _weighted(answers, table, frame) if table else (None, None)
    return Beside(
        _gap(wave, answers),
        _effort(answers, role_of(here, Role.EFFORT)),
        _recommended(wave, answers, told) if told else None,
        weighted,
        largest,
    )


def _effort(answers: Answers, item: Item | None) -> Figure | None:
    if item is None:
        return None
    codes = answers.at(item)
    fine = may_average(codes, answers.least)
    return answers.told(effort(codes), item, places=1) if fine else NO_DATA


def _gap(wave: Wave, answers: Answers) -> Figure | None:
    got, hoped = satisfaction(answers.items), role_of(answers.items, Role.EXPECTATION)
    if got is None or hoped is None:
        return None
    pairs = {(a, b): n for (a, b), n in joint(wave.id, [got.position, hoped.position]).items()}
    if not may_subtract(pairs, answers.least):
        return NO_DATA
    return answers.told(gap(pairs), got, hoped, places=1)


def _recommended(wave: Wave, answers: Answers, item: Item) -> loyalty.Recommended:
    told = {key: many for key, many in whole_numbers(wave.id, item.position).items() if key >= 0}
    if not may_count(told, answers.least):
        return _NOBODY
    found = loyalty.recommended(told)
    raw, cut = (answers.told(each, item, places=1) for each in (found.raw, found.winsorised))
    return loyalty.Recommended(raw, cut, found.cut)


def _weighted(
    answers: Answers, table: Stratified, frame: Mapping[str, int]
) -> tuple[Figure, float | None]:
    """Return the satisfied post-stratified, and the largest weight.

    Strata that the page hides count as one: the figure then follows from what is shown.
    """
    rows = {y for y, _ in table.gone.cells} | table.gone.rows
    shown = {name for y, name in enumerate(table.names) if y not in rows and name in frame}
    units: dict[str, int] = {"": 0}
    good: dict[str, int] = {"": 0}
    whole: dict[str, int] = {"": 0}
    for name, number in frame.items():
        key = name if name in shown else ""
        units[key] = units.get(key, 0) + number
    for name, line in zip(table.names, table.table, strict=True):
        key = name if name in shown else ""
        good[key] = good.get(key, 0) + line[0]
        whole[key] = whole.get(key, 0) + line[0] + line[1]
    if any(whole[key] and not units.get(key) for key in whole):
        return NO_DATA, None
    weights = weighting.post_stratify(units, whole)
    plain = share(wilson(sum(good.values()), sum(whole.values())), answers.least)
    if plain.value is None or not weights.effective:
        return NO_DATA, None
    hits = sum(weights.by[key] * good[key] for key in sorted(weights.by))
    value = min(1.0, hits / sum(whole.values()))
    return wilson(value * weights.effective, weights.effective), weights.largest
