"""Other owners of a lead, and the percent of the owners' rewards that is theirs."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from portal.sdk import Identified, db, foreign_key


class Partner(Identified, db.Model):
    """An owner beside the one of the lead, who has what the others leave: always something, which
    a trigger sees to."""

    __tablename__ = "referrals_partner"
    __table_args__ = (
        sa.UniqueConstraint("lead_id", "referrer_id", name="uq_referrals_partner_owner"),
        sa.UniqueConstraint("lead_id", "place", name="uq_referrals_partner_place"),
        sa.CheckConstraint("share BETWEEN 1 AND 99", name="share_bounds"),
    )

    project_id: Mapped[int] = foreign_key("project.id")
    lead_id: Mapped[int] = foreign_key("referrals_lead.id", index=False)
    referrer_id: Mapped[int] = foreign_key("referrals_referrer.id")
    place: Mapped[int]
    share: Mapped[int]
