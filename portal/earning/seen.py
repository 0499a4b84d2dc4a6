"""What rules know of a member when a fact about them is recorded; the member is locked first.

Facts about members of one household are recorded one after another: so "the first time" is said of
one of them only.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.club.queries import current_club
from portal.extensions import db
from portal.facts.models import Fact
from portal.facts.queries import live
from portal.members.models import Household, Member
from portal.projects.models import Ownership, Project, Unit
from portal.tiers.queries import tier_keys

_lock = (
    sa.select(Member.id, Member.household_id, Member.joined_on)
    .join(Household, Household.id == Member.household_id)
    .where(Member.id == sa.bindparam("member_id"))
    .with_for_update(key_share=True)
)
_told = sa.select(sa.func.count()).where(Fact.source == sa.bindparam("source"), live())
# Built once: a fact is a few round trips, and building a statement takes longer than sending it.
_figures = sa.select(
    sa.select(sa.func.count())
    .where(Unit.household_id == sa.bindparam("household_id"))
    .scalar_subquery()
    .label("homes"),
    _told.where(Fact.member_id == sa.bindparam("member_id")).scalar_subquery().label("nth"),
    _told.where(Fact.household_id == sa.bindparam("household_id"))
    .scalar_subquery()
    .label("household_nth"),
    sa.select(Project.slug)
    .where(Project.id == sa.bindparam("project_id", type_=sa.BigInteger))
    .scalar_subquery()
    .label("here"),
)
_lived = (
    sa.select(Ownership.role, Project.slug)
    .join(Project, Project.id == Ownership.project_id)
    .where(Ownership.member_id == sa.bindparam("member_id"), Ownership.until.is_(None))
)


@dataclass(frozen=True)
class Holder:
    """A member who is locked until the end of the transaction."""

    member_id: int
    household_id: int
    joined_on: date


def lock_member(member_id: int) -> Holder:
    """Lock a member and the household, so that others wait who record facts about them.

    Raises sqlalchemy.exc.NoResultFound.
    """
    db.session.flush()
    row = db.session.connection().execute(_lock, {"member_id": member_id}).one()
    return Holder(row.id, row.household_id, row.joined_on)


def look(holder: Holder, *, source: str, on: date, project_id: int | None = None) -> dict[str, Any]:
    """Return what conditions read of the member, by field: three statements."""
    asked = {
        "member_id": holder.member_id,
        "household_id": holder.household_id,
        "source": source,
        "project_id": project_id,
    }
    connection = db.session.connection()
    rows = connection.execute(_figures, asked).one()
    lived = connection.execute(_lived, {"member_id": holder.member_id}).all()
    today = clock.business_date(current_club().time_zone)
    tiers = tier_keys([holder.member_id], on=on if on < today else None)
    return {
        "member.homes": rows.homes,
        "member.roles": sorted({row.role for row in lived}),
        "member.projects": sorted({row.slug for row in lived}),
        "member.tenure_months": months_between(holder.joined_on, on),
        "member.tier": tiers[holder.member_id],
        "project": rows.here,
        "nth": rows.nth + 1,
        "household_nth": rows.household_nth + 1,
    }


def months_between(since: date, until: date) -> int:
    """Return the whole months between two days, none when the first is later."""
    months = (until.year - since.year) * 12 + until.month - since.month
    return max(months - (until.day < since.day), 0)
