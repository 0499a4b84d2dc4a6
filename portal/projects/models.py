"""Projects, their buildings and homes, and who owns which home since when."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.columns import (
    Identified,
    UtcDateTime,
    created_at,
    foreign_key,
    one_of,
    primary_key,
    texts,
    unique_where,
)
from portal.extensions import db
from portal.members.models import Member
from portal.projects.addresses import part_key, place_key


class Role(StrEnum):
    """What a member is to a home."""

    OWNER = "owner"
    CO_OWNER = "co_owner"
    SPOUSE = "spouse"
    TENANT = "tenant"


class EndReason(StrEnum):
    """Why an ownership ended."""

    SALE = "sale"
    DEATH = "death"
    DIVORCE = "divorce"
    MISTAKE = "mistake"
    MOVED_OUT = "moved_out"
    LEFT_CLUB = "left_club"


class Project(Identified, db.Model):
    """A housing development."""

    __tablename__ = "project"

    slug: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[texts]
    welcome: Mapped[texts]
    city: Mapped[texts]
    opened_on: Mapped[date | None]
    time_zone: Mapped[str] = mapped_column(sa.String(40), default="Asia/Shanghai")
    contact_phone: Mapped[str | None] = mapped_column(sa.String(40))


def _building_key(context: Any) -> str:
    return part_key(context.get_current_parameters()["name"])


def _place_key(context: Any) -> str:
    values = context.get_current_parameters()
    return place_key(values.get("entrance") or "", values["number"])


class Building(db.Model):
    """A building of a project, by the name that people use: "2 栋"; `key` is its one form."""

    __tablename__ = "building"
    __table_args__ = (sa.UniqueConstraint("project_id", "key"),)

    id: Mapped[primary_key]
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    name: Mapped[str] = mapped_column(sa.String(40))
    key: Mapped[str] = mapped_column(sa.String(120), default=_building_key)


class Unit(Identified, db.Model):
    """A home. It counts for one household: that of its first verified owner."""

    __tablename__ = "unit"
    __table_args__ = (
        sa.UniqueConstraint("building_id", "place"),
        sa.CheckConstraint("length(number) > 0", name="number_given"),
        sa.CheckConstraint("area > 0", name="area_positive"),
    )

    project_id: Mapped[int] = foreign_key("project.id")
    building_id: Mapped[int] = foreign_key("building.id", index=False)
    entrance: Mapped[str] = mapped_column(sa.String(20), default="")
    number: Mapped[str] = mapped_column(sa.String(20))
    place: Mapped[str] = mapped_column(sa.String(130), default=_place_key)
    """The one form of entrance and number; homes sort by it as people count."""
    area: Mapped[int | None]
    """Floor area in hundredths of a square metre."""
    handover_on: Mapped[date | None]
    household_id: Mapped[int | None] = foreign_key("household.id")

    building: Mapped[Building] = relationship(lazy="raise")
    project: Mapped[Project] = relationship(lazy="raise")


class Ownership(Identified, db.Model):
    """A member and a home, in a role, between dates. Rows end; they are not deleted."""

    __tablename__ = "ownership"
    __table_args__ = (
        one_of("role", Role),
        one_of("end_reason", EndReason),
        sa.CheckConstraint("until IS NULL OR until >= since", name="dates_in_order"),
        sa.CheckConstraint("(until IS NULL) = (end_reason IS NULL)", name="end_has_reason"),
        unique_where("uq_ownership_member_now", "unit_id", "member_id", where="until IS NULL"),
        unique_where("uq_ownership_owner_now", "unit_id", where="until IS NULL AND role = 'owner'"),
    )

    unit_id: Mapped[int] = foreign_key("unit.id")
    member_id: Mapped[int] = foreign_key("member.id")
    project_id: Mapped[int] = foreign_key("project.id")
    role: Mapped[str] = mapped_column(sa.String(20))
    since: Mapped[date]
    until: Mapped[date | None]
    end_reason: Mapped[str | None] = mapped_column(sa.String(20))

    unit: Mapped[Unit] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise")


class ProjectInterest(db.Model):
    """A member follows a project without owning there yet."""

    __tablename__ = "project_interest"
    __table_args__ = (sa.UniqueConstraint("member_id", "project_id"),)

    id: Mapped[primary_key]
    member_id: Mapped[int] = foreign_key("member.id", index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    created_at: Mapped[created_at]


class Invitation(Identified, db.Model):
    """An owner's invitation of a co-owner, spouse or tenant into a home: a link, used once."""

    __tablename__ = "invitation"
    __table_args__ = (
        one_of("role", Role),
        sa.CheckConstraint("role <> 'owner'", name="not_owner"),
    )

    unit_id: Mapped[int] = foreign_key("unit.id")
    project_id: Mapped[int] = foreign_key("project.id")
    role: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[str] = mapped_column(sa.String(80))
    phone_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    invited_by_id: Mapped[int] = foreign_key("member.id")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_by_id: Mapped[int | None] = foreign_key("member.id")
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    unit: Mapped[Unit] = relationship(lazy="raise")
    invited_by: Mapped[Member] = relationship(lazy="raise", foreign_keys=[invited_by_id])
