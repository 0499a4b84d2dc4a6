"""Shuffling: ballots are written anew under new random ids, in random order, and the old ones go.

A batch takes at least ten ballots of one stratum, so that no stratum in it tells of few. After the
close everything is shuffled once more, the lines of the frame too: where a row lies, and which
transaction wrote it, tells nothing any more. The caller commits; all of it is one transaction.
"""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from plugins.surveys.answering.standing import GRACE
from plugins.surveys.answering.strata import Cell, coarsened
from plugins.surveys.models import Ballot, Participation, SideAnswer, Wave
from plugins.surveys.states import OPEN, State
from portal.sdk import db

LEAST = 10
"""Ballots that are shuffled together, at least, before the close."""
_CHUNK = 500
_ID_BITS = 62
_CHANCE = secrets.SystemRandom()


def waiting(wave: Wave) -> list[int]:
    """Return the unsealed ballots of strata in which enough wait to be shuffled together."""
    least = max(LEAST, wave.least_cell)
    strata: dict[Cell, list[int]] = {}
    for ballot_id, cell in _cells(wave, Ballot.sealed.is_(False)).items():
        strata.setdefault(cell, []).append(ballot_id)
    return [each for those in strata.values() if len(those) >= least for each in those]


def shuffle_batch(wave: Wave) -> int:
    """Shuffle and seal what waits in strata large enough; return how many ballots."""
    if not _begun(wave):
        return 0
    mine = waiting(wave)
    _mix_ballots(mine, {})
    _ended(wave)
    return len(mine)


def may_finish(wave: Wave, at: datetime) -> bool:
    """Tell whether the last answer has come: the wave is closed, and the grace after it over."""
    ends = [each for each in (wave.closes_at, wave.closed_at) if each is not None]
    return wave.state == State.CLOSED and wave.shuffled_at is None and at >= min(ends) + GRACE


def shuffle_all(wave: Wave, at: datetime) -> int:
    """Shuffle and seal every ballot and the frame's lines, once; return how many ballots.

    Strata with fewer than k answers are blanked, not only those with fewer than k asked: the
    frame tells who has answered.
    """
    if not may_finish(wave, at) or not _begun(wave):
        return 0
    cells = _cells(wave)
    names = coarsened(Counter(cells.values()), wave.least_cell)
    _mix_ballots(list(cells), {each: names[cell] for each, cell in cells.items()})
    _mix_frame(wave)
    _ended(wave, shuffled_at=at)
    return len(cells)


def _begun(wave: Wave) -> bool:
    """Lock the wave against answers and other shuffling, and permit the frame to be rewritten."""
    done = db.session.execute(
        sa.update(Wave)
        .where(
            Wave.id == wave.id,
            Wave.named.is_(False),
            Wave.shuffled_at.is_(None),
            Wave.state.in_((*OPEN, State.CLOSED)),
        )
        .values(shuffling=True)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(done, "rowcount", 0))


def _ended(wave: Wave, **values: datetime) -> None:
    db.session.execute(
        sa.update(Wave)
        .where(Wave.id == wave.id)
        .values(shuffling=False, **values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(wave)


def _cells(wave: Wave, *more: sa.ColumnElement[bool]) -> dict[int, Cell]:
    columns = (Ballot.id, Ballot.stage, Ballot.building, Ballot.tier)
    found = db.session.execute(sa.select(*columns).where(Ballot.wave_id == wave.id, *more))
    return {each: (stage, building, tier) for each, stage, building, tier in found}


def _mix_ballots(ids: Sequence[int], names: Mapping[int, Cell]) -> None:
    table, side = sa.inspect(Ballot).local_table, sa.inspect(SideAnswer).local_table
    fresh = {each: secrets.randbits(_ID_BITS) + 1 for each in ids}
    for some in _shuffled(ids):
        found = db.session.execute(sa.select(table).where(table.c.id.in_(some))).mappings()
        by_id = {row["id"]: dict(row) for row in found}
        rows = []
        for each in some:
            row = by_id[each] | {"id": fresh[each], "sealed": True}
            if each in names:
                row["stage"], row["building"], row["tier"] = names[each]
            rows.append(row)
        said = db.session.execute(sa.select(side).where(side.c.ballot_id.in_(some))).mappings()
        beside = [dict(row) | {"ballot_id": fresh[row["ballot_id"]]} for row in said]
        _CHANCE.shuffle(beside)
        db.session.execute(sa.insert(table), rows)
        if beside:
            db.session.execute(sa.insert(side), beside)
        db.session.execute(sa.delete(side).where(side.c.ballot_id.in_(some)))
        db.session.execute(sa.delete(table).where(table.c.id.in_(some)))
    db.session.expire_all()


def _mix_frame(wave: Wave) -> None:
    """Write the lines of the frame anew, the same but for where they lie."""
    table = sa.inspect(Participation).local_table
    ids = db.session.scalars(sa.select(table.c.id).where(table.c.wave_id == wave.id)).all()
    for some in _shuffled(ids):
        found = db.session.execute(sa.select(table).where(table.c.id.in_(some))).mappings()
        by_id = {row["id"]: dict(row) for row in found}
        db.session.execute(sa.delete(table).where(table.c.id.in_(some)))
        db.session.execute(sa.insert(table), [by_id[each] for each in some])
    db.session.expire_all()


def _shuffled(ids: Sequence[int]) -> Iterator[list[int]]:
    mixed = list(ids)
    _CHANCE.shuffle(mixed)
    for first in range(0, len(mixed), _CHUNK):
        yield mixed[first : first + _CHUNK]
