"""The waves before one: satisfaction and index of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from plugins.surveys.figures import compare
from plugins.surveys.figures.counting import counts_of
from plugins.surveys.figures.intervals import NO_DATA, Figure
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import items
from plugins.surveys.models import Wave
from plugins.surveys.results.meaning import index_by_dimension, satisfied_share, whole_index
from plugins.surveys.states import DONE
from portal.sdk import db

_BEFORE = 5


@dataclass(frozen=True)
class Point:
    """A wave of a trend. `satisfied`: a share; `index`: 0 to 100, of these `dimensions`."""

    number: int
    year: int
    satisfied: Figure
    index: Figure
    dimensions: frozenset[str]


def point(wave: Wave, satisfied: Figure, dimensions: Mapping[str, Figure]) -> Point:
    """Return a wave's place in a trend."""
    year = (wave.closed_at or wave.created_at).year
    known = frozenset(key for key, each in dimensions.items() if each.value is not None)
    return Point(wave.number, year, satisfied, whole_index(dimensions, wave.weights), known)


def index_change(past: Sequence[Point], now: Point) -> compare.Change:
    """Compare the index with the wave before; of other dimensions it is another index."""
    same = past and past[-1].dimensions == now.dimensions
    return compare.figures(past[-1].index if same else NO_DATA, now.index)


def before(wave: Wave) -> list[Point]:
    """Return up to five closed waves before this one of its survey, the oldest first.

    Two statements.
    """
    rows = db.session.scalars(
        sa.select(Wave)
        .where(
            Wave.survey_id == wave.survey_id,
            Wave.number < wave.number,
            Wave.state.in_(DONE),
            sa.or_(Wave.named, Wave.shuffled_at.is_not(None)),
        )
        .order_by(Wave.number.desc())
        .limit(_BEFORE)
    ).all()
    counted = counts_of([each.id for each in rows]) if rows else {}
    found = []
    for each in reversed(rows):
        here, mine = items(read(each.instrument)), counted.get(each.id, {})
        dimensions = index_by_dimension(here, mine, each.least_cell)
        satisfied = satisfied_share(here, mine, each.least_cell)
        found.append(point(each, satisfied, dimensions))
    return found
