"""The waves before one: satisfaction and index of each."""

from dataclasses import dataclass

import sqlalchemy as sa

from plugins.surveys.figures.counting import counts_of
from plugins.surveys.figures.intervals import Figure
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import items
from plugins.surveys.models import Wave
from plugins.surveys.results.meaning import index_by_dimension, satisfied_share, whole_index
from plugins.surveys.states import DONE
from portal.sdk import db

_BEFORE = 5


@dataclass(frozen=True)
class Point:
    """A wave of a trend. `satisfied`: a share; `index`: 0 to 100."""

    number: int
    year: int
    satisfied: Figure
    index: Figure


def point(wave: Wave, satisfied: Figure, index: Figure) -> Point:
    """Return a wave's place in a trend."""
    return Point(wave.number, (wave.closed_at or wave.created_at).year, satisfied, index)


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
        found.append(point(each, satisfied, whole_index(dimensions, each.weights)))
    return found
