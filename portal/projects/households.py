"""Moving people between households when they join or leave a home."""

from datetime import date

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Household, Member, MemberState, Person
from portal.members.service import move_to_household
from portal.projects.models import Unit


def join_household(
    *, actor: Account | None, member: Member, household_id: int, reason: str, on: date
) -> None:
    """Move a member into another household.

    When nobody would be left behind, the persons and homes of the old household come along.
    """
    old = member.household_id
    if old == household_id:
        return
    household = db.session.get_one(Household, household_id)
    move_to_household(actor=actor, member=member, household=household, reason=reason, on=on)
    db.session.flush()
    left_behind = db.session.scalar(
        sa.select(Member.id)
        .where(Member.household_id == old, Member.state == MemberState.ACTIVE)
        .limit(1)
    )
    if left_behind is not None:
        return
    for model in (Person, Unit):
        db.session.execute(
            sa.update(model).where(model.household_id == old).values(household_id=household_id)
        )


def leave_household(*, actor: Account, member: Member, reason: str, on: date) -> None:
    """Give a member a household of their own; what the others share stays with them."""
    household = Household()
    db.session.add(household)
    db.session.flush()
    move_to_household(actor=actor, member=member, household=household, reason=reason, on=on)
