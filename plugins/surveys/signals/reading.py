"""Signs of pressure of a closed wave, as far as they may be shown."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.surveys.answering.pressure import Sign, signs_on
from plugins.surveys.figures.suppression import cross
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import items
from plugins.surveys.models import Ballot, Wave
from plugins.surveys.states import DONE, SEALED
from portal.sdk import ProjectRef, db


@dataclass(frozen=True)
class Line:
    """A group with its answers and those with a sign; None: fewer than k, or the rest would be."""

    name: str
    answers: int | None
    signed: int | None


@dataclass(frozen=True)
class Report:
    """What was noticed. `signs`: of the whole wave, by sign; None: fewer than k on a side."""

    answers: int
    signs: Mapping[Sign, int | None]
    buildings: tuple[Line, ...]
    days: tuple[Line, ...]


def may_show(wave: Wave) -> bool:
    """Tell whether the wave is far enough: two looks in the field would tell a single answer."""
    return wave.state in (DONE if wave.named else SEALED)


def report_of(wave: Wave, project: ProjectRef) -> Report:
    """Return the signs of a wave: one statement, which reads every answer."""
    rows = list(_noted(wave, ZoneInfo(project.time_zone)))
    told = {
        sign: _either(sum(sign in found for _, _, found in rows), len(rows), wave.least_cell)
        for sign in (Sign if wave.named else (Sign.STRAIGHT,))
    }
    places = _lines(((place, found) for place, _, found in rows), wave.least_cell)
    days = _lines(((day, found) for _, day, found in rows), wave.least_cell)
    return Report(len(rows), told, places, days if wave.named else ())


def _noted(wave: Wave, zone: ZoneInfo) -> Iterable[tuple[str, str, Sign]]:
    asked = items(read(wave.instrument))
    columns: list[Any] = [Ballot.building, Ballot.submitted_at, Ballot.named, Ballot.flags]
    if not wave.named:
        columns.append(Ballot.positions)
    for row in db.session.execute(sa.select(*columns).where(Ballot.wave_id == wave.id)):
        day = row.submitted_at.astimezone(zone).date().isoformat() if row.submitted_at else ""
        yield row.building, day, signs_on(row, asked)


def _either(signed: int, every: int, least: int) -> int | None:
    return signed if min(signed, every - signed) >= least else None


def _lines(rows: Iterable[tuple[str, Sign]], least: int) -> tuple[Line, ...]:
    counted = Counter((name, bool(signs)) for name, signs in rows)
    names = sorted({name for name, _ in counted})
    table = [[counted[name, False], counted[name, True]] for name in names]
    gone = cross(table, least)
    return tuple(
        Line(
            name,
            None if gone.total or place in gone.rows else sum(table[place]),
            None if (place, 1) in gone.cells else table[place][1],
        )
        for place, name in enumerate(names)
    )
