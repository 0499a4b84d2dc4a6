"""Members of the club and the households they live in."""

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Account
from portal.columns import Identified, foreign_key, name_text, one_of, primary_key, unique_where
from portal.extensions import db


class Salutation(StrEnum):
    """How a member is addressed."""

    NONE = "none"
    MS = "ms"
    MR = "mr"


class MemberState(StrEnum):
    """Whether a member takes part."""

    ACTIVE = "active"
    LEFT = "left"


class PersonRelation(StrEnum):
    """What a person without an account is to the household."""

    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"


class Household(Identified, db.Model):
    """The people behind one or more homes; what limits, votes and answers count."""

    __tablename__ = "household"


class Member(Identified, db.Model):
    """A person in the club, club-wide, in exactly one household at a time."""

    __tablename__ = "member"
    __table_args__ = (
        one_of("salutation", Salutation),
        one_of("state", MemberState),
        sa.CheckConstraint("length(name) > 0", name="name_given"),
        sa.CheckConstraint("birth_month BETWEEN 1 AND 12", name="birth_month_valid"),
    )

    account_id: Mapped[int] = foreign_key("account.id", unique=True, index=False)
    household_id: Mapped[int] = foreign_key("household.id")
    card_number: Mapped[str] = mapped_column(sa.String(12), unique=True)
    name: Mapped[name_text] = mapped_column(index=True)
    salutation: Mapped[str] = mapped_column(sa.String(10), default=Salutation.NONE)
    birth_month: Mapped[int | None]
    state: Mapped[str] = mapped_column(sa.String(20), default=MemberState.ACTIVE)
    joined_on: Mapped[date]

    account: Mapped[Account] = relationship(lazy="raise")
    household: Mapped[Household] = relationship(lazy="raise")


class HouseholdStay(db.Model):
    """The dated rows behind `Member.household_id`: since when and until when, and why it ended."""

    __tablename__ = "household_stay"
    __table_args__ = (
        unique_where("uq_household_stay_member_now", "member_id", where="until IS NULL"),
        sa.CheckConstraint("until IS NULL OR until >= since", name="dates_in_order"),
    )

    id: Mapped[primary_key]
    member_id: Mapped[int] = foreign_key("member.id")
    household_id: Mapped[int] = foreign_key("household.id")
    since: Mapped[date]
    until: Mapped[date | None]
    end_reason: Mapped[str | None] = mapped_column(sa.String(40))


class Person(Identified, db.Model):
    """Someone of a household without an account; of a child under 14 only name, relation and
    birth month are kept, with a guardian's consent."""

    __tablename__ = "person"
    __table_args__ = (
        one_of("relation", PersonRelation),
        sa.CheckConstraint("length(name) > 0", name="name_given"),
        sa.CheckConstraint(
            "birth_month IS NULL OR length(birth_month) = 7", name="birth_month_form"
        ),
        sa.CheckConstraint(
            "relation <> 'child' OR (birth_month IS NOT NULL AND guardian_id IS NOT NULL)",
            name="child_has_guardian",
        ),
    )

    household_id: Mapped[int] = foreign_key("household.id")
    name: Mapped[name_text]
    relation: Mapped[str] = mapped_column(sa.String(20))
    birth_month: Mapped[str | None] = mapped_column(sa.String(7))
    guardian_id: Mapped[int | None] = foreign_key("member.id")
