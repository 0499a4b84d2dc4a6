"""Who follows a complaint of somebody else's."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from portal.sdk import Identified, db, foreign_key


class Follow(Identified, db.Model):
    """A member who hears of every answer to a complaint; once for each."""

    __tablename__ = "complaints_follow"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "member_id", name="uq_complaints_follow_member"),
    )

    case_id: Mapped[int] = foreign_key("complaints_case.id", index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    member_id: Mapped[int] = foreign_key("member.id")
