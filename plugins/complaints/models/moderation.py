"""What moderators look at, who reported it, what they did: every act is read and appealed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.complaints.states import ActKind, AppealState, ReviewState
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of, unique_where

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OWN_CASE = "complaints_case.id"
_OWN_POST = "complaints_post.id"


class Review(Identified, db.Model):
    """Something that a moderator has to look at: a complaint, or a post in its thread.

    `reasons`: how often each was given; `due_at`: it releases itself then, or rises to the group.
    """

    __tablename__ = "complaints_review"
    __table_args__ = (
        one_of("state", ReviewState),
        sa.CheckConstraint("reports >= 0", name="reports"),
        unique_where(
            "uq_complaints_review_post", "post_id", where="state = 'open' AND post_id IS NOT NULL"
        ),
        unique_where(
            "uq_complaints_review_case", "case_id", where="state = 'open' AND post_id IS NULL"
        ),
        sa.Index("ix_complaints_review_queue", "project_id", "state", "due_at", "id"),
        sa.Index("ix_complaints_review_due", "state", "raised", "due_at"),
    )

    case_id: Mapped[int] = foreign_key(_OWN_CASE)
    post_id: Mapped[int | None] = foreign_key(_OWN_POST)
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    state: Mapped[str] = mapped_column(sa.String(10), default=ReviewState.OPEN)
    reasons: Mapped[Mapping[str, int]] = mapped_column(sa.JSON)
    reports: Mapped[int] = mapped_column(default=0)
    # Neighbours do not see it meanwhile.
    held: Mapped[bool] = mapped_column(default=False)
    # Only the group decides.
    raised: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(sa.String(80), default="")


class Report(Identified, db.Model):
    """A household's word that something should be looked at: counted once."""

    __tablename__ = "complaints_report"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "household_id", name="uq_complaints_report_household"),
    )

    review_id: Mapped[int] = foreign_key("complaints_review.id", index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    household_id: Mapped[int] = foreign_key("household.id")
    member_id: Mapped[int] = foreign_key("member.id")
    reason: Mapped[str] = mapped_column(sa.String(20))
    body: Mapped[str] = mapped_column(sa.Text, default="")


class Act(Identified, db.Model):
    """What a moderator did, to what or to whom, and why; `member_id` may appeal to the group once.

    `public`: neighbours read it; of a private complaint they do not. `until`: when a sanction ends.
    """

    __tablename__ = "complaints_act"
    __table_args__ = (
        one_of("kind", ActKind),
        one_of("appeal", AppealState),
        sa.Index("ix_complaints_act_list", "project_id", "public", "created_at", "id"),
        sa.Index("ix_complaints_act_appeals", "project_id", "appeal", "appealed_at"),
        sa.Index("ix_complaints_act_member", "member_id", "project_id", "kind"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    case_id: Mapped[int | None] = foreign_key(_OWN_CASE)
    post_id: Mapped[int | None] = foreign_key(_OWN_POST)
    member_id: Mapped[int | None] = foreign_key("member.id", index=False)
    kind: Mapped[str] = mapped_column(sa.String(10))
    reason: Mapped[str] = mapped_column(sa.String(20))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    public: Mapped[bool] = mapped_column(default=True)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    account_id: Mapped[int | None] = mapped_column(BIG)
    by: Mapped[str] = mapped_column(sa.String(80), default="")
    appeal: Mapped[str] = mapped_column(sa.String(12), default=AppealState.NONE)
    appealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appeal_body: Mapped[str] = mapped_column(sa.Text, default="")
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    answered_by: Mapped[str] = mapped_column(sa.String(80), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def told(self) -> Mapping[str, Any]:
        """What stands in place of something hidden."""
        return {
            "act": self.public_id,
            "reason": self.reason,
            "by": self.by,
            "at": self.created_at.isoformat(),
        }
