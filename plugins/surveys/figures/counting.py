"""From ballots to counts: one scan of a wave's ballots for all items, one for each joint table."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from plugins.surveys.models import Ballot, SideAnswer
from portal.sdk import db

FIELDS = ("building", "tier", "stage")


def counts(wave_id: int) -> dict[int, dict[int, int]]:
    """Return how many ballots gave each code, by position: one statement."""
    return counts_of([wave_id]).get(wave_id, {})


def counts_of(waves: Collection[int]) -> dict[int, dict[int, dict[int, int]]]:
    """Return how many ballots gave each code, by wave and position: one statement."""
    place, code, each = _unfolded()
    rows = db.session.execute(
        sa.select(Ballot.wave_id, place, code, sa.func.count())
        .select_from(Ballot)
        .join(each, sa.true())
        .where(Ballot.wave_id.in_(waves))
        .group_by(Ballot.wave_id, place, code)
    )
    found: dict[int, dict[int, dict[int, int]]] = {}
    for wave_id, position, value, number in rows:
        found.setdefault(wave_id, {}).setdefault(int(position), {})[value] = number
    return found


def whole_numbers(wave_id: int, position: int) -> dict[int, int]:
    """Return how many ballots gave each whole number at a position: one statement."""
    rows = db.session.execute(
        sa.select(SideAnswer.number, sa.func.count())
        .join(Ballot, Ballot.id == SideAnswer.ballot_id)
        .where(
            Ballot.wave_id == wave_id,
            SideAnswer.item == position,
            SideAnswer.number.is_not(None),
        )
        .group_by(SideAnswer.number)
    )
    found: dict[int, int] = {}
    for millionths, number in rows:
        found[millionths // 1_000_000] = found.get(millionths // 1_000_000, 0) + number
    return found


def joint(
    wave_id: int, positions: Sequence[int], *, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], int]:
    """Return how many ballots gave each combination of codes, led by their strata `by` name.

    One statement. Raises ValueError for an unknown stratum.
    """
    if not set(by) <= set(FIELDS):
        raise ValueError(f"{by} is no stratum")
    columns: list[Any] = [getattr(Ballot, each) for each in by]
    columns += [_code(position) for position in positions]
    rows = db.session.execute(
        sa.select(*columns, sa.func.count()).where(Ballot.wave_id == wave_id).group_by(*columns)
    )
    return {tuple(row[:-1]): row[-1] for row in rows}


def joint_of(places: Mapping[int, Sequence[int]]) -> dict[tuple[int, ...], int]:
    """Return how many ballots gave each combination of codes, led by the wave: one statement.

    `places`: the positions of each wave, as many in one as in another.
    """
    columns = [
        sa.case(*((Ballot.wave_id == wave, _code(position)) for wave, position in each))
        for each in zip(
            *([(wave, at) for at in mine] for wave, mine in places.items()), strict=True
        )
    ]
    names = [sa.label(f"code_{place}", each) for place, each in enumerate(columns)]
    rows = db.session.execute(
        sa.select(Ballot.wave_id, *names, sa.func.count())
        .where(Ballot.wave_id.in_(places))
        .group_by(Ballot.wave_id, *(each.name for each in names))
    )
    return {tuple(row[:-1]): row[-1] for row in rows}


def _sqlite() -> bool:
    return db.session.get_bind().dialect.name == "sqlite"


def _unfolded() -> tuple[Any, Any, Any]:
    if _sqlite():
        each = sa.func.json_each(Ballot.positions).table_valued(
            "key", "value", joins_implicitly=True
        )
        return each.c.key, each.c.value, each
    each = sa.func.unnest(Ballot.positions).table_valued(
        sa.column("code", sa.SmallInteger), with_ordinality="place", joins_implicitly=True
    )
    each = each.render_derived()
    return each.c.place - 1, each.c.code, each


def _code(position: int) -> Any:
    if _sqlite():
        return sa.literal_column(f"json_extract(positions, '$[{int(position)}]')", sa.Integer)
    return sa.literal_column(f"positions[{int(position) + 1}]", sa.SmallInteger)
