"""Reading members, their households, and who has looked at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Member, MemberState, Person

PEOPLE_MAX = 50
VIEWS_SHOWN = 20
PHONE_SHOWN = "member.phone_shown"
"""The audit action of showing a full phone number."""


@dataclass(frozen=True)
class PhoneView:
    """Someone of the staff saw a member's full phone number."""

    by: str
    at: datetime
    reason: str


def find_member(public_id: str) -> Member | None:
    """Return an active member by the public id."""
    return db.session.scalar(
        sa.select(Member).where(Member.public_id == public_id, Member.state == MemberState.ACTIVE)
    )


def member_of_account(account_id: int) -> Member | None:
    """Return the account's member, in any state."""
    return db.session.scalar(sa.select(Member).where(Member.account_id == account_id))


def members_of_household(household_id: int) -> Sequence[Member]:
    """Return the active members of a household, the longest in the club first."""
    return db.session.scalars(
        sa.select(Member)
        .where(Member.household_id == household_id, Member.state == MemberState.ACTIVE)
        .order_by(Member.joined_on, Member.id)
        .limit(PEOPLE_MAX)
    ).all()


def persons_of_household(household_id: int) -> Sequence[Person]:
    """Return the persons of a household who have no account."""
    return db.session.scalars(
        sa.select(Person)
        .where(Person.household_id == household_id)
        .order_by(Person.id)
        .limit(PEOPLE_MAX)
    ).all()


def find_person(household_id: int, public_id: str) -> Person | None:
    """Return a person of this household by the public id."""
    return db.session.scalar(
        sa.select(Person).where(Person.public_id == public_id, Person.household_id == household_id)
    )


def phone_views(member: Member) -> list[PhoneView]:
    """Return who of the staff saw the member's full number, the last first."""
    rows = db.session.execute(
        sa.select(Account.display_name, AuditEntry.created_at, AuditEntry.reason)
        .outerjoin(Account, Account.id == AuditEntry.actor_id)
        .where(
            AuditEntry.subject_kind == "member",
            AuditEntry.subject_key == member.public_id,
            AuditEntry.action == PHONE_SHOWN,
        )
        .order_by(AuditEntry.created_at.desc(), AuditEntry.id.desc())
        .limit(VIEWS_SHOWN)
    )
    return [PhoneView(by=name or "", at=at, reason=reason or "") for name, at, reason in rows]
