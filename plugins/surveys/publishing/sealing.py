"""The seal: one hash of everything that figures rest on, so that a later change shows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from plugins.surveys.canonical import digest
from plugins.surveys.models import Ballot, Participation, SideAnswer, Wave
from plugins.surveys.publishing.checking import seal_of
from plugins.surveys.states import SideKind
from portal.sdk import db

_AT_ONCE = 500
_IN_WORDS = (SideKind.TEXT, SideKind.DATE)


def sealed(wave: Wave) -> dict[str, Any]:
    """Return what is sealed of a wave: the questions, its terms, its frame and its ballots.

    Of an answer in words it holds the SHA-256: an erasure may take the words, the seal stays good.
    """
    return {
        "instrument": wave.instrument,
        "weights": dict(wave.weights),
        "least": wave.least_cell,
        "seed": wave.seed,
        "mode": wave.mode,
        "frame": _frame(wave),
        "ballots": [list(row) for row in _ballots(wave)],
    }


def seal(wave: Wave) -> str:
    """Keep the digest of every answer in words, and return the seal of a closed wave."""
    _digest(wave)
    return seal_of(sealed(wave))


def words(wave: Wave) -> dict[str, dict[str, str]]:
    """Return the answers in words that are still there, by ballot and position."""
    found: dict[str, dict[str, str]] = {}
    for side in db.session.scalars(_sides(wave).where(SideAnswer.kind.in_(_IN_WORDS))):
        if side.value:
            found.setdefault(str(side.ballot_id), {})[str(side.item)] = side.value
    return found


def _digest(wave: Wave) -> None:
    mine = _sides(wave).where(SideAnswer.kind.in_(_IN_WORDS), SideAnswer.digest.is_(None))
    rows = [
        {"of_ballot": each.ballot_id, "of_item": each.item, "found": digest(each.value)}
        for each in db.session.scalars(mine)
    ]
    table = sa.inspect(SideAnswer).local_table
    one = (
        sa.update(table)
        .where(
            table.c.ballot_id == sa.bindparam("of_ballot"),
            table.c.item == sa.bindparam("of_item"),
        )
        .values(digest=sa.bindparam("found"))
    )
    for first in range(0, len(rows), _AT_ONCE):
        db.session.execute(one, rows[first : first + _AT_ONCE])
    db.session.expire_all()


def _frame(wave: Wave) -> list[list[str]]:
    columns = (
        Participation.unit_key,
        Participation.building,
        Participation.tier,
        Participation.stage,
    )
    rows = db.session.execute(sa.select(*columns).where(Participation.wave_id == wave.id))
    return sorted(list(row) for row in rows)


def _ballots(wave: Wave) -> Iterator[Sequence[Any]]:
    sides: Mapping[int, list[list[Any]]] = _sides_by_ballot(wave)
    columns = (
        *(Ballot.id, Ballot.positions, Ballot.stage, Ballot.building),
        *(Ballot.tier, Ballot.language, Ballot.flags),
    )
    rows = db.session.execute(
        sa.select(*columns).where(Ballot.wave_id == wave.id).order_by(Ballot.id)
    )
    for row in rows:
        yield (str(row[0]), list(row[1]), *row[2:], sides.get(row[0], []))


def _sides_by_ballot(wave: Wave) -> dict[int, list[list[Any]]]:
    found: dict[int, list[list[Any]]] = {}
    for side in db.session.scalars(_sides(wave)):
        line = [side.item, side.kind, side.number, side.digest or ""]
        found.setdefault(side.ballot_id, []).append(line)
    return found


def _sides(wave: Wave) -> sa.Select[tuple[SideAnswer]]:
    mine = sa.select(SideAnswer).join(Ballot, Ballot.id == SideAnswer.ballot_id)
    return mine.where(Ballot.wave_id == wave.id).order_by(SideAnswer.ballot_id, SideAnswer.item)
