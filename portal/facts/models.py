"""Every fact that rules and tiers read. Rows are added; they are never changed nor deleted."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import BIG, Identified, UtcDateTime, created_at, foreign_key
from portal.extensions import db

SOURCE_LENGTH, KEY_LENGTH, SUBJECT_LENGTH = 40, 60, 80


class Fact(Identified, db.Model):
    """Something that happened: which kind (`source`), which one (`key`), on which day, to whom.

    `business_date` is the day of the event, `created_at` when it was heard of. `subject` names the
    thing that it is about ("contract:…"): what is withdrawn, is withdrawn by its subject.
    `amount`: fen. `facts`: ids, codes and figures, no names. `seen`: what rules knew of the member
    when it was recorded, so that a replay comes to the same.
    """

    __tablename__ = "points_event"
    __table_args__ = (
        sa.UniqueConstraint("source", "key"),
        sa.CheckConstraint("length(source) > 0 AND length(key) > 0", name="named"),
        sa.CheckConstraint("member_id IS NULL OR household_id IS NOT NULL", name="at_home"),
        sa.Index("ix_points_event_member_id", "member_id", "source", "business_date"),
        sa.Index("ix_points_event_household_id", "household_id", "source", "business_date"),
        sa.Index("ix_points_event_source", "source", "business_date", "member_id"),
        sa.Index("ix_points_event_subject", "subject"),
        sa.Index("ix_points_event_created_at", "created_at", "id"),
    )

    source: Mapped[str] = mapped_column(sa.String(SOURCE_LENGTH))
    key: Mapped[str] = mapped_column(sa.String(KEY_LENGTH))
    subject: Mapped[str | None] = mapped_column(
        sa.String(SUBJECT_LENGTH), sa.ForeignKey("points_subject.subject", ondelete="RESTRICT")
    )
    business_date: Mapped[date]
    member_id: Mapped[int | None] = foreign_key("member.id", index=False)
    household_id: Mapped[int | None] = foreign_key("household.id", index=False)
    unit_id: Mapped[int | None] = foreign_key("unit.id")
    project_id: Mapped[int | None] = foreign_key("project.id")
    category: Mapped[str] = mapped_column(sa.String(40), default="")
    amount: Mapped[int | None] = mapped_column(BIG)
    facts: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON, default=dict)
    seen: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON, default=dict)


class Subject(db.Model):
    """A thing that facts are about and that may be withdrawn, once: a cancelled contract.

    Recording a fact locks the row of its subject, and so does withdrawing it: whichever comes
    second sees the other.
    """

    __tablename__ = "points_subject"

    subject: Mapped[str] = mapped_column(sa.String(SUBJECT_LENGTH), primary_key=True)
    withdrawn_on: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    created_at: Mapped[created_at]
