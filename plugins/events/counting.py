"""Which quotas count how many of a party: all of it, its tier, its children, what is chosen.

A party takes seats in all of them or in none, so the smallest rules.
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from plugins.events.errors import EventError
from plugins.events.models import Counted, Quota, Registration, Window
from plugins.events.party import Candidate
from plugins.events.states import Counts
from portal.sdk import db

Seats = Mapping[int, int]
"""Seats by the id of a quota."""


def tier_key(tier: str) -> str:
    """Return the key of the quota of a tier."""
    return f"tier:{tier}"


def window_of(occurrence_id: int, tier: str | None) -> Window | None:
    """Return the window of a tier at an activity."""
    return db.session.get(Window, (occurrence_id, tier), populate_existing=True) if tier else None


def for_all(quotas: Sequence[Quota], window: Window | None) -> list[Quota]:
    """Return the quotas that count every person of a party that comes through this window."""
    mine = tier_key(window.tier) if window else None
    return [quota for quota in quotas if quota.counts == Counts.ALL or quota.key == mine]


def of_party(
    quotas: Sequence[Quota],
    chosen: Sequence[Candidate],
    window: Window | None,
    wishes: Mapping[str, int],
) -> Seats:
    """Return what each quota counts of a party. `wishes`: how many persons want what the quota
    with this public id gives. Raises EventError BAD_WISH."""
    offered = {quota.public_id: quota for quota in quotas if quota.counts == Counts.CHOSEN}
    if any(key not in offered or not 0 <= many <= len(chosen) for key, many in wishes.items()):
        raise EventError("BAD_WISH")
    children = sum(each.is_child for each in chosen)
    found = {quota.id: len(chosen) for quota in for_all(quotas, window)}
    found |= {quota.id: children for quota in quotas if quota.counts == Counts.CHILDREN}
    found |= {offered[key].id: many for key, many in wishes.items()}
    return {quota_id: many for quota_id, many in found.items() if many}


def could_fit(quotas: Sequence[Quota], seats: Seats) -> None:
    """Raise EventError PARTY_TOO_LARGE when the party would not fit into all seats there are."""
    for quota in quotas:
        if quota.capacity is not None and seats.get(quota.id, 0) > quota.capacity:
            raise EventError("PARTY_TOO_LARGE", available=quota.capacity)


def write_down(made: Registration, seats: Seats) -> None:
    """Keep what each quota counts of a party."""
    where = {"registration_id": made.id, "project_id": made.project_id}
    db.session.add_all(Counted(**where, quota_id=key, seats=many) for key, many in seats.items())
    db.session.flush()


def counted(found: Registration) -> Seats:
    """Return what each quota counts of a party that is written down."""
    mine = sa.select(Counted.quota_id, Counted.seats).where(Counted.registration_id == found.id)
    return {row[0]: row[1] for row in db.session.execute(mine)}


def no_room(kept: Seats | None = None) -> sa.ColumnElement[bool]:
    """Return what says that some quota has too few free seats for a registration. `kept`: seats by
    quota that are for somebody else."""
    taken = Quota.confirmed + Quota.held + Counted.seats
    if kept:
        taken = taken + sa.case(kept, value=Quota.id, else_=0)
    return _where(taken > Quota.capacity)


def never_fits() -> sa.ColumnElement[bool]:
    """Return what says that a registration is larger than all seats of some quota."""
    return _where(Counted.seats > Quota.capacity)


def _where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    mine = sa.select(Counted.quota_id).join(Quota, Quota.id == Counted.quota_id)
    return mine.where(Counted.registration_id == Registration.id, condition).exists()
