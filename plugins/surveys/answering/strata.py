"""Where ballots of an anonymous wave may say that they come from: never a group below k units."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import sqlalchemy as sa

from plugins.surveys.models import Participation, Wave
from portal.sdk import db

Cell: TypeAlias = tuple[str, str, str]
"""Stage, building, tier."""
_KEPT: dict[tuple[int, str], Mapping[Cell, Cell]] = {}
_MOST_KEPT = 50


def coarsened(cells: Mapping[Cell, int], least: int) -> dict[Cell, Cell]:
    """Return what each cell of the frame is called on ballots, by stage, then building, then tier.

    `cells`: units in each. No name stands for fewer than `least` units, and neither do the blanks
    beside named ones: otherwise the rest could be had by subtraction.
    """
    named: dict[Cell, Cell] = dict.fromkeys(cells, ("", "", ""))
    if sum(cells.values()) < least:
        return named
    _name(cells, list(cells), 0, least, named)
    return named


def _name(
    cells: Mapping[Cell, int], group: list[Cell], place: int, least: int, named: dict[Cell, Cell]
) -> None:
    if place == 3:
        return
    values: dict[str, list[Cell]] = {}
    for cell in group:
        values.setdefault(cell[place], []).append(cell)
    sizes = {value: sum(cells[each] for each in those) for value, those in values.items()}
    kept = _kept(sizes, least)
    blank: list[Cell] = []
    for value, those in values.items():
        if value not in kept:
            blank += those
            continue
        for cell in those:
            name = list(named[cell])
            name[place] = value
            named[cell] = (name[0], name[1], name[2])
        _name(cells, those, place + 1, least, named)
    # Without a stage, those of a building are still enough to be named by it.
    if blank:
        _name(cells, blank, place + 1, least, named)


def _kept(sizes: Mapping[str, int], least: int) -> set[str]:
    """Return the values that are named: the blank rest is nothing, or large enough as well."""
    kept = sorted((value for value in sizes if sizes[value] >= least), key=lambda v: (sizes[v], v))
    rest = sum(sizes.values()) - sum(sizes[value] for value in kept)
    while kept and 0 < rest < least:
        rest += sizes[kept.pop(0)]
    return set(kept)


def cell_of(wave: Wave, asked: Participation) -> Cell:
    """Return what the ballot of a line of the frame says about where it comes from."""
    cell = (asked.stage, asked.building, asked.tier)
    if wave.named:
        return cell
    return _names(wave).get(cell, ("", "", ""))


def _names(wave: Wave) -> Mapping[Cell, Cell]:
    """Return the names of a frozen frame, counted once in this process."""
    key = (wave.id, wave.frame_hash or "")
    if key not in _KEPT:
        columns = (Participation.stage, Participation.building, Participation.tier)
        counted: Iterable[sa.Row[tuple[str, str, str, int]]] = db.session.execute(
            sa.select(*columns, sa.func.count())
            .where(Participation.wave_id == wave.id)
            .group_by(*columns)
        )
        cells = {(stage, building, tier): many for stage, building, tier, many in counted}
        while len(_KEPT) >= _MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)))
        _KEPT[key] = coarsened(cells, wave.least_cell)
    return _KEPT[key]
