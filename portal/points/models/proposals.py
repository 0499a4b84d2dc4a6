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
    unique_where,
)
from portal.extensions import db
from portal.members.models import Member
from portal.points.kinds import (
    ProposalState,
)
from portal.points.models.base import index_where
from portal.points.models.postings import Transaction


class Proposal(Identified, db.Model):
    """An adjustment by hand that a second person decides on; nothing is posted until then.

    `kind`: whether it gives or takes. `fact`: what a member did, for which the rules give that
    much; `reverses_id`: the posting of which that much is taken back; both NULL: plain points.
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
        sa.CheckConstraint("reverses_id IS NULL OR fact IS NULL", name="one_deed"),
        index_where(
            "ix_points_proposal_open", "project_id", "created_at", where="state = 'proposed'"
        ),
        index_where(
            "ix_points_proposal_reverses_id", "reverses_id", where="reverses_id IS NOT NULL"
        ),
        unique_where(
            "uq_points_proposal_reverses_id",
            "reverses_id",
            where="state = 'proposed' AND reverses_id IS NOT NULL",
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
    reverses_id: Mapped[int | None] = foreign_key("points_transaction.id", index=False)

    made_by: Mapped[Account] = relationship(foreign_keys=[made_by_id], lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise")
    reverses: Mapped[Transaction | None] = relationship(foreign_keys=[reverses_id], lazy="raise")
