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
    row = db.session.execute(
        sa.select(Member.id, Member.household_id, Member.joined_on)
        .join(Household, Household.id == Member.household_id)
        .where(Member.id == member_id)
        .with_for_update(key_share=True)
    ).one()
    return Holder(row.id, row.household_id, row.joined_on)


def look(holder: Holder, *, source: str, on: date, project_id: int | None = None) -> dict[str, Any]:
    """Return what conditions read of the member, by field: three statements."""
    counted = sa.select(sa.func.count()).where(Fact.source == source, live())
    homes = sa.select(sa.func.count()).where(Unit.household_id == holder.household_id)
    here = sa.select(Project.slug).where(Project.id == project_id)
    rows = db.session.execute(
        sa.select(
            homes.scalar_subquery().label("homes"),
            counted.where(Fact.member_id == holder.member_id).scalar_subquery().label("nth"),
            counted.where(Fact.household_id == holder.household_id)
            .scalar_subquery()
            .label("household_nth"),
            here.scalar_subquery().label("here"),
        )
    ).one()
    lived = db.session.execute(
        sa.select(Ownership.role, Project.slug)
        .join(Project, Project.id == Ownership.project_id)
        .where(Ownership.member_id == holder.member_id, Ownership.until.is_(None))
    ).all()
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
