"""What waits for a second person."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Account
from portal.columns import (
    BIG,
    Identified,
    UtcDateTime,
    foreign_key,
    one_of,
)
from portal.extensions import db
from portal.members.models import Member
from portal.points.kinds import (
    ProposalState,
)
from portal.points.models.base import index_where


class Proposal(Identified, db.Model):
    """An adjustment by hand that a second person decides on; nothing is posted until then.

    `fact`: what a member did, for which the rules give that much; NULL: plain points.
    """

    __tablename__ = "points_proposal"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('award', 'deduct')", name="kind_known"),
        one_of("state", ProposalState),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("decided_by_id <> made_by_id", name="second_person"),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by_id IS NULL)", name="decided_by_somebody"
        ),
        sa.CheckConstraint("(state = 'approved') = (posting_id IS NOT NULL)", name="posted"),
        index_where(
            "ix_points_proposal_open", "project_id", "created_at", where="state = 'proposed'"
        ),
    )

    member_id: Mapped[int] = foreign_key("member.id")
    project_id: Mapped[int] = foreign_key("project.id")
    kind: Mapped[str] = mapped_column(sa.String(10))
    amount: Mapped[int] = mapped_column(BIG)
    reason: Mapped[str] = mapped_column(sa.String(500))
    state: Mapped[str] = mapped_column(sa.String(10), default=ProposalState.PROPOSED)
    made_by_id: Mapped[int] = foreign_key("account.id")
    decided_by_id: Mapped[int | None] = foreign_key("account.id")
    decision_note: Mapped[str] = mapped_column(sa.String(500), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posting_id: Mapped[int | None] = foreign_key("points_transaction.id")
    fact: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))

    made_by: Mapped[Account] = relationship(foreign_keys=[made_by_id], lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise")
