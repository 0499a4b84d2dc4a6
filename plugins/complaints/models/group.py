"""Promises with a day, and what the group's leaders have read."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.complaints.states import PromiseState
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of

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
