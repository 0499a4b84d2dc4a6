"""Promises with a day, what the group's leaders have read, and bursts."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.complaints.states import PromiseState, Stage
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of, unique_where

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OWN_CASE = "complaints_case.id"


class Promise(Identified, db.Model):
    """What the staff said would be done by a day; it is broken when that day is over."""

    __tablename__ = "complaints_promise"
    __table_args__ = (
        one_of("state", PromiseState),
        sa.Index("ix_complaints_promise_due", "state", "due_on"),
        sa.Index("ix_complaints_promise_project", "project_id", "state"),
    )

    case_id: Mapped[int] = foreign_key(_OWN_CASE)
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    body: Mapped[str] = mapped_column(sa.String(200))
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(sa.String(10), default=PromiseState.OPEN)
    account_id: Mapped[int | None] = mapped_column(BIG)
    by: Mapped[str] = mapped_column(sa.String(80), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReadMark(Identified, db.Model):
    """Up to which step of a case somebody of the group has read it."""

    __tablename__ = "complaints_read"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "case_id", name="uq_complaints_read_account"),
    )

    account_id: Mapped[int] = mapped_column(BIG)
    case_id: Mapped[int] = foreign_key(_OWN_CASE)
    project_id: Mapped[int] = foreign_key("project.id")
    version: Mapped[int]
    by: Mapped[str] = mapped_column(sa.String(80), default="")
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Burst(Identified, db.Model):
    """A trouble of many households at once; "" in `building` or `contractor` stands for all.

    It only goes on: watch, alert, plan, stood down; a part may be left out, none comes again.
    """

    __tablename__ = "complaints_burst"
    __table_args__ = (
        one_of("stage", Stage),
        sa.CheckConstraint("households >= 0 AND chance BETWEEN 0 AND 1", name="reading"),
        sa.CheckConstraint("(stage = 'stood_down') = (ended_at IS NOT NULL)", name="ended"),
        unique_where(
            "uq_complaints_burst_cell",
            "project_id",
            "category_id",
            "building",
            "contractor",
            where="stage <> 'stood_down'",
        ),
        sa.Index("ix_complaints_burst_project", "project_id", "stage", "created_at"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    category_id: Mapped[int] = foreign_key("complaints_category.id")
    building: Mapped[str] = mapped_column(sa.String(40), default="")
    contractor: Mapped[str] = mapped_column(sa.String(60), default="")
    stage: Mapped[str] = mapped_column(sa.String(12))
    # The newest reading, and the day since which the numbers have been usual again.
    households: Mapped[int]
    expected: Mapped[float] = mapped_column(sa.Float)
    chance: Mapped[float] = mapped_column(sa.Float)
    calm_since: Mapped[date | None]
    plan: Mapped[str] = mapped_column(sa.Text, default="")
    account_id: Mapped[int | None] = mapped_column(BIG)
    by: Mapped[str] = mapped_column(sa.String(80), default="")
    planned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def cell(self) -> tuple[int, str, str]:
        """What it is about."""
        return (self.category_id, self.building, self.contractor)
