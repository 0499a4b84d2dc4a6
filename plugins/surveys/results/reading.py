"""The results of a closed wave: aggregates alone, by the one rule of `showable.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugins.surveys.figures import compare
from plugins.surveys.figures import nps as promoting
from plugins.surveys.figures.counting import FIELDS, counts, joint
from plugins.surveys.figures.intervals import NO_DATA, Figure
from plugins.surveys.instrument.items import CodeKind, Item
from plugins.surveys.models import Wave
from plugins.surveys.results import beside, frame, trend
from plugins.surveys.results.meaning import (
    Answers,
    Said,
    good,
    index_by_dimension,
    loyal_share,
    score,
    share_at,
    trio,
)
from plugins.surveys.results.showable import (
    Bar,
    Choice,
    Stratified,
    bar,
    choices,
    strata,
)


@dataclass(frozen=True)
class Shown:
    """An item with what may be shown of it; `exact`: counts too, else whole percent alone."""

    item: Item
    bar: Bar | None
    choices: Sequence[Choice] | None
    exact: bool


@dataclass(frozen=True)
class Cell:
    """A stratum with its answers and the share that is satisfied; None is hidden."""

    name: str
    base: int | None
    satisfied: int | None


@dataclass(frozen=True)
class Results:
    """What the page shows of one wave."""

    rate: frame.Rate
    answered: int
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
    """Return the results of a wave by a stratum: at most seven statements."""
    answers = Answers.of(wave.instrument, counts(wave.id), wave.least_cell)
    asked = trio(answers.items)
    said, atoms = _tables(wave, asked)
    dimensions = index_by_dimension(answers)
    satisfied = share_at(answers, asked[0])
    past, now = trend.before(wave), trend.point(wave, satisfied, dimensions)
    table = strata(atoms, FIELDS, wave.least_cell).get(by) if atoms else None
    rate, frame_of = frame.of(wave, by)
    points, groups = score(answers)
    return Results(
        rate,
        answers.size,
        satisfied,
        share_at(answers, asked[1]),
        share_at(answers, asked[2]),
        loyal_share(answers, said),
        points,
        groups,
        now.index,
        dimensions,
        _shown(answers),
        _cells(table) if table else [],
        past,
        now,
        compare.proportions(past[-1].satisfied if past else NO_DATA, satisfied),
        trend.index_change(past, now),
        beside.of(wave, answers, table, frame_of),
    )


def _tables(
    wave: Wave, asked: Sequence[Item | None]
) -> tuple[dict[Said, int], dict[tuple[str, ...], list[int]]]:
    """Return who said yes to which of the three, and who is satisfied in each smallest stratum.

    Of a stratum: how many are, are not, said neither. One statement.
    """
    places = [each.position for each in asked if each]
    said: dict[Said, int] = {}
    atoms: dict[tuple[str, ...], list[int]] = {}
    for row, number in (joint(wave.id, places, by=FIELDS) if places else {}).items():
        given = iter(row[len(FIELDS) :])
        key = tuple(good(next(given)) if each else None for each in asked)
        said[key] = said.get(key, 0) + number
        line = atoms.setdefault(row[: len(FIELDS)], [0, 0, 0])
        line[2 if key[0] is None else 0 if key[0] else 1] += number
    silent = any(line[2] for line in atoms.values())
    return said, atoms if silent else {key: line[:2] for key, line in atoms.items()}


def _shown(answers: Answers) -> list[Shown]:
    found, least = [], answers.least
    for item in answers.items:
        mine, exact = answers.at(item), answers.may_tell_base(item)
        if item.kind == CodeKind.VALUE and set(item.codes) == set(range(1, 6)):
            found.append(Shown(item, bar(mine, least), None, exact))
        elif item.kind in (CodeKind.CHOICE, CodeKind.TICK):
            listed = choices(mine, sorted(item.codes), least)
            found.append(Shown(item, None, listed, exact))
    return found


def _cells(table: Stratified) -> list[Cell]:
    """Return the strata with who is satisfied, of those who answered that."""
    found = []
    for y, (name, line) in enumerate(zip(table.names, table.table, strict=True)):
        yes, no = line[0], line[1]
        hidden = bool({(y, 0), (y, 1)} & table.gone.cells)
        base = None if y in table.gone.rows else sum(line)
        found.append(Cell(name, base, None if hidden else round(100 * yes / (yes + no))))
    return found
