"""The waves before one: satisfaction and index of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from plugins.surveys.figures import compare
from plugins.surveys.figures.counting import counts_of
from plugins.surveys.figures.intervals import NO_DATA, Figure
from plugins.surveys.models import Publication, Wave
from plugins.surveys.results.meaning import (
    Answers,
    Counted,
    index_by_dimension,
    satisfied_share,
    whole_index,
)
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

    What is published of a wave stands as it was published; others are counted. Two statements.
    """
    rows = db.session.execute(
        sa.select(Wave, Publication.figures)
        .outerjoin(Publication, Publication.wave_id == Wave.id)
        .where(
            Wave.survey_id == wave.survey_id,
            Wave.number < wave.number,
            Wave.state.in_(DONE),
            sa.or_(Wave.named, Wave.shuffled_at.is_not(None)),
        )
        .order_by(Wave.number.desc())
        .limit(_BEFORE)
    ).all()
    unpublished = [wave.id for wave, figures in rows if not figures]
    counted = counts_of(unpublished) if unpublished else {}
    return [
        _published(wave, figures) if figures else _counted(wave, counted.get(wave.id, {}))
        for wave, figures in reversed(rows)
    ]


def _counted(wave: Wave, counted: Counted) -> Point:
    answers = Answers.of(wave.instrument, counted, wave.least_cell)
    return point(wave, satisfied_share(answers), index_by_dimension(answers))


def _published(wave: Wave, figures: Mapping[str, Any]) -> Point:
    def of(said: Mapping[str, Any] | None, scale: int) -> Figure:
        if said is None:
            return NO_DATA
        base = said["base"]
        value, low, high = (said[name] / scale for name in ("value", "low", "high"))
        return Figure(value, base or figures["answered"], low, high, base is not None)

    known = frozenset(key for key, said in figures["dimensions"].items() if said)
    year = (wave.closed_at or wave.created_at).year
    return Point(wave.number, year, of(figures["satisfied"], 1000), of(figures["index"], 1), known)
