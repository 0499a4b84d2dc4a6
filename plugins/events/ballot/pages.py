"""What pages show of a draw: the way of giving seats, one's own lots, the proof."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from plugins.events.ballot.drawing import differences, read_frozen, seed_of
from plugins.events.ballot.models import Ballot, Draw, DrawEntry, Freeze
from plugins.events.ballot.terms import Weight, draw_due, entries_end, takes_entries
from portal.sdk import MemberRef, ProjectRef, db, localized

if TYPE_CHECKING:
    from plugins.events.models import Occurrence, Registration

SHOWN = 200
"""Rows of a draw on its page; the file has all of them."""


@dataclass(frozen=True)
class DrawBox:
    """How an activity's seats are drawn. `open`: entries are taken; `weight`: of the member who
    asks, before they enter; `entry`: theirs, once there is one."""

    ballot: Ballot
    until: datetime
    due: datetime
    open: bool
    source: str
    weight: Weight | None = None
    entry: DrawEntry | None = None


def draw_box(
    occurrence: "Occurrence", tier: str | None, member: MemberRef, project: ProjectRef, at: datetime
) -> DrawBox | None:
    """Return how seats are drawn, with the lots a member would have; None: nothing is drawn."""
    # Entering reads the pages' refusals, which show this box.
    from plugins.events.ballot.entering import times_missed

    ballot = occurrence.ballot
    if ballot is None:
        return None
    asks = ballot.drawn_at is None and at < entries_end(occurrence)
    times = times_missed(member, project) if asks and ballot.missed else 0
    return _box(occurrence, ballot, at, weight=Weight.of(ballot, tier, times) if asks else None)


def entry_box(found: "Registration", at: datetime) -> DrawBox | None:
    """Return a registration's part in a draw; None when it has none."""
    ballot = found.occurrence.ballot
    if ballot is None:
        return None
    mine = sa.select(DrawEntry).where(DrawEntry.registration_id == found.id)
    entry = db.session.scalar(mine)
    return _box(found.occurrence, ballot, at, entry=entry) if entry else None


def _box(occurrence: "Occurrence", ballot: Ballot, at: datetime, **more: Any) -> DrawBox:
    return DrawBox(
        ballot=ballot,
        until=entries_end(occurrence),
        due=draw_due(occurrence),
        open=takes_entries(occurrence, at),
        source=localized(ballot.source),
        **more,
    )


@dataclass(frozen=True)
class Proof:
    """A freeze and a draw as everybody may check them. `told`: the file; `rows`: (place, id, seats,
    lots, whether it got its seats), the first of them; `wrong`: what did not come out again."""

    told: dict[str, Any]
    seed: str
    rows: list[tuple[int, str, int, int, bool]]
    entries: int
    won: int
    wrong: list[str]


def proof_of(occurrence: "Occurrence") -> Proof | None:
    """Return what was frozen and drawn, computed again; None before the freeze."""
    ballot = occurrence.ballot
    if ballot is None or ballot.frozen_at is None:
        return None
    both = sa.select(Freeze, Draw).outerjoin(Draw, Draw.occurrence_id == Freeze.occurrence_id)
    frozen, drawn = db.session.execute(both.where(Freeze.occurrence_id == occurrence.id)).one()
    entries, room = read_frozen(frozen.entries)
    told: dict[str, Any] = {
        "activity": occurrence.public_id,
        "mode": ballot.mode,
        "secret_hash": ballot.secret_hash,
        "entries_hash": frozen.digest,
        "frozen_at": frozen.at.isoformat(),
        "frozen": frozen.entries,
    }
    if drawn is None:
        return Proof(told, "", [], len(entries), 0, [])
    told |= {
        "number_of": dict(ballot.source),
        "number": drawn.number,
        "secret": drawn.secret,
        "room": drawn.room or room,
        "drawn_at": drawn.at.isoformat(),
        "outcome": drawn.outcome,
    }
    by_id = {each.id: each for each in entries}
    rows = [
        (place, str(key), by_id[str(key)].seats, by_id[str(key)].lots, bool(won))
        for place, (key, won) in enumerate(drawn.outcome[:SHOWN], 1)
    ]
    return Proof(
        told=told,
        seed=seed_of(drawn.secret, drawn.number, frozen.digest),
        rows=rows,
        entries=len(entries),
        won=sum(bool(won) for _key, won in drawn.outcome),
        wrong=differences(told),
    )
