"""The results of a closed wave: aggregates alone, and none of a group that is too small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugins.surveys.figures import compare, loyalty, suppression
from plugins.surveys.figures import nps as promoting
from plugins.surveys.figures.counting import counts, joint
from plugins.surveys.figures.intervals import NO_DATA, Figure
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import CodeKind, Item, items
from plugins.surveys.instrument.parts import Kind, Role
from plugins.surveys.models import Wave
from plugins.surveys.results import beside, trend
from plugins.surveys.results.meaning import (
    SATISFIED,
    index_by_dimension,
    role_of,
    satisfaction,
)
from plugins.surveys.results.showable import Bar, Choice, bar, choices, share


@dataclass(frozen=True)
class Shown:
    """An item with what may be shown of it."""

    item: Item
    bar: Bar | None
    choices: Sequence[Choice] | None


@dataclass(frozen=True)
class Cell:
    """A stratum with its answers and the share that is satisfied; None is hidden."""

    name: str
    base: int | None
    satisfied: int | None


@dataclass(frozen=True)
class Results:
    """What the page shows of one wave."""

    satisfied: Figure
    again: Figure
    recommend: Figure
    loyal: Figure
    nps: Figure
    groups: promoting.Groups | None
    whole: Figure
    dimensions: Mapping[str, Figure]
    items: Sequence[Shown]
    strata: Sequence[Cell]
    past: Sequence[trend.Point]
    now: trend.Point
    change: compare.Change
    index_change: compare.Change
    beside: beside.Beside


def results_of(wave: Wave, *, by: str) -> Results:
    """Return the results of a wave by a stratum: at most nine statements."""
    here, counted, least = items(read(wave.instrument)), counts(wave.id), wave.least_cell
    scored = next((each for each in here if each.question.kind == Kind.NPS), None)
    groups = (
        promoting.groups(counted.get(scored.position, {})) if scored else promoting.Groups(0, 0, 0)
    )
    fine = groups.base > 0 and suppression.nps_shown(
        groups.promoters, groups.passives, groups.detractors, least
    )
    dimensions = index_by_dimension(here, counted, least)
    trio = _trio(wave, here)
    satisfied = share(trio.satisfied, least)
    past, now = trend.before(wave), trend.point(wave, satisfied, dimensions)
    table = _by(wave, here, by)
    return Results(
        satisfied,
        share(trio.again, least),
        share(trio.recommend, least),
        share(trio.loyal, least),
        promoting.score(counted[scored.position]) if scored and fine else NO_DATA,
        groups if fine else None,
        now.index,
        dimensions,
        _shown(here, counted, least),
        _strata(table, least),
        past,
        now,
        compare.proportions(past[-1].satisfied if past else NO_DATA, satisfied),
        trend.index_change(past, now),
        beside.of(wave, here, counted, table, by),
    )


def _shown(
    here: Sequence[Item], counted: Mapping[int, Mapping[int, int]], least: int
) -> list[Shown]:
    found = []
    for item in here:
        mine = counted.get(item.position, {})
        if item.kind == CodeKind.VALUE and set(item.codes) == set(range(1, 6)):
            found.append(Shown(item, bar(mine, least), None))
        elif item.kind in (CodeKind.CHOICE, CodeKind.TICK):
            found.append(Shown(item, None, choices(mine, sorted(item.codes), least)))
    return found


def _trio(wave: Wave, here: Sequence[Item]) -> loyalty.Trio:
    asked = [satisfaction(here), role_of(here, Role.AGAIN), role_of(here, Role.RECOMMEND)]
    places = [each.position for each in asked if each]
    found: dict[tuple[bool | None, bool | None, bool | None], int] = {}
    for codes, number in (joint(wave.id, places) if places else {}).items():
        given = iter(codes)
        said = [_good(next(given)) if each else None for each in asked]
        key = (said[0], said[1], said[2])
        found[key] = found.get(key, 0) + number
    return loyalty.trio(found)


def _good(code: int) -> bool | None:
    return None if code < 0 else code in SATISFIED


def _by(wave: Wave, here: Sequence[Item], by: str) -> dict[str, list[int]]:
    """Return how many of each stratum are satisfied, and how many are not."""
    item = satisfaction(here)
    table: dict[str, list[int]] = {}
    for (name, code), number in (joint(wave.id, [item.position], by=by) if item else {}).items():
        if code >= 0:
            table.setdefault(name, [0, 0])[0 if code in SATISFIED else 1] += number
    return table


def _strata(table: Mapping[str, Sequence[int]], least: int) -> list[Cell]:
    """Return the strata with who is satisfied, by the rule of a cross table."""
    names = sorted(table)
    gone = suppression.cross([table[name] for name in names], least)
    found = []
    for y, name in enumerate(names):
        good, bad = table[name]
        hidden = bool({(y, 0), (y, 1)} & gone.cells)
        found.append(
            Cell(
                name,
                None if y in gone.rows else good + bad,
                None if hidden else round(100 * good / (good + bad)),
            )
        )
    return found
