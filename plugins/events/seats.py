"""Taking and giving back seats: the quotas' rows are the gate that everybody passes one by one.

Whoever changes registrations of an activity locks its quotas first, in ascending order, so that no
two wait for each other and what is read afterwards is how things stand.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from plugins.events.errors import EventError
from plugins.events.models import Counted, Occurrence, Quota, Share
from plugins.events.states import Counts
from portal.sdk import db, gettext, localized


def lock_quotas(occurrence_id: int) -> list[Quota]:
    """Return an activity's quotas, locked until the transaction ends."""
    mine = sa.select(Quota).where(Quota.occurrence_id == occurrence_id).order_by(Quota.id)
    fresh = mine.with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(fresh))


def take_seats(quotas: list[Quota], seats: Mapping[int, int], *, held: bool = False) -> None:
    """Count seats, by the id of a quota, as confirmed (or held) in every quota, or raise EventError
    NOT_ENOUGH_SEATS with what is free in the one that is too small."""
    for quota in quotas:
        many = seats.get(quota.id, 0)
        fits = sa.or_(
            Quota.capacity.is_(None), Quota.confirmed + Quota.held + many <= Quota.capacity
        )
        if not many:
            continue
        done = db.session.execute(
            sa.update(Quota).where(Quota.id == quota.id, fits).values(_added(many, held=held))
        )
        if not _rows(done):
            raise EventError(
                "NOT_ENOUGH_SEATS", available=max(0, quota.free or 0), said=_too_small(quota)
            )


def force_seats(quotas: list[Quota], seats: Mapping[int, int]) -> int:
    """Count seats as confirmed whatever the capacity says; return how many lie beyond it."""
    beyond = 0
    for quota in quotas:
        many = seats.get(quota.id, 0)
        over = 0 if quota.free is None else max(0, many - max(0, quota.free))
        counted = {"confirmed": Quota.confirmed + many, "forced": Quota.forced + over}
        db.session.execute(sa.update(Quota).where(Quota.id == quota.id).values(counted))
        beyond = max(beyond, over)
    return beyond


def confirm_seats(registration_id: int) -> None:
    """Count the seats of a party that were held as confirmed."""
    many = _many(registration_id)
    moved = {"held": Quota.held - many, "confirmed": Quota.confirmed + many}
    db.session.execute(_its_quotas(registration_id).values(moved))


def release_seats(registration_id: int, *, held: bool = False) -> None:
    """Give a party's confirmed (or held) seats back; what was over the capacity goes first."""
    many = _many(registration_id)
    over = Quota.confirmed + Quota.held - many - Quota.capacity
    left = {**_added(-many, held=held), "forced": sa.case((over > 0, over), else_=0)}
    db.session.execute(_its_quotas(registration_id).values(left))


def give_back_seats(seats: Mapping[int, int]) -> None:
    """Give back confirmed seats of a party that stays, by the id of a quota; what was over the
    capacity goes first."""
    for quota_id, many in seats.items():
        over = Quota.confirmed + Quota.held - many - Quota.capacity
        left = {**_added(-many, held=False), "forced": sa.case((over > 0, over), else_=0)}
        db.session.execute(sa.update(Quota).where(Quota.id == quota_id).values(left))


def _many(registration_id: int) -> sa.ScalarSelect[int]:
    its = sa.select(Counted.seats).where(
        Counted.registration_id == registration_id, Counted.quota_id == Quota.id
    )
    return its.scalar_subquery()


def _its_quotas(registration_id: int) -> sa.Update:
    its = sa.select(Counted.quota_id).where(Counted.registration_id == registration_id)
    return sa.update(Quota).where(Quota.id.in_(its))


def _too_small(quota: Quota) -> str:
    if quota.counts == Counts.ALL:
        return ""
    title = gettext("Children") if quota.counts == Counts.CHILDREN else localized(quota.title)
    return gettext(
        "%(title)s: only %(left)s seats are free.", title=title, left=max(0, quota.free or 0)
    )


def _added(seats: Any, *, held: bool) -> dict[str, Any]:
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
