"""Joining the club, correcting a member, moving between households, and the people at home."""

import secrets
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.club.queries import current_club
from portal.extensions import db
from portal.members.models import Household, HouseholdStay, Member, Salutation

CARD_TRIES = 20


class MemberError(Exception):
    """The act is not possible; the text is a code: already_member, same_household."""


def join(
    *,
    account: Account,
    name: str,
    salutation: str = Salutation.NONE,
    joined_on: date | None = None,
    actor: Account | None = None,
) -> Member:
    """Make `account` a member with a household of its own and a card number of 8 digits.

    `joined_on`: default today in the club's time zone. `actor`: default the account itself.
    Raises MemberError("already_member").
    """
    joined_on = joined_on or clock.business_date(current_club().time_zone)
    household = Household()
    db.session.add(household)
    db.session.flush()
    member = _insert_member(
        account=account, household=household, name=name, salutation=salutation, joined_on=joined_on
    )
    db.session.add(HouseholdStay(member_id=member.id, household_id=household.id, since=joined_on))
    record(
        actor=actor or account,
        action="member.joined",
        subject=("member", member.public_id),
        project_id=None,
    )
    return member


def move_to_household(
    *, actor: Account | None, member: Member, household: Household, reason: str, on: date
) -> None:
    """End the member's stay and begin one in `household` on `on`; `reason` is a code.

    Raises MemberError("same_household").
    """
    if member.household_id == household.id:
        raise MemberError("same_household")
    stay = db.session.scalar(
        sa.select(HouseholdStay)
        .where(HouseholdStay.member_id == member.id, HouseholdStay.until.is_(None))
        .with_for_update()
    )
    if stay is not None:
        stay.until = max(on, stay.since)
        stay.end_reason = reason
        # The one open stay of a member is held by a unique index: close before opening.
        db.session.flush()
    left = member.household_id
    member.household_id = household.id
    db.session.add(HouseholdStay(member_id=member.id, household_id=household.id, since=on))
    record(
        actor=actor,
        action="member.moved",
        subject=("member", member.public_id),
        project_id=None,
        facts={"from": left, "to": household.id, "reason": reason},
    )


def _insert_member(
    *, account: Account, household: Household, name: str, salutation: str, joined_on: date
) -> Member:
    """Insert the member under a free card number; the number says nothing about when."""
    for _ in range(CARD_TRIES):
        member = Member(
            account_id=account.id,
            household_id=household.id,
            name=name,
            salutation=salutation,
            joined_on=joined_on,
            card_number=str(secrets.randbelow(90_000_000) + 10_000_000),
        )
        try:
            with db.session.begin_nested():
                db.session.add(member)
        except IntegrityError as error:
            if db.session.scalar(sa.select(Member.id).where(Member.account_id == account.id)):
                raise MemberError("already_member") from error
            continue
        return member
    raise RuntimeError("no free card number was found")
