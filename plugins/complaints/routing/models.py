"""Who stands in for a colleague who is away."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Identified, db, foreign_key

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class StandIn(Identified, db.Model):
    """From one day to another, both included, new complaints of one colleague go to another."""

    __tablename__ = "complaints_stand_in"
    __table_args__ = (
        sa.CheckConstraint("absent_id <> taker_id", name="two"),
        sa.CheckConstraint("until >= since", name="days"),
        sa.UniqueConstraint("project_id", "absent_id", name="uq_complaints_stand_in_absent"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    absent_id: Mapped[int] = mapped_column(BIG)
    absent: Mapped[str] = mapped_column(sa.String(80))
    taker_id: Mapped[int] = mapped_column(BIG)
    taker: Mapped[str] = mapped_column(sa.String(80))
    since: Mapped[date]
    until: Mapped[date]
