"""Projects beside each other: the newest closed wave of one series in each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from plugins.surveys.figures import nps, suppression
from plugins.surveys.figures.compare import Trend, proportions
from plugins.surveys.figures.counting import counts_of, joint_of
from plugins.surveys.figures.intervals import NO_DATA, Figure, wilson
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import Item, items
from plugins.surveys.instrument.parts import Kind, Role
from plugins.surveys.models import Survey, Wave
from plugins.surveys.results.meaning import (
    SATISFIED,
    Counted,
    index_by_dimension,
    role_of,
    satisfaction,
    satisfied_share,
    whole_index,
)
from plugins.surveys.results.showable import share
from plugins.surveys.states import DONE
from plugins.surveys.waves.queries import Rate, rates
from portal.sdk import ProjectRef, db, localized


@dataclass(frozen=True)
class Row:
    """A project's newest results. `above`, `below`: how many others it surely leads or trails."""

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
    waves = {each.project_id: each for each in _newest(projects, series)}
    numbers = [each.id for each in waves.values()]
    here = {each.id: items(read(each.instrument)) for each in waves.values()}
    counted = counts_of(numbers) if numbers else {}
    loyal = _loyal(waves, here) if numbers else {}
    answered = rates(numbers) if numbers else {}
    rows = [
        Row(
            projects[key],
            wave,
            answered.get(wave.id, Rate()),
            satisfied_share(here[wave.id], counted.get(wave.id, {}), wave.least_cell),
            _nps(here[wave.id], counted.get(wave.id, {}), wave.least_cell),
            _index(here[wave.id], counted.get(wave.id, {}), wave),
            loyal.get(wave.id, NO_DATA),
        )
        for key, wave in waves.items()
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


def _nps(here: tuple[Item, ...], counted: Counted, least: int) -> Figure:
    scored = next((each for each in here if each.question.kind == Kind.NPS), None)
    codes = counted.get(scored.position, {}) if scored else {}
    groups = nps.groups(codes)
    fine = suppression.nps_shown(groups.promoters, groups.passives, groups.detractors, least)
    return nps.score(codes) if fine else NO_DATA


def _index(here: tuple[Item, ...], counted: Counted, wave: Wave) -> Figure:
    return whole_index(index_by_dimension(here, counted, wave.least_cell), wave.weights)


def _loyal(waves: Mapping[int, Wave], here: Mapping[int, tuple[Item, ...]]) -> dict[int, Figure]:
    """Return who is satisfied, would buy again and would recommend, of who answered all three."""
    least = {each.id: each.least_cell for each in waves.values()}
    asked = {
        wave: [satisfaction(mine), role_of(mine, Role.AGAIN), role_of(mine, Role.RECOMMEND)]
        for wave, mine in here.items()
    }
    places = {
        wave: [each.position for each in trio if each]
        for wave, trio in asked.items()
        if None not in trio
    }
    hits = dict.fromkeys(places, 0)
    whole = dict.fromkeys(places, 0)
    for (wave, *codes), number in (joint_of(places) if places else {}).items():
        if min(codes) >= 0:
            whole[wave] += number
            hits[wave] += number if all(code in SATISFIED for code in codes) else 0
    return {wave: share(wilson(hits[wave], whole[wave]), least[wave]) for wave in places}


def _ordered(mine: Row, rows: list[Row]) -> Row:
    """Return a row with how many others differ in satisfaction by more than chance (5 %)."""
    found = [proportions(each.satisfied, mine.satisfied).trend for each in rows if each is not mine]
    return replace(mine, above=found.count(Trend.UP), below=found.count(Trend.DOWN))
