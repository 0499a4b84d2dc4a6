"""Signs that an answer may not be somebody's own, or not meant: reported, and never a reason to
drop it. Of an anonymous wave the answers themselves are looked at, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.surveys.instrument.items import NOT_SHOWN, Item
from plugins.surveys.instrument.parts import Kind
from plugins.surveys.models import Burst, Wave
from portal.sdk import db

SLOT = 600
"""Seconds within which answers of one device count together."""
CROWD = 3
"""Answers of one device in a slot from which on they are a burst."""
LEAST_ROWS = 5
"""Matrix lines that must all have the same value to be a straight line."""
SECONDS = 1
"""Who takes less for each question, after the first screen, has hardly read them."""


class Sign(IntFlag):
    """What was noticed."""

    BURST = 1
    STRAIGHT = 2
    FAST = 4
    ASSISTED = 8


@dataclass(frozen=True)
class Seen:
    """What the server saw of a sender; `origin`: a keyed hash of the device, "" for unknown."""

    origin: str = ""
    assisted: bool = False


def is_straight(items: Sequence[Item], positions: Sequence[int]) -> bool:
    """Tell whether all matrix lines that were answered have one value."""
    said = [
        positions[each.position]
        for each in items
        if each.question.kind == Kind.MATRIX and positions[each.position] >= 0
    ]
    return len(said) >= LEAST_ROWS and len(set(said)) == 1


def signs_on(ballot: Any, items: Sequence[Item]) -> Sign:
    """Return what was noted of an answer with a name, or what an anonymous one shows by itself."""
    if ballot.named:
        return Sign(ballot.flags)
    return Sign.STRAIGHT if is_straight(items, ballot.positions) else Sign(0)


def signs_of(
    *,
    wave: Wave,
    items: Sequence[Item],
    positions: Sequence[int],
    seen: Seen,
    at: datetime,
    begun_at: datetime | None,
) -> Sign:
    """Return the signs of an answer of a wave with names, and count its device."""
    found = Sign.ASSISTED if seen.assisted else Sign(0)
    if is_straight(items, positions):
        found |= Sign.STRAIGHT
    shown = {each.question.key for each in items if positions[each.position] != NOT_SHOWN}
    if begun_at is not None and (at - begun_at).total_seconds() < SECONDS * len(shown):
        found |= Sign.FAST
    if seen.origin and _counted(wave, seen.origin, int(at.timestamp()) // SLOT) >= CROWD:
        found |= Sign.BURST
    return found


def _counted(wave: Wave, origin: str, slot: int) -> int:
    """Count an answer of a device, and return how many there are now."""
    more = (
        sa.update(Burst)
        .where(Burst.wave_id == wave.id, Burst.origin == origin, Burst.slot == slot)
        .values(count=Burst.count + 1)
        .returning(Burst.count)
        .execution_options(synchronize_session=False)
    )
    if many := db.session.scalar(more):
        return int(many)
    row = {"wave_id": wave.id, "named": True, "origin": origin, "slot": slot, "count": 1}
    try:
        with db.session.begin_nested():
            db.session.execute(sa.insert(Burst).values(project_id=wave.project_id, **row))
    except IntegrityError:
        # Somebody at the same device was faster.
        return int(db.session.scalar(more) or 1)
    return 1


def forget(wave: Wave) -> None:
    """Delete what is known of devices: no answer comes any more."""
    db.session.execute(sa.delete(Burst).where(Burst.wave_id == wave.id))
