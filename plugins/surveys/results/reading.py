"""The results of a closed wave: aggregates alone, and none of a group that is too small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from plugins.surveys.figures import compare, index, loyalty, suppression
from plugins.surveys.figures import nps as promoting
from plugins.surveys.figures.counting import counts, joint
from plugins.surveys.figures.intervals import NO_DATA, Figure, wilson
from plugins.surveys.figures.shares import base
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import CodeKind, Item, items
from plugins.surveys.instrument.parts import Kind, Role
from plugins.surveys.models import Wave
from plugins.surveys.results.showable import Bar, Choice, bar, choices, share
from plugins.surveys.states import DONE
from portal.sdk import db

_WAVES = 6
_SATISFIED = (4, 5)


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
    past: Sequence[tuple[Wave, Figure]]
    change: compare.Change


def results_of(wave: Wave, *, by: str) -> Results:
    """Return the results of a wave by a stratum: at most five statements and one a past wave."""
    here, counted, least = items(read(wave.instrument)), counts(wave.id), wave.least_cell
    scored = next((each for each in here if each.question.kind == Kind.NPS), None)
    groups = (
        promoting.groups(counted.get(scored.position, {})) if scored else promoting.Groups(0, 0, 0)
    )
    fine = groups.base > 0 and suppression.nps_shown(
        groups.promoters, groups.passives, groups.detractors, least
    )
    dimensions = _dimensions(here, counted, least)
    weights = dict(wave.weights) or dict.fromkeys(dimensions, 1)
    trio = _trio(wave, here)
    satisfied = share(trio.satisfied, least)
    past = _past(wave)
    return Results(
        satisfied,
        share(trio.again, least),
        share(trio.recommend, least),
        share(trio.loyal, least),
        promoting.score(counted[scored.position]) if scored and fine else NO_DATA,
        groups if fine else None,
        index.whole(dimensions, weights) if dimensions and any(weights.values()) else NO_DATA,
        dimensions,
        _shown(here, counted, least),
        _strata(wave, here, by),
        past,
        compare.proportions(past[-1][1] if past else NO_DATA, satisfied),
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


def _dimensions(
    here: Sequence[Item], counted: Mapping[int, Mapping[int, int]], least: int
) -> dict[str, Figure]:
    """Return the index of each dimension over its items of one scale; small ones have no data."""
    pooled: dict[str, dict[int, int]] = {}
    for item in here:
        if item.dimension and item.kind == CodeKind.VALUE and max(item.codes) == 5:
            mine = pooled.setdefault(item.dimension, {})
            one = counted.get(item.position, {})
            # A mean beside a few answers gives these away.
            if base(one) >= least:
                for code, number in one.items():
                    mine[code] = mine.get(code, 0) + number
    return {key: index.of_dimension(mine) if mine else NO_DATA for key, mine in pooled.items()}


def _role(here: Sequence[Item], role: Role) -> Item | None:
    fits = (each for each in here if each.role == role and each.kind == CodeKind.VALUE)
    return next((each for each in fits if max(each.codes) == 5), None)


def satisfaction(here: Sequence[Item]) -> Item | None:
    """Return the item that asks whether somebody is satisfied on the whole."""
    return _role(here, Role.OVERALL) or _role(here, Role.SATISFACTION)


def _trio(wave: Wave, here: Sequence[Item]) -> loyalty.Trio:
    asked = [satisfaction(here), _role(here, Role.AGAIN), _role(here, Role.RECOMMEND)]
    places = [each.position for each in asked if each]
    found: dict[tuple[bool | None, bool | None, bool | None], int] = {}
    for codes, number in (joint(wave.id, places) if places else {}).items():
        given = iter(codes)
        said = [_good(next(given)) if each else None for each in asked]
        key = (said[0], said[1], said[2])
        found[key] = found.get(key, 0) + number
    return loyalty.trio(found)


def _good(code: int) -> bool | None:
    return None if code < 0 else code in _SATISFIED


def _strata(wave: Wave, here: Sequence[Item], by: str) -> list[Cell]:
    """Return the strata with who is satisfied, by the rule of a cross table."""
    item = satisfaction(here)
    if item is None:
        return []
    table: dict[str, list[int]] = {}
    for (name, code), number in joint(wave.id, [item.position], by=by).items():
        if code >= 0:
            table.setdefault(name, [0, 0])[0 if code in _SATISFIED else 1] += number
    names = sorted(table)
    gone = suppression.cross([table[name] for name in names], wave.least_cell)
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


def _past(wave: Wave) -> list[tuple[Wave, Figure]]:
    """Return the waves before this one of the same survey, the oldest first."""
    before = (
        sa.select(Wave)
        .where(Wave.survey_id == wave.survey_id, Wave.number < wave.number, Wave.state.in_(DONE))
        .order_by(Wave.number.desc())
        .limit(_WAVES - 1)
    )
    found = []
    for each in reversed(list(db.session.scalars(before))):
        item = satisfaction(items(read(each.instrument)))
        given = joint(each.id, [item.position]) if item else {}
        whole = sum(number for (code,), number in given.items() if code >= 0)
        good = sum(number for (code,), number in given.items() if code in _SATISFIED)
        found.append((each, share(wilson(good, whole), each.least_cell)))
    return found
