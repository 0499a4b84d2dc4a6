"""Taking and giving back seats: the quotas' rows are the gate that everybody passes one by one.

Whoever changes registrations of an activity locks its quotas first, in ascending order, so that no
two wait for each other and what is read afterwards is how things stand.
"""

from typing import Any

import sqlalchemy as sa

from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Quota, Share
from portal.sdk import db


def lock_quotas(occurrence_id: int) -> list[Quota]:
    """Return an activity's quotas, locked until the transaction ends."""
    mine = sa.select(Quota).where(Quota.occurrence_id == occurrence_id).order_by(Quota.id)
    fresh = mine.with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(fresh))


def take_seats(quotas: list[Quota], seats: int, *, held: bool = False) -> None:
    """Count seats as confirmed (or held) in every quota, or raise EventError NOT_ENOUGH_SEATS."""
    for quota in quotas:
        fits = sa.or_(
            Quota.capacity.is_(None), Quota.confirmed + Quota.held + seats <= Quota.capacity
        )
        done = db.session.execute(
            sa.update(Quota).where(Quota.id == quota.id, fits).values(_added(seats, held=held))
        )
        if not _rows(done):
            raise EventError("NOT_ENOUGH_SEATS", available=max(0, quota.free or 0))


def force_seats(quotas: list[Quota], seats: int) -> int:
    """Count seats as confirmed whatever the capacity says; return how many lie beyond it."""
    beyond = 0
    for quota in quotas:
        over = 0 if quota.free is None else max(0, seats - max(0, quota.free))
        counted = {"confirmed": Quota.confirmed + seats, "forced": Quota.forced + over}
        db.session.execute(sa.update(Quota).where(Quota.id == quota.id).values(counted))
        beyond = max(beyond, over)
    return beyond


def confirm_seats(quotas: list[Quota], seats: int) -> None:
    """Count seats that were held as confirmed."""
    for quota in quotas:
        moved = {"held": Quota.held - seats, "confirmed": Quota.confirmed + seats}
        db.session.execute(sa.update(Quota).where(Quota.id == quota.id).values(moved))


def release_seats(quotas: list[Quota], seats: int, *, held: bool = False) -> None:
    """Give confirmed (or held) seats back; what was over the capacity goes first."""
    over = Quota.confirmed + Quota.held - seats - Quota.capacity
    for quota in quotas:
        left = {**_added(-seats, held=held), "forced": sa.case((over > 0, over), else_=0)}
        db.session.execute(sa.update(Quota).where(Quota.id == quota.id).values(left))


def _added(seats: int, *, held: bool) -> dict[str, Any]:
    return {"held": Quota.held + seats} if held else {"confirmed": Quota.confirmed + seats}


def set_capacity(quota: Quota, capacity: int | None) -> None:
    """Change a locked quota's seats; cutting below those taken cancels nobody."""
    taken = quota.confirmed + quota.held
    forced = 0 if capacity is None else max(0, taken - capacity)
    db.session.execute(
        sa.update(Quota).where(Quota.id == quota.id).values(capacity=capacity, forced=forced)
    )


def take_share(occurrence: Occurrence, household_id: int, seats: int) -> None:
    """Count a household's seats, taken or waited for, over all its accounts, or raise EventError
    HOUSEHOLD_FULL.

    The quotas are locked: nobody else adds the household's row meanwhile.
    """
    key = {"occurrence_id": occurrence.id, "household_id": household_id}
    if db.session.get(Share, key) is None:
        db.session.add(Share(**key, project_id=occurrence.project_id, seats=0))
        db.session.flush()
    most = occurrence.household_most
    taken = sa.update(Share).filter_by(**key).values(seats=Share.seats + seats, most=most)
    if most is not None:
        taken = taken.where(Share.seats + seats <= most)
    if not _rows(db.session.execute(taken)):
        raise EventError("HOUSEHOLD_FULL", available=most)


def release_share(occurrence_id: int, household_id: int, seats: int) -> None:
    """Give a household's seats back."""
    key = {"occurrence_id": occurrence_id, "household_id": household_id}
    db.session.execute(sa.update(Share).filter_by(**key).values(seats=Share.seats - seats))


def _rows(result: object) -> int:
    return int(getattr(result, "rowcount", 0))
