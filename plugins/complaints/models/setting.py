"""What a project sets up: categories, days of its own, texts that answers begin with."""

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Identified, UtcDateTime, db, foreign_key, now

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Category(Identified, db.Model):
    """What a complaint is about; `resolution_hours` are business hours. A tree of two floors."""

    __tablename__ = "complaints_category"
    __table_args__ = (
        sa.CheckConstraint("resolution_hours BETWEEN 1 AND 2000", name="hours"),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name="no_own_parent"),
        sa.UniqueConstraint("project_id", "key", name="uq_complaints_category_key"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    parent_id: Mapped[int | None] = foreign_key("complaints_category.id")
    key: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    resolution_hours: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)
    # Who of the staff gets new cases of it; nobody in particular without.
    handler_id: Mapped[int | None] = mapped_column(BIG)
    handler: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")
    active: Mapped[bool] = mapped_column(default=True)


class DayRule(Identified, db.Model):
    """A day that is otherwise than the national calendar says: a city's own holiday or workday."""

    __tablename__ = "complaints_day"
    __table_args__ = (sa.UniqueConstraint("project_id", "day", name="uq_complaints_day_day"),)

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    day: Mapped[date]
    working: Mapped[bool]
    note: Mapped[str] = mapped_column(sa.String(60))
    by: Mapped[int | None] = mapped_column(BIG)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Canned(Identified, db.Model):
    """A text that staff begin an answer with, for a step."""

    __tablename__ = "complaints_canned"
    __table_args__ = (
        sa.CheckConstraint("step IN ('reply', 'ask', 'propose')", name="step_known"),
        sa.UniqueConstraint("project_id", "title", name="uq_complaints_canned_title"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    step: Mapped[str] = mapped_column(sa.String(20))
    title: Mapped[str] = mapped_column(sa.String(60))
    body: Mapped[str] = mapped_column(sa.Text)
