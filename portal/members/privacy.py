"""What is kept of a member and the people at home."""

import secrets

import sqlalchemy as sa

from portal import clock
from portal.audit.privacy import blank_reasons_about
from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import DEFAULT_LANGUAGE, lazy
from portal.members.models import HouseholdStay, Member, MemberState, Person, Salutation
from portal.personal_data import Coverage, ErasureNote, ExportPart

FORMER = {"zh_Hans_CN": "已注销会员", "zh_Hant": "已註銷會員", "en": "Former member"}
"""What stands where a name stood; a stored value, so in the club's main language."""
LEFT = "left_club"
TABLES = {
    "member": Coverage(),
    "household": Coverage(erased=False, why="an id without a name; others may live in it"),
    "household_stay": Coverage(
        erased=False, why="ids and dates, by which limits and votes were counted"
    ),
    "person": Coverage(),
}


def former_name() -> str:
    """Return what stands for an erased name, in the club's main language."""
    return FORMER.get(current_club().default_language, FORMER[DEFAULT_LANGUAGE])


def export_member_data(member: Member) -> list[ExportPart]:
    """Return the profile, the households lived in, and the persons of the present one."""
    profile = {
        "name": lazy("Full name"),
        "salutation": lazy("Salutation"),
        "birth_month": lazy("Month of birth"),
        "card_number": lazy("Card number"),
        "joined_on": lazy("Joined"),
    }
    stays = db.session.scalars(
        sa.select(HouseholdStay)
        .where(HouseholdStay.member_id == member.id)
        .order_by(HouseholdStay.since, HouseholdStay.id)
    )
    return [
        ExportPart(
            "profile",
            lazy("Profile"),
            profile,
            [{key: getattr(member, key) for key in profile}],
            words={"salutation": "salutation"},
        ),
        ExportPart(
            "household_stays",
            lazy("Households"),
            {"since": lazy("Since"), "until": lazy("Until")},
            [{"since": row.since, "until": row.until} for row in stays],
        ),
        ExportPart(
            "persons",
            lazy("Family members without an account"),
            {
                "name": lazy("Full name"),
                "relation": lazy("Relation"),
                "birth_month": lazy("Month of birth"),
                "guardian": lazy("You consented as guardian"),
            },
            [
                {
                    "name": person.name,
                    "relation": person.relation,
                    "birth_month": person.birth_month,
                    "guardian": person.guardian_id == member.id,
                }
                for person in _persons(member)
            ],
            words={"relation": "relation"},
        ),
    ]


def erase_member_data(member: Member) -> None:
    """Take name and month of birth off the member, and erase the persons who leave, too."""
    leaving = _leaving(member)
    subjects = [("member", member.public_id), *(("person", each.public_id) for each in leaving)]
    blank_reasons_about(subjects=subjects)
    for person in leaving:
        db.session.delete(person)
    stay = db.session.scalar(
        sa.select(HouseholdStay).where(
            HouseholdStay.member_id == member.id, HouseholdStay.until.is_(None)
        )
    )
    if stay is not None:
        today = clock.business_date(current_club().time_zone)
        stay.until, stay.end_reason = max(today, stay.since), LEFT
    member.name = former_name()
    member.salutation = Salutation.NONE
    member.birth_month = None
    # Twelve characters that no card has.
    member.card_number = "-" + secrets.token_hex(6)[:11]
    member.state = MemberState.LEFT


def erasure_notes(member: Member) -> list[ErasureNote]:
    """Return what goes of the member and the household, and what stays."""
    notes = [ErasureNote(lazy("Your profile and card number"))]
    leaving = _leaving(member)
    if leaving:
        names = "、".join(person.name for person in leaving)
        notes.append(
            ErasureNote(lazy("The people at home whom only you stand for: %(names)s", names=names))
        )
    others = _others(member)
    if others:
        notes.append(
            ErasureNote(
                lazy("The household of the others"),
                kept=lazy("It stays as it is for the people who live in it."),
            )
        )
    return notes


def _others(member: Member) -> bool:
    return bool(
        db.session.scalar(
            sa.select(Member.id)
            .where(
                Member.household_id == member.household_id,
                Member.id != member.id,
                Member.state == MemberState.ACTIVE,
            )
            .limit(1)
        )
    )


def _persons(member: Member) -> list[Person]:
    statement = sa.select(Person).where(
        sa.or_(Person.household_id == member.household_id, Person.guardian_id == member.id)
    )
    return list(db.session.scalars(statement.order_by(Person.id)))


def _leaving(member: Member) -> list[Person]:
    """Return the persons who go along: the children of this guardian; all, if nobody stays."""
    if not _others(member):
        return _persons(member)
    return [person for person in _persons(member) if person.guardian_id == member.id]
