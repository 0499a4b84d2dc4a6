"""Figures beside the main ones: the gap, effort, recommended to how many, satisfied as weighted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from plugins.surveys.figures import loyalty, suppression, weighting
from plugins.surveys.figures.counting import joint, whole_numbers
from plugins.surveys.figures.intervals import NO_DATA, Figure, wilson
from plugins.surveys.figures.shares import effort, gap
from plugins.surveys.instrument.items import Item
from plugins.surveys.instrument.parts import Role
from plugins.surveys.models import Participation, Wave
from plugins.surveys.results.meaning import Counted, role_of, satisfaction
from plugins.surveys.results.showable import may_average, share
from portal.sdk import db

_NOBODY = loyalty.Recommended(NO_DATA, NO_DATA, None)


@dataclass(frozen=True)
class Beside:
    """`gap`: satisfaction minus expectation; `weighted`: satisfied, as the frame is made up.

    Each is None where the wave does not ask for it.
    """

    gap: Figure | None
    effort: Figure | None
    recommended: loyalty.Recommended | None
    weighted: Figure | None
    largest_weight: float | None


def of(
    wave: Wave,
    here: Sequence[Item],
    counted: Counted,
    table: Mapping[str, Sequence[int]],
    by: str,
) -> Beside:
    """Return the figures; `table`: satisfied and not by stratum. At most three statements."""
    told = next((each for each in here if each.role == Role.RECOMMENDED_COUNT), None)
    easy = role_of(here, Role.EFFORT)
    codes = counted.get(easy.position, {}) if easy else {}
    weighted, largest = _weighted(wave, table, by) if table else (None, None)
    return Beside(
        _gap(wave, here),
        (effort(codes) if may_average(codes, wave.least_cell) else NO_DATA) if easy else None,
        _recommended(wave, told) if told else None,
        weighted,
        largest,
    )


def _gap(wave: Wave, here: Sequence[Item]) -> Figure | None:
    got, hoped = satisfaction(here), role_of(here, Role.EXPECTATION)
    if got is None or hoped is None:
        return None
    pairs = {(a, b): n for (a, b), n in joint(wave.id, [got.position, hoped.position]).items()}
    found = gap(pairs)
    return found if found.base >= wave.least_cell else NO_DATA


def _recommended(wave: Wave, item: Item) -> loyalty.Recommended:
    told = {key: many for key, many in whole_numbers(wave.id, item.position).items() if key >= 0}
    return loyalty.recommended(told) if sum(told.values()) >= wave.least_cell else _NOBODY


def _weighted(
    wave: Wave, table: Mapping[str, Sequence[int]], by: str
) -> tuple[Figure, float | None]:
    """Return the satisfied post-stratified, and the largest weight.

    Strata that the page hides count as one: the figure then follows from what is shown.
    """
    names = sorted(table)
    gone = suppression.cross([table[name] for name in names], wave.least_cell)
    rows = {y for y, _ in gone.cells} | gone.rows
    field = getattr(Participation, by)
    frame = dict(
        db.session.execute(
            sa.select(field, sa.func.count())
            .where(Participation.wave_id == wave.id)
            .group_by(field)
        )
        .tuples()
        .all()
    )
    shown = {name for y, name in enumerate(names) if y not in rows and name in frame}
    units: dict[str, int] = {"": 0}
    good: dict[str, int] = {"": 0}
    whole: dict[str, int] = {"": 0}
    for name, number in frame.items():
        key = name if name in shown else ""
        units[key] = units.get(key, 0) + number
    for name, (yes, no) in table.items():
        key = name if name in shown else ""
        good[key] = good.get(key, 0) + yes
        whole[key] = whole.get(key, 0) + yes + no
    if any(whole[key] and not units.get(key) for key in whole):
        return NO_DATA, None
    weights = weighting.post_stratify(units, whole)
    plain = share(wilson(sum(good.values()), sum(whole.values())), wave.least_cell)
    if plain.value is None or not weights.effective:
        return NO_DATA, None
    hits = sum(weights.by[key] * good[key] for key in sorted(weights.by))
    value = min(1.0, hits / sum(whole.values()))
    return wilson(value * weights.effective, weights.effective), weights.largest
