"""Projects beside each other: the newest closed wave of one series in each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from plugins.surveys.figures.counting import counts_of, joint_of
from plugins.surveys.figures.intervals import Figure
from plugins.surveys.models import Survey, Wave
from plugins.surveys.results.meaning import (
    Answers,
    Said,
    good,
    index_by_dimension,
    loyal_share,
    satisfied_share,
    score,
    trio,
    whole_index,
)
from plugins.surveys.states import DONE
from plugins.surveys.waves.queries import Rate, rates
from portal.sdk import ProjectRef, db, localized


@dataclass(frozen=True)
class Row:
    """A project's newest results. `above`, `below`: of how many others the interval is apart."""

    project: ProjectRef
    wave: Wave
    rate: Rate
    satisfied: Figure
    nps: Figure
    index: Figure
    loyal: Figure
    above: int = 0
    below: int = 0


def compare(projects: Mapping[int, ProjectRef], *, series: str, search: str = "") -> list[Row]:
    """Return the projects by name that have results of a series: four statements.

    Each figure is the one of the project's own page, hidden by the same rules, and no total of
    projects is made: nothing here can be subtracted from anything there.
    """
    waves = _newest(projects, series)
    numbers = [each.id for each in waves]
    counted = counts_of(numbers) if numbers else {}
    answers = {
        each.id: Answers.of(each.instrument, counted.get(each.id, {}), each.least_cell)
        for each in waves
    }
    said = _said(answers) if numbers else {}
    answered = rates(numbers) if numbers else {}
    rows = [
        Row(
            projects[wave.project_id],
            wave,
            answered.get(wave.id, Rate()),
            satisfied_share(answers[wave.id]),
            score(answers[wave.id])[0],
            whole_index(index_by_dimension(answers[wave.id]), wave.weights),
            loyal_share(answers[wave.id], said.get(wave.id, {})),
        )
        for wave in {each.project_id: each for each in waves}.values()
    ]
    wanted = search.lower()
    found = [_ordered(each, rows) for each in rows]
    found = [each for each in found if wanted in localized(each.project.name).lower()]
    return sorted(found, key=lambda row: localized(row.project.name))


def _newest(projects: Mapping[int, ProjectRef], series: str) -> list[Wave]:
    mine = (
        sa.select(Wave.project_id, sa.func.max(Wave.number).label("number"), Wave.survey_id)
        .join(Survey, Survey.id == Wave.survey_id)
        .where(
            Wave.project_id.in_(projects),
            Survey.series == series,
            Wave.state.in_(DONE),
            # A shuffle takes names of small strata away: nothing is shown before it.
            sa.or_(Wave.named, Wave.shuffled_at.is_not(None)),
        )
        .group_by(Wave.project_id, Wave.survey_id)
        .subquery()
    )
    same = sa.and_(Wave.survey_id == mine.c.survey_id, Wave.number == mine.c.number)
    # Of two surveys of a series in one project the one closed last stands.
    found = sa.select(Wave).join(mine, same).order_by(Wave.closed_at, Wave.id)
    return list(db.session.scalars(found))


def _said(answers: Mapping[int, Answers]) -> dict[int, dict[Said, int]]:
    """Return who said yes to which of the three, of the waves that ask all three."""
    asked = {wave: [each for each in trio(mine.items) if each] for wave, mine in answers.items()}
    places = {
        wave: [each.position for each in mine] for wave, mine in asked.items() if len(mine) == 3
    }
    found: dict[int, dict[Said, int]] = {}
    for (wave, *codes), number in (joint_of(places) if places else {}).items():
        mine, said = found.setdefault(wave, {}), (good(codes[0]), good(codes[1]), good(codes[2]))
        mine[said] = mine.get(said, 0) + number
    return found


def _ordered(mine: Row, rows: list[Row]) -> Row:
    """Return a row with how many others it is above and below: their intervals do not meet."""
    known = [each.satisfied for each in rows if each is not mine]
    low, high = mine.satisfied.low, mine.satisfied.high
    if low is None or high is None:
        return mine
    above = sum(top is not None and top < low for top in (each.high for each in known))
    below = sum(bottom is not None and bottom > high for bottom in (each.low for each in known))
    return replace(mine, above=above, below=below)
