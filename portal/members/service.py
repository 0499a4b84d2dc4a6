"""Joining the club, correcting a member, moving between households, and the people at home."""

import re
import secrets
from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.accounts.service import accept_legal_texts, create_account
from portal.audit.service import record
from portal.club.queries import current_club
from portal.extensions import db
from portal.members.models import (
    Household,
    HouseholdStay,
    Member,
    Person,
    PersonRelation,
    Salutation,
)
from portal.outbox.service import emit

CARD_TRIES = 20
CHILD_UNDER = 14
"""Below this age a guardian must consent to what is kept of a child."""
PERSONS_MAX = 12
BIRTH_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")


class MemberError(Exception):
    """The act is not possible; the text is a code: already_member, same_household,
    too_many_persons, consent_missing, birth_month_missing."""


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
    emit(kind="member.joined", project_id=None, subject=("member", member.public_id))
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
    left = db.session.get_one(Household, member.household_id)
    member.household_id = household.id
    db.session.add(HouseholdStay(member_id=member.id, household_id=household.id, since=on))
    record(
        actor=actor,
        action="member.moved",
        subject=("member", member.public_id),
        project_id=None,
        facts={"from": left.id, "to": household.id, "reason": reason},
    )
    emit(
        kind="member.moved",
        project_id=None,
        subject=("member", member.public_id),
        data={"left": left.public_id, "household": household.public_id},
    )


def register(
    *,
    phone: str,
    name: str,
    salutation: str = Salutation.NONE,
    legal_text_ids: Collection[int] = (),
    actor: Account | None = None,
) -> Member:
    """Make account and member of a person with a phone (E.164) that nobody has yet.

    Raises AccountExistsError.
    """
    account = create_account(phone=phone, display_name=name)
    accept_legal_texts(account=account, legal_text_ids=set(legal_text_ids))
    return join(account=account, name=name, salutation=salutation, actor=actor)


def change_profile(
    *,
    actor: Account,
    member: Member,
    name: str,
    salutation: str,
    birth_month: int | None,
    project_id: int | None = None,
    reason: str | None = None,
) -> bool:
    """Set how a member is called and when they were born (month 1 to 12); tell if that is new."""
    values = {"name": name, "salutation": salutation, "birth_month": birth_month}
    changed = [field for field, value in values.items() if getattr(member, field) != value]
    if not changed:
        return False
    account = db.session.get_one(Account, member.account_id)
    if account.display_name == member.name:
        account.display_name = name
    for field in changed:
        setattr(member, field, values[field])
    record(
        actor=actor,
        action="member.corrected",
        subject=("member", member.public_id),
        project_id=project_id,
        facts={"fields": changed},
        reason=reason,
    )
    emit(
        kind="member.changed",
        project_id=None,
        subject=("member", member.public_id),
        data={"fields": changed},
    )
    return True


def needs_guardian(birth_month: str, today: date) -> bool:
    """Tell whether someone born in `birth_month` ("2018-04") may be under 14 on `today`."""
    year, month = map(int, birth_month.split("-"))
    # The day is not kept: the whole month of the 14th birthday counts as under 14.
    return (today.year - year) * 12 + today.month - month <= CHILD_UNDER * 12


def add_person(
    *,
    actor: Member,
    name: str,
    relation: str,
    birth_month: str | None,
    guardian_consents: bool,
    today: date,
) -> Person:
    """Add someone without an account to the actor's household.

    `birth_month`: "2018-04". Raises MemberError("too_many_persons"), ("consent_missing") for a
    child under 14 without a guardian's consent, ("birth_month_missing") for a child without month.
    """
    _check_child(relation, birth_month, today, guardian_consents=guardian_consents)
    # Two of a household may add at once: the household's row lets one in after the other.
    db.session.execute(
        sa.select(Household.id).where(Household.id == actor.household_id).with_for_update()
    )
    present = db.session.scalar(
        sa.select(sa.func.count()).where(Person.household_id == actor.household_id)
    )
    if (present or 0) >= PERSONS_MAX:
        raise MemberError("too_many_persons")
    person = Person(
        household_id=actor.household_id, name=name, relation=relation, birth_month=birth_month
    )
    _set_guardian(person, actor, today)
    db.session.add(person)
    db.session.flush()
    _record_person("person.added", actor, person, guardian_consents=guardian_consents)
    return person


def change_person(
    *,
    actor: Member,
    person: Person,
    name: str,
    relation: str,
    birth_month: str | None,
    guardian_consents: bool,
    today: date,
) -> None:
    """Change a person of the actor's household. Raises MemberError as `add_person` does."""
    _check_child(relation, birth_month, today, guardian_consents=guardian_consents)
    person.name, person.relation, person.birth_month = name, relation, birth_month
    _set_guardian(person, actor, today)
    _record_person("person.changed", actor, person, guardian_consents=guardian_consents)


def remove_person(*, actor: Member, person: Person) -> None:
    """Erase a person from the actor's household."""
    _record_person("person.removed", actor, person, guardian_consents=False)
    db.session.delete(person)


def _check_child(
    relation: str, birth_month: str | None, today: date, *, guardian_consents: bool
) -> None:
    if relation == PersonRelation.CHILD and not birth_month:
        raise MemberError("birth_month_missing")
    if birth_month and needs_guardian(birth_month, today) and not guardian_consents:
        raise MemberError("consent_missing")


def _set_guardian(person: Person, actor: Member, today: date) -> None:
    child = person.relation == PersonRelation.CHILD
    if child or (person.birth_month and needs_guardian(person.birth_month, today)):
        person.guardian_id = person.guardian_id or actor.id
    else:
        person.guardian_id = None


def _record_person(action: str, actor: Member, person: Person, *, guardian_consents: bool) -> None:
    account = db.session.get_one(Account, actor.account_id)
    record(
        actor=account,
        action=action,
        subject=("person", person.public_id),
        project_id=None,
        facts={"relation": person.relation, "guardian_consents": guardian_consents},
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
            if not db.session.scalar(
                sa.select(Member.id).where(Member.card_number == member.card_number)
            ):
                raise
            continue
        return member
    raise RuntimeError("no free card number was found")
